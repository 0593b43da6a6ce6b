package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/fault"
)

func newUsers(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "users",
		Short:   "List, create and delete the people who may log in",
		Example: `  kiroku users create mika --role analyst`,
		Args:    unknownCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return a.listUsers(c, asJSON) },
	}
	a.clientFlags(c)
	c.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	list := &cobra.Command{
		Use:   "list",
		Short: "List the users",
		Args:  args(cobra.NoArgs, "no argument"),
		RunE:  func(c *cobra.Command, _ []string) error { return a.listUsers(c, asJSON) },
	}
	remove := &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a user with all sessions",
		Args:  args(cobra.ExactArgs(1), "the name of the user"),
		RunE: func(c *cobra.Command, names []string) error {
			s, err := a.dial()
			if err != nil {
				return err
			}
			if err := cli.Done(s.DeleteUser(c.Context(), names[0])); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "deleted user %s\n", names[0])
			return err
		},
	}
	c.AddCommand(list, newUserCreate(a, &asJSON), remove)
	return c
}

func (a *app) listUsers(c *cobra.Command, asJSON bool) error {
	s, err := a.dial()
	if err != nil {
		return err
	}
	list, err := cli.Answer[client.UserList](s.ListUsers(c.Context()))
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(a.out, list)
	}
	t := cli.Table{Columns: []cli.Column{{Name: "NAME"}, {Name: "ROLE"}, {Name: "CREATED"}, {Name: "LAST LOGIN"}, {Name: "PASSWORD"}}}
	for _, u := range list.Users {
		password := "set"
		if u.MustChangePassword {
			password = "one-time"
		}
		t.Add(u.Name, string(u.Role), stamp(u.Created), stamp(u.LastLogin), password)
	}
	return t.Print(a.out)
}

func newUserCreate(a *app, asJSON *bool) *cobra.Command {
	var role string
	var grants []string
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a user and print the one-time password; it is shown only now",
		Args:  args(cobra.ExactArgs(1), "the name of the user"),
		RunE: func(c *cobra.Command, names []string) error {
			create := client.UserCreate{Name: names[0], Role: client.Role(role)}
			for _, g := range grants {
				create.Grants = append(create.Grants, client.Permission(g))
			}
			s, err := a.dial()
			if err != nil {
				return err
			}
			u, err := cli.Answer[client.UserCreated](s.CreateUser(c.Context(), create))
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(a.out, u)
			}
			a.explainSecret("one-time password of %s, role %s; it is shown only now and must be changed at the first log-in, in the console or with: kiroku password %s",
				create.Name, create.Role, create.Name)
			_, err = fmt.Fprintln(a.out, u.Password)
			return err
		},
	}
	c.Flags().StringVar(&role, "role", string(client.RoleAnalyst), "admin, analyst or ingest")
	c.Flags().StringSliceVar(&grants, "grant", nil, "permission beside those of the role, for example raw")
	must(c.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"admin", "analyst", "ingest"}, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

func newPassword(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "password [USER]",
		Short: "Change a password",
		Long: `Changes the password of USER (admin when left out); for example the one-time password of the first start. Both passwords
are asked for on the terminal; otherwise they are the first two lines of standard input, the old one first.`,
		Example: `  kiroku password
  printf '%s\n%s\n' "$OLD" "$NEW" | kiroku password admin`,
		Args: args(cobra.MaximumNArgs(1), "at most one user"),
		RunE: func(c *cobra.Command, users []string) error {
			user := "admin"
			if len(users) > 0 {
				user = users[0]
			}
			s, err := a.dial()
			if err != nil {
				return err
			}
			old, fresh, err := a.passwords()
			if err != nil {
				return err
			}
			session, err := cli.Answer[client.Session](s.Login(c.Context(), client.Credentials{User: user, Password: old}))
			if err != nil {
				return err
			}
			own, err := cli.NewServer(s.URL, session.Token)
			if err != nil {
				return err
			}
			if err := cli.Done(own.ChangePassword(c.Context(), client.PasswordChange{Old: old, New: fresh})); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "changed password of %s\n", user)
			return err
		},
	}
	a.clientFlags(c)
	return c
}

// passwords asks for the old and the new password.
func (a *app) passwords() (old, fresh string, err error) {
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		r := bufio.NewReader(io.LimitReader(a.in, 4096))
		if old, err = line(r); err == nil {
			fresh, err = line(r)
		}
		return old, fresh, err
	}
	ask := func(what string) string {
		fmt.Fprint(a.err, what+": ")
		b, e := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(a.err)
		err = errors.Join(err, e)
		return string(b)
	}
	old, fresh = ask("old password"), ask("new password")
	if ask("new password again") != fresh {
		return "", "", fault.New(fault.Invalid, errors.New("the new passwords differ"), "Try again.")
	}
	return old, fresh, err
}

func line(r *bufio.Reader) (string, error) {
	s, err := r.ReadString('\n')
	s = strings.TrimRight(s, "\r\n")
	if s == "" {
		return "", fault.New(fault.Invalid, fmt.Errorf("read passwords: %w", errors.Join(errors.New("a line is missing"), ignoreEOF(err))),
			"Write the old password on the first line and the new one on the second.")
	}
	return s, nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/timespec"
)

func newTokens(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "tokens",
		Short: "List, create and revoke tokens",
		Long: `A token lets a program call the APIs in a role: admin may do everything; analyst reads, queries and exports; ingest puts
records in. Without sub-command the tokens are listed.`,
		Example: `  kiroku tokens create shipper --role ingest --expires 2027-01-01
  kiroku tokens revoke 01hxyz`,
		Args: unknownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return a.listTokens(c, asJSON) },
	}
	a.clientFlags(c)
	c.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	list := &cobra.Command{
		Use:   "list",
		Short: "List the tokens",
		Args:  args(cobra.NoArgs, "no argument"),
		RunE:  func(c *cobra.Command, _ []string) error { return a.listTokens(c, asJSON) },
	}
	revoke := &cobra.Command{
		Use:   "revoke ID",
		Short: "Make a token void",
		Args:  args(cobra.ExactArgs(1), "the id of the token"),
		RunE: func(c *cobra.Command, ids []string) error {
			s, err := a.dial()
			if err != nil {
				return err
			}
			if err := cli.Done(s.RevokeToken(c.Context(), ids[0])); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "revoked token %s\n", ids[0])
			return err
		},
	}
	c.AddCommand(list, newTokenCreate(a, &asJSON), revoke)
	return c
}

func (a *app) listTokens(c *cobra.Command, asJSON bool) error {
	s, err := a.dial()
	if err != nil {
		return err
	}
	list, err := cli.Answer[client.TokenList](s.ListTokens(c.Context()))
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(a.out, list)
	}
	t := cli.Table{Columns: []cli.Column{{Name: "ID"}, {Name: "NAME"}, {Name: "KIND"}, {Name: "ROLE"}, {Name: "STORES"}, {Name: "EXPIRES"}, {Name: "LAST USED"}}}
	for _, tk := range list.Tokens {
		stores := "all"
		if len(tk.Stores) > 0 {
			stores = strings.Join(tk.Stores, ",")
		}
		t.Add(tk.ID, tk.Name, string(tk.Kind), string(tk.Role), stores, stamp(tk.Expires), stamp(tk.LastUsed))
	}
	return t.Print(a.out)
}

func newTokenCreate(a *app, asJSON *bool) *cobra.Command {
	var role, expires string
	var stores, grants []string
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a token and print it; it is shown only now",
		Args:  args(cobra.ExactArgs(1), "a name for the token"),
		RunE: func(c *cobra.Command, names []string) error {
			create := client.TokenCreate{Name: names[0], Role: client.Role(role), Stores: stores}
			for _, g := range grants {
				create.Grants = append(create.Grants, client.Permission(g))
			}
			if expires != "" {
				t, err := timespec.Parse(expires, time.Now(), nil)
				if err != nil {
					return err
				}
				create.Expires = t
			}
			s, err := a.dial()
			if err != nil {
				return err
			}
			tk, err := cli.Answer[client.TokenCreated](s.CreateToken(c.Context(), create))
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(a.out, tk)
			}
			a.explainSecret("token %s of the role %s; it is shown only now. Use it with --token or KIROKU_TOKEN, or as the header \"Authorization: Bearer …\". Void it with: kiroku tokens revoke %s",
				create.Name, create.Role, tk.ID)
			_, err = fmt.Fprintln(a.out, tk.Token)
			return err
		},
	}
	c.Flags().StringVar(&role, "role", string(client.RoleAnalyst), "admin, analyst or ingest")
	c.Flags().StringVar(&expires, "expires", "", "when it becomes void, for example 2027-01-01 or now+90d (default never)")
	c.Flags().StringSliceVar(&stores, "store", nil, "limit it to these stores")
	c.Flags().StringSliceVar(&grants, "grant", nil, "permission beside those of the role, for example raw")
	must(c.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"admin", "analyst", "ingest"}, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

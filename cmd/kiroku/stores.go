package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/fault"
)

func newStores(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "stores",
		Short: "List, create, change and delete event data stores",
		Long:  `An event data store is a table of events with its own retention. Without sub-command the stores are listed.`,
		Example: `  kiroku stores
  kiroku stores create vpn --retention 90d
  kiroku stores retention vpn 365d`,
		Args: unknownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return a.listStores(c, asJSON) },
	}
	a.clientFlags(c)
	c.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	list := &cobra.Command{
		Use:   "list",
		Short: "List the stores",
		Args:  args(cobra.NoArgs, "no argument"),
		RunE:  func(c *cobra.Command, _ []string) error { return a.listStores(c, asJSON) },
	}
	c.AddCommand(list, newStoreCreate(a, &asJSON), newStoreRetention(a, &asJSON), newStoreDelete(a))
	return c
}

func (a *app) listStores(c *cobra.Command, asJSON bool) error {
	s, err := a.dial()
	if err != nil {
		return err
	}
	list, err := cli.Answer[client.StoreList](s.ListStores(c.Context()))
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(a.out, list)
	}
	t := cli.Table{Width: terminalWidth(a.out), Columns: []cli.Column{{Name: "STORE"}, {Name: "EVENTS", Right: true}, {Name: "BYTES", Right: true},
		{Name: "RETENTION", Right: true}, {Name: "OLDEST"}, {Name: "NEWEST"}, {Name: "DESCRIPTION", Flex: true}}}
	for _, st := range list.Stores {
		t.Add(st.Name, cli.Count(st.Events), cli.Bytes(st.Bytes), retention(st.RetentionDays), stamp(st.Oldest), stamp(st.Newest), st.Description)
	}
	return t.Print(a.out)
}

func newStoreCreate(a *app, asJSON *bool) *cobra.Command {
	var keep, description string
	c := &cobra.Command{
		Use:     "create NAME",
		Short:   "Create a store",
		Example: `  kiroku stores create vpn --retention 90d --description "remote access"`,
		Args:    args(cobra.ExactArgs(1), "the name of the store"),
		RunE: func(c *cobra.Command, names []string) error {
			n, err := parseDays(keep)
			if err != nil {
				return err
			}
			s, err := a.dial()
			if err != nil {
				return err
			}
			st, err := cli.Answer[client.Store](s.CreateStore(c.Context(), client.StoreCreate{Name: names[0], RetentionDays: n, Description: description}))
			if err != nil {
				return err
			}
			return a.tellStore(st, "created", *asJSON)
		},
	}
	c.Flags().StringVar(&keep, "retention", "forever", "how long events are kept: days (90d), or forever")
	c.Flags().StringVar(&description, "description", "", "what the store is for")
	return c
}

func newStoreRetention(a *app, asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use:   "retention NAME DAYS",
		Short: "Change how long a store keeps events",
		Long:  `Changes the retention of a store. Events that are older than the new retention are deleted soon after.`,
		Example: `  kiroku stores retention vpn 365d
  kiroku stores retention vpn forever`,
		Args: args(cobra.ExactArgs(2), "the name of the store and the days"),
		RunE: func(c *cobra.Command, given []string) error {
			n, err := parseDays(given[1])
			if err != nil {
				return err
			}
			s, err := a.dial()
			if err != nil {
				return err
			}
			st, err := cli.Answer[client.Store](s.UpdateStore(c.Context(), given[0], client.StoreUpdate{RetentionDays: &n}))
			if err != nil {
				return err
			}
			return a.tellStore(st, "changed", *asJSON)
		},
	}
}

func newStoreDelete(a *app) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a store with all its events",
		Args:  args(cobra.ExactArgs(1), "the name of the store"),
		RunE: func(c *cobra.Command, names []string) error {
			if !yes {
				return fault.New(fault.Invalid, fmt.Errorf("delete store %q: all its events would be gone", names[0]), "Say --yes if that is meant.")
			}
			s, err := a.dial()
			if err != nil {
				return err
			}
			if err := cli.Done(s.DeleteStore(c.Context(), names[0])); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "deleted store %s\n", names[0])
			return err
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "delete without asking further")
	return c
}

func (a *app) tellStore(st client.Store, what string, asJSON bool) error {
	if asJSON {
		return writeJSON(a.out, st)
	}
	_, err := fmt.Fprintf(a.out, "%s store %s, retention %s\n", what, cli.Clean(st.Name), retention(st.RetentionDays))
	return err
}

// parseDays reads 90d, 90 or forever (0).
func parseDays(s string) (int, error) {
	if s == "forever" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(s, "d"))
	if err != nil || n < 1 {
		return 0, fault.New(fault.Invalid, fmt.Errorf("read retention %q: %w", s, errors.New("it is not a number of days")), "Write days such as 90d, or forever.")
	}
	return n, nil
}

// writeJSON writes one document for people and programs.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

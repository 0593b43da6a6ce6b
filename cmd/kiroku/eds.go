package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/fault"
)

// scope says of which account and region the things of the AWS endpoints are.
type scope struct{ account, region string }

func (s *scope) flags(c *cobra.Command) {
	c.PersistentFlags().StringVar(&s.account, "account", "", "AWS account, 12 digits; needed when there are access keys of several")
	c.PersistentFlags().StringVar(&s.region, "region", "", "AWS region (default for what is created: the configured one)")
}

// edsCommand is what the sub-commands of eds share.
type edsCommand struct {
	*app
	asJSON bool
	scope  scope
}

func newEDS(a *app) *cobra.Command {
	e := &edsCommand{app: a}
	c := &cobra.Command{
		Use:   "eds",
		Short: "List, create, change and delete event data stores of the AWS endpoints",
		Long: `An event data store is what AWS's CLI and SDKs know as one: it has an ARN, selectors and protection against deletion, and
its events are in a store of Kiroku. An event data store is named by its name, ID or ARN. Without sub-command they are listed.`,
		Example: `  kiroku eds create audit --retention 365d
  kiroku eds update audit --retention 90d --protected=false
  kiroku eds delete audit
  kiroku eds restore audit`,
		Args: unknownCommand,
		RunE: e.list,
	}
	a.clientFlags(c)
	e.scope.flags(c)
	c.PersistentFlags().BoolVar(&e.asJSON, "json", false, "print JSON")
	list := &cobra.Command{Use: "list", Short: "List the event data stores", Args: args(cobra.NoArgs, "no argument"), RunE: e.list}
	show := &cobra.Command{Use: "show EDS", Short: "Show an event data store", Args: args(cobra.ExactArgs(1), "an event data store"), RunE: e.show}
	remove := &cobra.Command{
		Use:   "delete EDS",
		Short: "Delete an event data store; it can be restored for seven days",
		Args:  args(cobra.ExactArgs(1), "an event data store"),
		RunE:  e.delete,
	}
	restore := &cobra.Command{Use: "restore EDS", Short: "Take a deletion back", Args: args(cobra.ExactArgs(1), "an event data store"), RunE: e.restore}
	c.AddCommand(list, show, newEDSCreate(e), newEDSUpdate(e), remove, restore)
	return c
}

func (e *edsCommand) list(c *cobra.Command, _ []string) error {
	s, err := e.dial()
	if err != nil {
		return err
	}
	list, err := cli.Answer[client.EventDataStoreList](s.ListEventDataStores(c.Context(), &client.ListEventDataStoresParams{Account: e.scope.account, Region: e.scope.region}))
	if err != nil {
		return err
	}
	if e.asJSON {
		return writeJSON(e.out, list)
	}
	t := cli.Table{Width: terminalWidth(e.out), Columns: []cli.Column{{Name: "NAME"}, {Name: "CATEGORY"}, {Name: "STATUS"}, {Name: "RETENTION", Right: true}, {Name: "STORE"}, {Name: "ARN"}}}
	for _, st := range list.EventDataStores {
		t.Add(st.Name, st.Category, st.Status, retention(st.RetentionDays), st.Store, st.Arn)
	}
	return t.Print(e.out)
}

func (e *edsCommand) show(c *cobra.Command, names []string) error {
	s, err := e.dial()
	if err != nil {
		return err
	}
	st, err := cli.Answer[client.EventDataStore](s.GetEventDataStore(c.Context(), names[0], &client.GetEventDataStoreParams{Account: e.scope.account, Region: e.scope.region}))
	if err != nil {
		return err
	}
	if e.asJSON {
		return writeJSON(e.out, st)
	}
	selectors, err := json.Marshal(st.Selectors)
	if err != nil {
		return err
	}
	return e.pairs([][2]string{{"name", st.Name}, {"arn", st.Arn}, {"status", st.Status}, {"deletes", stamp(st.Deletes)}, {"store", st.Store}, {"category", st.Category},
		{"selectors", string(selectors)}, {"retention", retention(st.RetentionDays)}, {"protected", fmt.Sprint(st.TerminationProtection)},
		{"multi-region", fmt.Sprint(st.MultiRegion)}, {"organization", fmt.Sprint(st.Organization)}, {"billing mode", st.BillingMode},
		{"created", stamp(st.Created)}, {"updated", stamp(st.Updated)}})
}

// pairs prints names and values below each other.
func (a *app) pairs(pairs [][2]string) error {
	var b strings.Builder
	width := 14
	for _, p := range pairs {
		width = max(width, cli.Width(cli.Clean(p[0])))
	}
	for _, p := range pairs {
		fmt.Fprintf(&b, "%s%s %s\n", cli.Clean(p[0]), strings.Repeat(" ", width-cli.Width(cli.Clean(p[0]))), cli.Clean(p[1]))
	}
	_, err := io.WriteString(a.out, b.String())
	return err
}

func (e *edsCommand) delete(c *cobra.Command, names []string) error {
	s, err := e.dial()
	if err != nil {
		return err
	}
	st, err := cli.Answer[client.EventDataStore](s.DeleteEventDataStore(c.Context(), names[0], &client.DeleteEventDataStoreParams{Account: e.scope.account, Region: e.scope.region}))
	return e.tell(st, "deleted", err)
}

func (e *edsCommand) restore(c *cobra.Command, names []string) error {
	s, err := e.dial()
	if err != nil {
		return err
	}
	st, err := cli.Answer[client.EventDataStore](s.RestoreEventDataStore(c.Context(), names[0], &client.RestoreEventDataStoreParams{Account: e.scope.account, Region: e.scope.region}))
	return e.tell(st, "restored", err)
}

func (e *edsCommand) tell(st client.EventDataStore, what string, err error) error {
	if err != nil {
		return err
	}
	if e.asJSON {
		return writeJSON(e.out, st)
	}
	if !st.Deletes.IsZero() {
		_, err = fmt.Fprintf(e.out, "%s event data store %s; its events go at %s, until then: kiroku eds restore %s\n", what, cli.Clean(st.Name), stamp(st.Deletes), cli.Clean(st.Name))
		return err
	}
	_, err = fmt.Fprintf(e.out, "%s event data store %s\n%s\n", what, cli.Clean(st.Name), st.Arn)
	return err
}

// edsSettings are the flags of create and update.
type edsSettings struct {
	retention, selectors    string
	protected, multi, organ bool
}

func (s *edsSettings) flags(c *cobra.Command) {
	c.Flags().StringVar(&s.retention, "retention", "", "how long events are kept, for example 90d (default 366d)")
	c.Flags().StringVar(&s.selectors, "selectors", "", `file with a JSON list of advanced event selectors, "-" for standard input`)
	c.Flags().BoolVar(&s.protected, "protected", true, "protect it from being deleted")
	c.Flags().BoolVar(&s.multi, "multi-region", false, "take events of all regions; not for ActivityAuditLog")
	c.Flags().BoolVar(&s.organ, "organization", false, "take events of all accounts; only for aws_api.management_account, and not for ActivityAuditLog")
}

// given is the value of a flag that was written, or nil.
func given(c *cobra.Command, name string, v bool) *bool {
	if !c.Flags().Changed(name) {
		return nil
	}
	return &v
}

func (s *edsSettings) days() (int, error) {
	if s.retention == "" {
		return 0, nil
	}
	if s.retention == "forever" {
		return 0, fault.New(fault.Invalid, fmt.Errorf("read retention %q: an event data store keeps events for 7 to 3653 days", s.retention), "Write days such as 365d.")
	}
	return parseDays(s.retention)
}

// readSelectors reads the file of --selectors.
func (e *edsCommand) readSelectors(name string) (list []client.AdvancedEventSelector, err error) {
	text, err := e.readText(name)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fault.New(fault.Invalid, fmt.Errorf("read selectors %q: %w", name, err), `Write a list such as [{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}].`)
	}
	return list, nil
}

// readText reads a file, or standard input for "-".
func (a *app) readText(name string) ([]byte, error) {
	const most = 2 << 20
	in := a.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && len(text) > most {
		err = fault.New(fault.TooLarge, fmt.Errorf("read %q: it is longer than %d bytes", name, most), "Check the name of the file.")
	}
	return text, err
}

func newEDSCreate(e *edsCommand) *cobra.Command {
	var set edsSettings
	var category, billing string
	var tags map[string]string
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Create an event data store",
		Long: `Creates an event data store. Without --selectors it takes all events of one category: ActivityAuditLog, the events that
channels bring, or for example Management.`,
		Example: `  kiroku eds create audit --retention 365d
  kiroku eds create management --category Management --multi-region`,
		Args: args(cobra.ExactArgs(1), "a name for the event data store"),
		RunE: func(c *cobra.Command, names []string) error {
			create := client.EventDataStoreCreate{Name: names[0], BillingMode: billing, Tags: tags, Organization: set.organ, TerminationProtection: given(c, "protected", set.protected),
				MultiRegion: given(c, "multi-region", set.multi), Selectors: []client.AdvancedEventSelector{{FieldSelectors: []client.AdvancedFieldSelector{{Field: "eventCategory", Equals: []string{category}}}}}}
			var err error
			if create.RetentionDays, err = set.days(); err != nil {
				return err
			}
			if set.selectors != "" {
				if create.Selectors, err = e.readSelectors(set.selectors); err != nil {
					return err
				}
			}
			s, err := e.dial()
			if err != nil {
				return err
			}
			st, err := cli.Answer[client.EventDataStore](s.CreateEventDataStore(c.Context(), &client.CreateEventDataStoreParams{Account: e.scope.account, Region: e.scope.region}, create))
			return e.tell(st, "created", err)
		},
	}
	set.flags(c)
	c.Flags().StringVar(&category, "category", "ActivityAuditLog", "category of its events, where --selectors says no more")
	c.Flags().StringVar(&billing, "billing-mode", "", "EXTENDABLE_RETENTION_PRICING or FIXED_RETENTION_PRICING")
	c.Flags().StringToStringVar(&tags, "tag", nil, "tags, for example env=prod")
	return c
}

func newEDSUpdate(e *edsCommand) *cobra.Command {
	var set edsSettings
	var name, billing string
	var ingestion bool
	c := &cobra.Command{
		Use:   "update EDS",
		Short: "Change an event data store; what is not named stays",
		Example: `  kiroku eds update audit --name audit-2026 --retention 90d
  kiroku eds update audit --protected=false`,
		Args: args(cobra.ExactArgs(1), "an event data store"),
		RunE: func(c *cobra.Command, names []string) error {
			u := client.EventDataStoreUpdate{Name: name, BillingMode: billing, TerminationProtection: given(c, "protected", set.protected), MultiRegion: given(c, "multi-region", set.multi),
				Organization: given(c, "organization", set.organ), Ingestion: given(c, "ingestion", ingestion)}
			var err error
			if u.RetentionDays, err = set.days(); err != nil {
				return err
			}
			if set.selectors != "" {
				if u.Selectors, err = e.readSelectors(set.selectors); err != nil {
					return err
				}
			}
			s, err := e.dial()
			if err != nil {
				return err
			}
			st, err := cli.Answer[client.EventDataStore](s.UpdateEventDataStore(c.Context(), names[0], &client.UpdateEventDataStoreParams{Account: e.scope.account, Region: e.scope.region}, u))
			return e.tell(st, "changed", err)
		},
	}
	set.flags(c)
	c.Flags().StringVar(&name, "name", "", "new name")
	c.Flags().StringVar(&billing, "billing-mode", "", "EXTENDABLE_RETENTION_PRICING, from FIXED_RETENTION_PRICING")
	c.Flags().BoolVar(&ingestion, "ingestion", true, "whether it takes events; not for ActivityAuditLog")
	return c
}

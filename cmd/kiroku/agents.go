package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/forward/wire"
)

// agentsCommand is what the sub-commands of agents share.
type agentsCommand struct {
	*app
	asJSON bool
}

func newAgents(a *app) *cobra.Command {
	ag := &agentsCommand{app: a}
	c := &cobra.Command{
		Use:   "agents",
		Short: "List, create, change and delete SIEM agents on the server",
		Long: `A SIEM agent passes events on to a SIEM. It is created here, which gives a token, and runs with it where both the server and
the SIEM are reached: "kiroku agent run". An agent is named by its ID or name. Without sub-command the agents are listed.`,
		Example: `  kiroku agents create --name soc --to tcp://siem.example.com:514 --format cef --confirm halfclose
  kiroku agents list
  kiroku agents recover --like soc --from 2026-11-01T00:00:00Z --to 2026-11-01T06:00:00Z`,
		Args: unknownCommand,
		RunE: ag.list,
	}
	a.clientFlags(c)
	c.PersistentFlags().BoolVar(&ag.asJSON, "json", false, "print JSON")
	list := &cobra.Command{
		Use:   "list",
		Short: "List the agents, how they do and what is wrong",
		Long: `DELIVERY is "waiting" until the agent is heard of for the first time, then the worst of its destinations: ok, backlog (the next event
taken in longer ago than siem_agents.backlog_after, 5m unless configured), paused or blocked. TO LOOK AT counts the
events that have still to be looked at. An agent with a filter or one data type only, and a recovery, send "up to" so many: what was
looked at and does not match is not counted, nor what lies before the start or behind the end of the period, and of an agent that has
never run only what lies between the first and the last event that match. LAG is how long ago the next of them was taken in, by the
server or into the agent's spool. IN SPOOL, shown when some agent has records there, counts those that are acknowledged and wait on
the agent's disk for their destination.`,
		Args: args(cobra.NoArgs, "no argument"),
		RunE: ag.list,
	}
	show := &cobra.Command{Use: "show AGENT", Short: "Show everything about an agent", Args: args(cobra.ExactArgs(1), "an agent"), RunE: ag.show}
	c.AddCommand(newAgentsCreate(ag), list, show, newAgentsEdit(ag), newAgentsPreview(ag), newAgentsRotate(ag), newAgentsRecover(ag), newAgentsNotifications(ag), newAgentsDead(ag),
		ag.simple("pause AGENT", "Have an agent deliver nothing until it is resumed", "paused", func(c *cobra.Command, s *cli.Server, id string) error {
			return cli.Done(s.PauseSIEMAgent(c.Context(), id))
		}),
		ag.simple("resume AGENT", "End the pause of an agent: it goes on where it stood", "resumed", func(c *cobra.Command, s *cli.Server, id string) error {
			return cli.Done(s.ResumeSIEMAgent(c.Context(), id))
		}),
		ag.simple("revoke-token AGENT", "Make all tokens of an agent void at once", "revoked the tokens of", func(c *cobra.Command, s *cli.Server, id string) error {
			return cli.Done(s.RevokeSIEMTokens(c.Context(), id))
		}),
		ag.simple("delete AGENT", "Delete an agent; a running one is told so and ends", "deleted", func(c *cobra.Command, s *cli.Server, id string) error {
			return cli.Done(s.DeleteSIEMAgent(c.Context(), id))
		}))
	return c
}

// simple is a command that does one thing to an agent.
func (ag *agentsCommand) simple(use, short, done string, do func(c *cobra.Command, s *cli.Server, id string) error) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  args(cobra.ExactArgs(1), "an agent"),
		RunE: func(c *cobra.Command, names []string) error {
			s, err := ag.dial()
			if err != nil {
				return err
			}
			id := names[0]
			if ag.asJSON { // the ID, while the agent is there
				a, err := cli.Answer[client.SIEMAgent](s.GetSIEMAgent(c.Context(), id))
				if err != nil {
					return err
				}
				id = a.ID
			}
			if err := do(c, s, id); err != nil {
				return err
			}
			if ag.asJSON {
				return ag.after(c, s, id)
			}
			_, err = fmt.Fprintf(ag.out, "%s agent %s\n", done, cli.Clean(names[0]))
			return err
		},
	}
}

// after prints an agent as it is now; of one that is deleted only the ID.
func (ag *agentsCommand) after(c *cobra.Command, s *cli.Server, id string) error {
	if c.Name() == "delete" {
		return writeJSON(ag.out, map[string]string{"id": id})
	}
	a, err := cli.Answer[client.SIEMAgent](s.GetSIEMAgent(c.Context(), id))
	if err != nil {
		return err
	}
	return writeJSON(ag.out, a)
}

func (ag *agentsCommand) list(c *cobra.Command, _ []string) error {
	s, err := ag.dial()
	if err != nil {
		return err
	}
	list, err := cli.Answer[client.SIEMAgentList](s.ListSIEMAgents(c.Context()))
	if err != nil {
		return err
	}
	if ag.asJSON {
		return writeJSON(ag.out, list)
	}
	now := cmp.Or(s.Met(), time.Now())
	t := cli.Table{Width: terminalWidth(ag.out), Columns: []cli.Column{{Name: "ID"}, {Name: "NAME"}, {Name: "STATE"}, {Name: "DELIVERY"}, {Name: "TO LOOK AT", Right: true}, {Name: "LAG", Right: true},
		{Name: "LAST CONTACT"}, {Name: "NOTIFICATIONS", Right: true}, {Name: "TO", Flex: true}}}
	spools := slices.ContainsFunc(list.Agents, func(a client.SIEMAgent) bool { return a.SpooledRecords > 0 })
	if spools {
		t.Columns = slices.Insert(t.Columns, 6, cli.Column{Name: "IN SPOOL", Right: true})
	}
	for _, a := range list.Agents {
		var to []string
		for _, d := range a.Destinations {
			to = append(to, d.Config.To)
		}
		if r := a.Recovery; r != nil {
			to = append([]string{"recovers", stamp(r.From), "to", stamp(r.To) + ":"}, to...)
		}
		row := []string{a.ID, a.Name, string(a.State), delivery(&a, a.Delivery), upTo(&a, a.LagRecords) + cli.Count(a.LagRecords), lag(a.LagSeconds), contact(&a, now), cli.Count(len(a.Notifications)), strings.Join(to, " ")}
		if spools {
			row = slices.Insert(row, 6, cli.Count(a.SpooledRecords))
		}
		t.Add(row...)
	}
	if err := t.Print(ag.out); err != nil {
		return err
	}
	return ag.openOnes(list.Agents)
}

// openOnes prints a line for each notification that is open.
func (ag *agentsCommand) openOnes(agents []client.SIEMAgent) error {
	first := "\n"
	for i := range agents {
		a := &agents[i]
		for _, n := range a.Notifications {
			where := ""
			if n.Destination != "" && len(a.Destinations) > 1 {
				where = " (" + n.Destination + ")"
			}
			if _, err := fmt.Fprintf(ag.out, "%s%s: %s%s since %s; see \"kiroku agents notifications %s\"\n", first, cli.Clean(a.Name), cli.Clean(n.Title), cli.Clean(where), stamp(n.First),
				cli.Clean(nameOrID(a))); err != nil {
				return err
			}
			first = ""
		}
	}
	return nil
}

// nameOrID is what names an agent in a command.
func nameOrID(a *client.SIEMAgent) string {
	if strings.ContainsAny(a.Name, " \t\"'$&;|<>()*?\\`") {
		return a.ID
	}
	return a.Name
}

// delivery is how an agent or a destination of it does; one that was never heard of delivers nothing.
func delivery(a *client.SIEMAgent, d wire.Delivery) string {
	if a.State == wire.Created && d != wire.DeliveryPaused {
		return "waiting"
	}
	return string(d)
}

func contact(a *client.SIEMAgent, now time.Time) string {
	if a.LastContact.IsZero() {
		return "never"
	}
	return cli.Ago(a.LastContact, now)
}

func lag(seconds int64) string {
	if seconds < 1 {
		return "-"
	}
	return cli.Span(time.Duration(seconds) * time.Second)
}

// notifications prints what is open, with what to do about it.
func (ag *agentsCommand) notifications(a *client.SIEMAgent) error {
	if len(a.Notifications) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(ag.out, "\n%s:\n", cli.Clean(a.Name)); err != nil {
		return err
	}
	return ag.explain(a.Notifications)
}

func (ag *agentsCommand) explain(list []wire.Notification) error {
	for _, n := range list {
		where := ""
		if n.Destination != "" {
			where = " (" + n.Destination + ")"
		}
		state := fmt.Sprintf("since %s, %s", stamp(n.First), plural(n.Count, "time"))
		if !n.Cleared.IsZero() {
			state = fmt.Sprintf("from %s to %s, %s", stamp(n.First), stamp(n.Cleared), plural(n.Count, "time"))
		}
		if _, err := fmt.Fprintf(ag.out, "  %s%s, %s: %s\n    %s\n    next: %s\n", cli.Clean(n.Title), cli.Clean(where), state, cli.Clean(n.Text), cli.Clean(n.Cause), cli.Clean(n.Remedy)); err != nil {
			return err
		}
	}
	return nil
}

func (ag *agentsCommand) show(c *cobra.Command, names []string) error {
	s, err := ag.dial()
	if err != nil {
		return err
	}
	a, err := cli.Answer[client.SIEMAgent](s.GetSIEMAgent(c.Context(), names[0]))
	if err != nil {
		return err
	}
	if ag.asJSON {
		return writeJSON(ag.out, a)
	}
	if err := ag.pairs(agentFacts(&a, cmp.Or(s.Met(), time.Now()))); err != nil {
		return err
	}
	for _, d := range a.Destinations {
		if _, err := fmt.Fprintf(ag.out, "\ndestination %s\n", cli.Clean(d.Name)); err != nil {
			return err
		}
		if err := ag.pairs(destinationFacts(&a, &d)); err != nil {
			return err
		}
	}
	return ag.notifications(&a)
}

func agentFacts(a *client.SIEMAgent, now time.Time) [][2]string {
	stores := "all"
	if len(a.Stores) > 0 {
		stores = strings.Join(a.Stores, " ")
	}
	facts := [][2]string{{"id", a.ID}, {"name", a.Name}, {"kind", string(a.Kind)}, {"state", string(a.State)}, {"delivery", delivery(a, a.Delivery)}, {"data types", words(a.Types)}, {"filter", cmp.Or(a.Filter, "everything")},
		{"stores", stores}, {"start", cmp.Or(strings.TrimPrefix(stamp(a.Start), "-"), "everything")}, {"created", stamp(a.Created) + " by " + a.CreatedBy}, {"last contact", contact(a, now)},
		{"machine", strings.TrimSpace(a.Host + " " + a.Version)}, {"to look at", toLookAt(a, a.LagRecords, a.LagSeconds)}, {"dead letters", cli.Count(a.DeadLetters)}}
	if text := inSpool(a.SpooledRecords, a.SpooledBytes); text != "" {
		facts = append(facts, [2]string{"in the spool", text})
	}
	if r := a.Recovery; r != nil {
		facts = append(facts, [2]string{"like", r.Like}, [2]string{"period", fmt.Sprintf("%s to %s, by %s time", stamp(r.From), stamp(r.To), r.By)})
		if got := r.Receipt; got != nil {
			facts = append(facts, [2]string{"receipt", fmt.Sprintf("%s, %s skipped, %s dead letters, first %s, last %s", plural(got.Records, "record"), cli.Count(got.Skipped), cli.Count(got.Dead),
				receipt(got.First), receipt(got.Last))})
		}
	}
	for _, t := range a.Tokens {
		text := t.State + ", created " + stamp(t.Created) + ", used " + stamp(t.Used)
		if !t.Expires.IsZero() {
			text += ", expires " + stamp(t.Expires)
		}
		facts = append(facts, [2]string{"token", text})
	}
	return facts
}

// upTo stands before a number of events that an agent has to look at, of which it sends perhaps only some.
func upTo(a *client.SIEMAgent, events int64) string {
	if events > 0 && (a.Filter != "" || len(a.Types) == 1 || a.Recovery != nil) {
		return "up to "
	}
	return ""
}

// toLookAt is how far a destination is behind.
func toLookAt(a *client.SIEMAgent, events, seconds int64) string {
	text := upTo(a, events) + plural(events, "event")
	if l := lag(seconds); l != "-" {
		text += ", the next was taken in " + l + " ago"
	}
	return text
}

// inSpool is what waits on an agent's disk; "": nothing.
func inSpool(records, bytes int64) string {
	if records == 0 {
		return ""
	}
	return plural(records, "record") + ", " + cli.Bytes(bytes) + " on the agent's disk, not confirmed yet"
}

func receipt(r wire.Receipt) string {
	if r.UID == "" {
		return "-"
	}
	return r.UID + " of " + stamp(r.Time)
}

func destinationFacts(a *client.SIEMAgent, d *wire.DestinationStatus) [][2]string {
	c := &d.Config
	facts := [][2]string{{"to", strings.Join(append([]string{c.To}, c.Failover...), " ")}, {"format", string(c.Format)}, {"header", string(c.Header.Form)}, {"framing", string(c.Framing)},
		{"confirm", string(c.Confirm)}, {"delivery", delivery(a, d.Delivery)}, {"to look at", toLookAt(a, d.LagRecords, d.LagSeconds)}, {"in the spool", inSpool(d.SpooledRecords, d.SpooledBytes)}, {"confirmed", plural(d.Confirmed, "record")},
		{"shortened", plural(d.Oversize, "record")}, {"dead letters", cli.Count(d.Dead)}, {"last record", receipt(d.Last)}, {"last acknowledgment", stamp(d.LastAck)}, {"error", d.Error}}
	stores := make([]string, 0, len(d.Cursor))
	for store := range d.Cursor {
		stores = append(stores, store)
	}
	slices.Sort(stores)
	for _, store := range stores {
		facts = append(facts, [2]string{"cursor of " + store, cli.Count(d.Cursor[store])})
	}
	return slices.DeleteFunc(facts, func(f [2]string) bool { return f[1] == "" })
}

func words[T ~string](list []T) string {
	var b strings.Builder
	for i, w := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

func newAgentsRotate(ag *agentsCommand) *cobra.Command {
	var overlap time.Duration
	c := &cobra.Command{
		Use:     "rotate-token AGENT",
		Aliases: []string{"rotate"},
		Short:   "Give an agent a new token and print it; the old one works on for a while",
		Args:    args(cobra.ExactArgs(1), "an agent"),
		RunE: func(c *cobra.Command, names []string) error {
			s, err := ag.dial()
			if err != nil {
				return err
			}
			seconds := int64(overlap / time.Second)
			made, err := cli.Answer[client.SIEMAgentCreated](s.RotateSIEMToken(c.Context(), names[0], client.SIEMTokenRotation{OverlapSeconds: &seconds}))
			return ag.made("new token of agent", s.URL, &made, err)
		},
	}
	c.Flags().DurationVar(&overlap, "overlap", 24*time.Hour, "how long the old token works beside the new one")
	return c
}

func newAgentsRecover(ag *agentsCommand) *cobra.Command {
	var like string
	var types []string
	var to destinationFlags
	r := client.SIEMRecovery{}
	c := &cobra.Command{
		Use:   "recover --like AGENT --from TIME --to TIME",
		Short: "Make an agent that sends a missed period again, and print its token",
		Long: `The recovery agent is like the one that is named: the same filter and destinations, copied now. It has a token and positions of its
own, is run beside the other ("kiroku agent run"), changes nothing of it, and ends by itself when everything of the period has
arrived; then "kiroku agents show" has its receipt. The period goes from --from to just before --to, by the time of the events.

Records that the SIEM has already will arrive again, with the same external id.`,
		Example: `  kiroku agents recover --like soc --from 2026-11-01T00:00:00Z --to 2026-11-01T06:00:00Z
  kiroku agents recover --like soc --from now-6h --to now --types activities,alerts --by ingest`,
		Args: args(cobra.NoArgs, "no argument"),
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if err := needFlags(c, "like", "from", "to"); err != nil {
				return err
			}
			if r.Destinations, err = to.destinations(c, ag.app); err != nil {
				return err
			}
			r.Types = typesOf(types)
			s, err := ag.dial()
			if err != nil {
				return err
			}
			made, err := cli.Answer[client.SIEMAgentCreated](s.RecoverSIEMAgent(c.Context(), like, r))
			return ag.made("created recovery agent", s.URL, &made, err)
		},
	}
	fl := c.Flags()
	fl.StringVar(&like, "like", "", "the agent that missed something")
	fl.StringVar(&r.From, "from", "", "beginning of the period, included")
	fl.StringVar(&r.To, "to", "", "end of the period, excluded; it may lie in the future")
	fl.StringVar(&r.Name, "name", "", "what to call it (default: after the other)")
	fl.StringVar(&r.By, "by", "event", "the time that the period means: event, or ingest for when events were taken in")
	fl.StringSliceVar(&types, "types", []string{"activities"}, "data types: activities, alerts")
	fl.BoolVar(&r.MissingOnly, "missing-only", false, "leave out what the receipt log of the destination has")
	fl.StringSliceVar(&r.ToDestinations, "to-destination", nil, "only to these destinations of the agent")
	fl.StringVar(&to.file, "destination-file", "", "JSON or YAML file with the destinations to use instead of those of the agent")
	return c
}

func newAgentsNotifications(ag *agentsCommand) *cobra.Command {
	p := client.ListSIEMNotificationsParams{}
	c := &cobra.Command{
		Use:   "notifications AGENT",
		Short: "Show what is wrong with an agent, and what to do about it",
		Args:  args(cobra.ExactArgs(1), "an agent"),
		RunE: func(c *cobra.Command, names []string) error {
			s, err := ag.dial()
			if err != nil {
				return err
			}
			list, err := cli.Answer[client.SIEMNotificationList](s.ListSIEMNotifications(c.Context(), names[0], &p))
			if err != nil {
				return err
			}
			if ag.asJSON {
				return writeJSON(ag.out, list)
			}
			if len(list.Notifications) == 0 {
				_, err = fmt.Fprintln(ag.out, "no notifications")
				return err
			}
			return ag.explain(list.Notifications)
		},
	}
	c.Flags().BoolVar(&p.History, "history", false, "also those that are over")
	c.Flags().IntVar(&p.Limit, "limit", 100, "how many, at most 1000")
	return c
}

func newAgentsDead(ag *agentsCommand) *cobra.Command {
	var again, drop bool
	p := client.ListSIEMDeadLettersParams{}
	c := &cobra.Command{
		Use:   "dead-letters AGENT [ID...]",
		Short: "Show records that could never be delivered, send them again or drop them",
		Example: `  kiroku agents dead-letters soc
  kiroku agents dead-letters soc --replay
  kiroku agents dead-letters soc --delete 17`,
		Args: args(cobra.MinimumNArgs(1), "an agent"),
		RunE: func(c *cobra.Command, given []string) error {
			ids, err := numbers(given[1:])
			if err != nil {
				return err
			}
			s, err := ag.dial()
			if err != nil {
				return err
			}
			switch {
			case again:
				return ag.replay(c, s, given[0], ids)
			case drop:
				return ag.drop(c, s, given[0], ids)
			}
			return ag.deadLetters(c, s, given[0], &p)
		},
	}
	c.Flags().BoolVar(&again, "replay", false, "send those that are named again, or all")
	c.Flags().BoolVar(&drop, "delete", false, "drop those that are named")
	c.Flags().IntVar(&p.Limit, "limit", 100, "how many, at most 1000")
	c.Flags().Int64Var(&p.After, "after", 0, "id of the last one of the page before")
	c.MarkFlagsMutuallyExclusive("replay", "delete")
	return c
}

func numbers(texts []string) (ids []int64, err error) {
	for _, text := range texts {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fault.New(fault.Invalid, fmt.Errorf("%q is no id of a dead letter", text), "List them with \"kiroku agents dead-letters AGENT\".")
		}
		ids = append(ids, n)
	}
	return ids, nil
}

func (ag *agentsCommand) replay(c *cobra.Command, s *cli.Server, agent string, ids []int64) error {
	done, err := cli.Answer[client.SIEMReplayed](s.ReplaySIEMDeadLetters(c.Context(), agent, client.SIEMReplay{Ids: ids}))
	if err != nil {
		return err
	}
	if ag.asJSON {
		return writeJSON(ag.out, done)
	}
	_, err = fmt.Fprintf(ag.out, "%s sent again\n", plural(done.Replaying, "record"))
	return err
}

func (ag *agentsCommand) drop(c *cobra.Command, s *cli.Server, agent string, ids []int64) error {
	if len(ids) == 0 {
		return wrongUse(c, fmt.Errorf("agents dead-letters --delete needs the ids of dead letters"))
	}
	for _, id := range ids {
		if err := cli.Done(s.DeleteSIEMDeadLetter(c.Context(), agent, id)); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(ag.out, "deleted dead letter %d\n", id); err != nil {
			return err
		}
	}
	return nil
}

func (ag *agentsCommand) deadLetters(c *cobra.Command, s *cli.Server, agent string, p *client.ListSIEMDeadLettersParams) error {
	list, err := cli.Answer[client.SIEMDeadLetterList](s.ListSIEMDeadLetters(c.Context(), agent, p))
	if err != nil {
		return err
	}
	if ag.asJSON {
		return writeJSON(ag.out, list)
	}
	t := cli.Table{Width: terminalWidth(ag.out), Columns: []cli.Column{{Name: "ID", Right: true}, {Name: "TIME"}, {Name: "DESTINATION"}, {Name: "STORE"}, {Name: "SEQ", Right: true}, {Name: "RECORD"}, {Name: "REPLAYING"}, {Name: "REASON", Flex: true}}}
	for _, d := range list.DeadLetters {
		again := "-"
		if d.Replaying {
			again = "yes"
		}
		t.Add(fmt.Sprint(d.ID), stamp(d.Time), d.Destination, d.Store, fmt.Sprint(d.Seq), d.UID, again, d.Reason)
	}
	return t.Print(ag.out)
}

func newAgentsPreview(ag *agentsCommand) *cobra.Command {
	q := client.SIEMPreviewQuery{}
	var types []string
	var format string
	c := &cobra.Command{
		Use:     "preview",
		Short:   "Count what an agent would send, and show the newest records as it would send them",
		Example: `  kiroku agents preview --filter 'outcome:failure' --types activities --format cef`,
		Args:    args(cobra.NoArgs, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			q.Types, q.Destination = typesOf(types), previewDestination(format)
			s, err := ag.dial()
			if err != nil {
				return err
			}
			found, err := cli.Answer[client.SIEMPreview](s.PreviewSIEMAgent(c.Context(), q))
			if err != nil {
				return ag.located(q.Filter, err)
			}
			ag.warn(found.Warnings)
			if ag.asJSON {
				return writeJSON(ag.out, found)
			}
			period := "on"
			if q.To != "" {
				period = "to " + q.To
			}
			fmt.Fprintf(ag.err, "%s from %s %s\n", plural(found.Count, "event"), q.From, period)
			for _, line := range found.Lines {
				if _, err := fmt.Fprintln(ag.out, lineOf(line)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	fl := c.Flags()
	fl.StringVar(&q.Filter, "filter", "", "what is sent, in the search language (default everything)")
	fl.StringSliceVar(&types, "types", []string{"activities", "alerts"}, "data types: activities, alerts")
	fl.StringSliceVar(&q.Stores, "store", nil, "only of these stores")
	fl.StringVar(&q.From, "from", "now-48h", "beginning of the time that is counted")
	fl.StringVar(&q.To, "to", "", "end of the time that is counted")
	fl.StringVar(&format, "format", "cef", "cef, cef-mcas, leef, rfc5424-json, ocsf-json or json")
	return c
}

// lineOf is a record without control characters but for TAB, which LEEF puts between fields.
func lineOf(text string) string {
	fields := strings.Split(text, "\t")
	for i := range fields {
		fields[i] = cli.Clean(fields[i])
	}
	return strings.Join(fields, "\t")
}

// previewDestination is one that only the form of lines matters of.
func previewDestination(format string) client.SIEMDestination {
	return client.SIEMDestination{To: "stdout:", Format: wire.Format(format)}
}

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/fault"
)

func newChannelRejected(ch *channelCommand) *cobra.Command {
	c := &cobra.Command{
		Use:   "rejected",
		Short: "List, send again and drop audit events that a channel refused",
		Args:  unknownCommand,
		RunE:  needsCommand,
	}
	remove := &cobra.Command{
		Use:   "delete CHANNEL ID",
		Short: "Drop a refused event",
		Args:  args(cobra.ExactArgs(2), "a channel and the id of a refused event"),
		RunE: func(c *cobra.Command, given []string) error {
			s, err := ch.dial()
			if err != nil {
				return err
			}
			if err := cli.Done(s.DeleteRejected(c.Context(), given[0], given[1], &client.DeleteRejectedParams{Account: ch.scope.account, Region: ch.scope.region})); err != nil {
				return err
			}
			_, err = fmt.Fprintf(ch.out, "deleted rejected event %s\n", given[1])
			return err
		},
	}
	c.AddCommand(newRejectedList(ch), newRejectedReplay(ch), remove)
	return c
}

func newRejectedList(ch *channelCommand) *cobra.Command {
	var limit int
	var after string
	c := &cobra.Command{
		Use:   "list CHANNEL",
		Short: "List refused events, oldest first; --json also prints what was sent",
		Args:  args(cobra.ExactArgs(1), "a channel"),
		RunE: func(c *cobra.Command, names []string) error {
			s, err := ch.dial()
			if err != nil {
				return err
			}
			list, err := cli.Answer[client.RejectedList](s.ListRejected(c.Context(), names[0], &client.ListRejectedParams{Account: ch.scope.account, Region: ch.scope.region, Limit: limit, After: after}))
			if err != nil {
				return err
			}
			if ch.asJSON {
				return writeJSON(ch.out, list)
			}
			t := cli.Table{Width: terminalWidth(ch.out), Columns: []cli.Column{{Name: "ID"}, {Name: "RECEIVED"}, {Name: "SENDER"}, {Name: "SENDER'S ID"}, {Name: "TRIES", Right: true}, {Name: "REASON", Flex: true}}}
			for _, e := range list.Events {
				t.Add(e.ID, stamp(e.Received), e.Principal[strings.LastIndexByte(e.Principal, ':')+1:], e.RequestID, cli.Count(e.Tries), e.ErrorCode+": "+e.ErrorMessage)
			}
			if err := t.Print(ch.out); err != nil {
				return err
			}
			if n := list.Total - len(list.Events); n > 0 && len(list.Events) > 0 {
				fmt.Fprintf(ch.err, "there may be more: --after %s\n", list.Events[len(list.Events)-1].ID)
			}
			return nil
		},
	}
	c.Flags().IntVar(&limit, "limit", 100, "how many, at most 1000")
	c.Flags().StringVar(&after, "after", "", "id of the last event of the page before")
	return c
}

func newRejectedReplay(ch *channelCommand) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "replay CHANNEL [ID...]",
		Short: "Send refused events again: those that are named, or all",
		Long: `Sends refused events again. What is stored leaves the list, what is refused again stays with its new reason. With
--event-data the corrected eventData of the one event that is named is sent instead.`,
		Example: `  kiroku channel rejected replay portal
  kiroku channel rejected replay portal 019f… --event-data corrected.json`,
		Args: args(cobra.MinimumNArgs(1), "a channel"),
		RunE: func(c *cobra.Command, given []string) error {
			r := client.ReplayRequest{Ids: given[1:]}
			if file != "" {
				text, err := ch.readText(file)
				if err != nil {
					return err
				}
				r.EventData = strings.TrimSpace(string(text))
			}
			s, err := ch.dial()
			if err != nil {
				return err
			}
			done, err := cli.Answer[client.ReplayResult](s.ReplayRejected(c.Context(), given[0], &client.ReplayRejectedParams{Account: ch.scope.account, Region: ch.scope.region}, r))
			if err != nil {
				return err
			}
			if ch.asJSON {
				return writeJSON(ch.out, done)
			}
			for _, e := range done.Refused {
				fmt.Fprintf(ch.out, "%s refused again: %s: %s\n", e.ID, e.ErrorCode, cli.Clean(e.ErrorMessage))
			}
			_, err = fmt.Fprintf(ch.out, "%d stored, %d refused again\n", len(done.Stored), len(done.Refused))
			if err == nil && len(done.Refused) > 0 {
				return fault.New(fault.Invalid, fmt.Errorf("replay: %s refused again", plural(int64(len(done.Refused)), "event")), "Correct them with --event-data, or delete them.")
			}
			return err
		},
	}
	c.Flags().StringVar(&file, "event-data", "", `file with the corrected eventData, "-" for standard input`)
	return c
}

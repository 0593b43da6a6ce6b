package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
)

func newChannelPolicy(ch *channelCommand) *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "Say who may put events into a channel",
		Long: `Without a policy everybody of the channel's own account may put events into it, and nobody else. A policy is the JSON of
AWS's resource policies.`,
		Args: unknownCommand,
		RunE: needsCommand,
	}
	show := &cobra.Command{
		Use:   "show CHANNEL",
		Short: "Print the policy",
		Args:  args(cobra.ExactArgs(1), "a channel"),
		RunE: func(c *cobra.Command, names []string) error {
			s, err := ch.dial()
			if err != nil {
				return err
			}
			p, err := cli.Answer[client.ChannelPolicy](s.GetChannelPolicy(c.Context(), names[0], &client.GetChannelPolicyParams{Account: ch.scope.account, Region: ch.scope.region}))
			if err != nil {
				return err
			}
			return writeJSON(ch.out, json.RawMessage(p.Policy))
		},
	}
	set := &cobra.Command{
		Use:     "set CHANNEL FILE",
		Short:   `Set the policy from a file, "-" for standard input`,
		Example: `  kiroku channel policy set portal policy.json`,
		Args:    args(cobra.ExactArgs(2), "a channel and a file"),
		RunE: func(c *cobra.Command, given []string) error {
			text, err := ch.readText(given[1])
			if err != nil {
				return err
			}
			return ch.setPolicy(c, given[0], string(text))
		},
	}
	remove := &cobra.Command{
		Use:   "delete CHANNEL",
		Short: "Let only the channel's own account put events into it",
		Args:  args(cobra.ExactArgs(1), "a channel"),
		RunE: func(c *cobra.Command, names []string) error {
			s, err := ch.dial()
			if err != nil {
				return err
			}
			if err := cli.Done(s.DeleteChannelPolicy(c.Context(), names[0], &client.DeleteChannelPolicyParams{Account: ch.scope.account, Region: ch.scope.region})); err != nil {
				return err
			}
			_, err = fmt.Fprintf(ch.out, "deleted the policy of channel %s\n", names[0])
			return err
		},
	}
	c.AddCommand(show, set, newChannelAllow(ch), remove)
	return c
}

func (ch *channelCommand) setPolicy(c *cobra.Command, channel, policy string) error {
	s, err := ch.dial()
	if err != nil {
		return err
	}
	p, err := cli.Answer[client.ChannelPolicy](s.PutChannelPolicy(c.Context(), channel, &client.PutChannelPolicyParams{Account: ch.scope.account, Region: ch.scope.region}, client.ChannelPolicy{Policy: policy}))
	if err != nil {
		return err
	}
	return writeJSON(ch.out, json.RawMessage(p.Policy))
}

// statement is the statement of a channel's policy.
type statement struct {
	Effect    string
	Principal map[string][]string
	Action    string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

func newChannelAllow(ch *channelCommand) *cobra.Command {
	var externalID string
	c := &cobra.Command{
		Use:   "allow CHANNEL PRINCIPAL...",
		Short: "Set a policy that lets others put events into a channel",
		Long: `Sets a policy, in the place of one that is there, that lets principals put events into the channel: accounts (12 digits),
or ARNs of users and roles. With --external-id they must send it along.`,
		Example: `  kiroku channel policy allow portal 444455556666 --external-id s3cr3t`,
		Args:    args(cobra.MinimumNArgs(2), "a channel and at least one principal"),
		RunE: func(c *cobra.Command, given []string) error {
			v, err := ch.get(c, given[0])
			if err != nil {
				return err
			}
			st := statement{Effect: "Allow", Principal: map[string][]string{"AWS": given[1:]}, Action: "cloudtrail-data:PutAuditEvents", Resource: v.Arn}
			if externalID != "" {
				st.Condition = map[string]map[string]string{"StringEquals": {"cloudtrail:ExternalId": externalID}}
			}
			text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []statement{st}})
			if err != nil {
				return err
			}
			return ch.setPolicy(c, v.Arn, string(text))
		},
	}
	c.Flags().StringVar(&externalID, "external-id", "", "text that requests must carry as externalId")
	return c
}

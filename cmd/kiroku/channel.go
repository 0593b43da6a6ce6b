package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
)

// channelCommand is what the sub-commands of channel share.
type channelCommand struct {
	*app
	asJSON bool
	scope  scope
}

func newChannel(a *app) *cobra.Command {
	ch := &channelCommand{app: a}
	c := &cobra.Command{
		Use:   "channel",
		Short: "List, create, change and delete channels for audit events of applications",
		Long: `An application puts audit events into a channel with PutAuditEvents of AWS's SDKs; they are stored in the channel's event
data stores. A channel is named by its name, ID or ARN. Without sub-command the channels are listed.`,
		Example: `  kiroku channel create portal --source Custom --to audit
  kiroku channel policy allow portal 444455556666 --external-id s3cr3t
  kiroku channel rejected list portal`,
		Args: unknownCommand,
		RunE: ch.list,
	}
	a.clientFlags(c)
	ch.scope.flags(c)
	c.PersistentFlags().BoolVar(&ch.asJSON, "json", false, "print JSON")
	list := &cobra.Command{Use: "list", Short: "List the channels", Args: args(cobra.NoArgs, "no argument"), RunE: ch.list}
	show := &cobra.Command{Use: "show CHANNEL", Short: "Show a channel and how its last events fared", Args: args(cobra.ExactArgs(1), "a channel"), RunE: ch.show}
	remove := &cobra.Command{
		Use:   "delete CHANNEL",
		Short: "Delete a channel with its policy and rejected events",
		Args:  args(cobra.ExactArgs(1), "a channel"),
		RunE: func(c *cobra.Command, names []string) error {
			s, err := ch.dial()
			if err != nil {
				return err
			}
			if err := cli.Done(s.DeleteChannel(c.Context(), names[0], &client.DeleteChannelParams{Account: ch.scope.account, Region: ch.scope.region})); err != nil {
				return err
			}
			_, err = fmt.Fprintf(ch.out, "deleted channel %s\n", names[0])
			return err
		},
	}
	c.AddCommand(list, show, newChannelCreate(ch), newChannelUpdate(ch), remove, newChannelPolicy(ch), newChannelRejected(ch))
	return c
}

func (ch *channelCommand) list(c *cobra.Command, _ []string) error {
	s, err := ch.dial()
	if err != nil {
		return err
	}
	list, err := cli.Answer[client.ChannelList](s.ListChannels(c.Context(), &client.ListChannelsParams{Account: ch.scope.account, Region: ch.scope.region}))
	if err != nil {
		return err
	}
	if ch.asJSON {
		return writeJSON(ch.out, list)
	}
	t := cli.Table{Width: terminalWidth(ch.out), Columns: []cli.Column{{Name: "NAME"}, {Name: "SOURCE"}, {Name: "LAST EVENT"}, {Name: "REJECTED", Right: true}, {Name: "ARN"}}}
	for _, v := range list.Channels {
		t.Add(v.Name, v.Source, stamp(v.LastSuccess), cli.Count(v.Rejected), v.Arn)
	}
	return t.Print(ch.out)
}

func (ch *channelCommand) get(c *cobra.Command, name string) (client.Channel, error) {
	s, err := ch.dial()
	if err != nil {
		return client.Channel{}, err
	}
	return cli.Answer[client.Channel](s.GetChannel(c.Context(), name, &client.GetChannelParams{Account: ch.scope.account, Region: ch.scope.region}))
}

func (ch *channelCommand) show(c *cobra.Command, names []string) error {
	v, err := ch.get(c, names[0])
	if err != nil {
		return err
	}
	if ch.asJSON {
		return writeJSON(ch.out, v)
	}
	return ch.pairs([][2]string{{"name", v.Name}, {"arn", v.Arn}, {"source", v.Source}, {"destinations", strings.Join(v.Destinations, " ")}, {"deduplicate", fmt.Sprint(v.Deduplicate)},
		{"created", stamp(v.Created)}, {"last event", stamp(v.LastSuccess)}, {"last attempt", stamp(v.LastAttempt)}, {"last error", v.LastErrorCode}, {"rejected", cli.Count(v.Rejected)}})
}

func newChannelCreate(ch *channelCommand) *cobra.Command {
	create := client.ChannelCreate{}
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a channel",
		Example: `  kiroku channel create portal --source Custom --to audit
  kiroku channel create okta --source OktaSystemLogEvents --to audit --deduplicate`,
		Args: args(cobra.ExactArgs(1), "a name for the channel"),
		RunE: func(c *cobra.Command, names []string) error {
			if err := needFlags(c, "to"); err != nil {
				return err
			}
			s, err := ch.dial()
			if err != nil {
				return err
			}
			create.Name = names[0]
			v, err := cli.Answer[client.Channel](s.CreateChannel(c.Context(), &client.CreateChannelParams{Account: ch.scope.account, Region: ch.scope.region}, create))
			return ch.tell(v, "created", err)
		},
	}
	c.Flags().StringVar(&create.Source, "source", "Custom", "Custom, or the name of a partner, for example OktaSystemLogEvents")
	c.Flags().StringSliceVar(&create.Destinations, "to", nil, "event data stores that its events go to")
	c.Flags().BoolVar(&create.Deduplicate, "deduplicate", false, "store an event whose UID came before only once")
	c.Flags().StringToStringVar((*map[string]string)(&create.Tags), "tag", nil, "tags, for example env=prod")
	return c
}

func newChannelUpdate(ch *channelCommand) *cobra.Command {
	u := client.ChannelUpdate{}
	var deduplicate bool
	c := &cobra.Command{
		Use:     "update CHANNEL",
		Short:   "Change a channel; what is not named stays",
		Example: `  kiroku channel update portal --to audit,archive --deduplicate`,
		Args:    args(cobra.ExactArgs(1), "a channel"),
		RunE: func(c *cobra.Command, names []string) error {
			s, err := ch.dial()
			if err != nil {
				return err
			}
			u.Deduplicate = given(c, "deduplicate", deduplicate)
			v, err := cli.Answer[client.Channel](s.UpdateChannel(c.Context(), names[0], &client.UpdateChannelParams{Account: ch.scope.account, Region: ch.scope.region}, u))
			return ch.tell(v, "changed", err)
		},
	}
	c.Flags().StringVar(&u.Name, "name", "", "new name")
	c.Flags().StringSliceVar(&u.Destinations, "to", nil, "event data stores that its events go to, all of them")
	c.Flags().BoolVar(&deduplicate, "deduplicate", false, "store an event whose UID came before only once")
	return c
}

func (ch *channelCommand) tell(v client.Channel, what string, err error) error {
	if err != nil {
		return err
	}
	if ch.asJSON {
		return writeJSON(ch.out, v)
	}
	_, err = fmt.Fprintf(ch.out, "%s channel %s\n%s\n", what, cli.Clean(v.Name), v.Arn)
	return err
}

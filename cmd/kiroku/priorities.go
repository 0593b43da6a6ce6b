package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/fault"
)

func newPriorities(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "priorities",
		Short: "List and set the priorities of services",
		Long: `Events have the priority normal or low. Which, a source says for the services that it knows, and priorities in kiroku.yaml
over it. What is set here goes before both, from the next event on and also after a restart; events that are stored keep
theirs. Without sub-command the priorities that hold are listed, and who says so: source, configuration or set.`,
		Example: `  kiroku priorities
  kiroku priorities set cloudtrail sts normal
  kiroku priorities set cloudtrail default normal
  kiroku priorities set cloudtrail sts unset`,
		Args: unknownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return a.listPriorities(c, asJSON) },
	}
	a.clientFlags(c)
	c.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	list := &cobra.Command{
		Use:   "list",
		Short: "List the priorities that hold",
		Args:  args(cobra.NoArgs, "no argument"),
		RunE:  func(c *cobra.Command, _ []string) error { return a.listPriorities(c, asJSON) },
	}
	c.AddCommand(list, newPrioritySet(a, &asJSON))
	return c
}

func (a *app) listPriorities(c *cobra.Command, asJSON bool) error {
	s, err := a.dial()
	if err != nil {
		return err
	}
	list, err := cli.Answer[client.PriorityList](s.ListPriorities(c.Context()))
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(a.out, list)
	}
	t := cli.Table{Width: terminalWidth(a.out), Columns: []cli.Column{{Name: "SOURCE"}, {Name: "SERVICE", Flex: true}, {Name: "PRIORITY"}, {Name: "SAID BY"}}}
	for _, p := range list.Priorities {
		t.Add(p.Source, p.Service, p.Priority, p.Origin)
	}
	return t.Print(a.out)
}

func newPrioritySet(a *app, asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use:   "set SOURCE SERVICE normal|low|unset",
		Short: "Give the events of a service a priority",
		Long: `Gives the events of a service a priority from the next one on. SERVICE is what the column service shows, in any case of
letters; default stands for all services that are not named. unset takes back what was set: then the configuration says it,
or the source.`,
		Example: `  kiroku priorities set cloudtrail sts normal
  kiroku priorities set cloudtrail sts unset`,
		Args: args(cobra.ExactArgs(3), "a source, a service and normal, low or unset"),
		RunE: func(c *cobra.Command, given []string) error {
			priority := client.PriorityChangePriority(given[2])
			if !priority.Valid() {
				return fault.New(fault.Invalid, fmt.Errorf("set priority: %q is no priority", given[2]), "Use normal, low or unset.")
			}
			s, err := a.dial()
			if err != nil {
				return err
			}
			list, err := cli.Answer[client.PriorityList](s.SetPriority(c.Context(), client.PriorityChange{Source: given[0], Service: given[1], Priority: priority}))
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(a.out, list)
			}
			if priority == client.PriorityUnset {
				_, err = fmt.Fprintf(a.out, "unset the priority of %s of %s\n", given[1], given[0])
			} else {
				_, err = fmt.Fprintf(a.out, "events of %s of %s are %s from now on\n", given[1], given[0], priority)
			}
			return err
		},
	}
}

package command

import (
	"github.com/spf13/cobra"

	"kiroku/internal/forward/wire"
)

func newTail(env *Env) *cobra.Command {
	var f serverFlags
	var destination string
	c := &cobra.Command{
		Use:   "tail",
		Short: "Show records as they would be sent, from now on",
		Long: `Prints the records of an agent as they would be sent to a destination, encoded and with their headers, as events arrive, until
it is interrupted. Nothing is sent, nothing is acknowledged, and a running agent is not disturbed.`,
		Example: `  kiroku agent tail --server https://kiroku.example.com:8480 --token-file agent.token --destination siem`,
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.look(c.Context(), env, wire.PeekNew, destination) },
	}
	f.add(c)
	c.Flags().StringVar(&destination, "destination", "", "which destination, when the agent has several")
	return c
}

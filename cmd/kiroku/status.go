package main

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
)

func newStatus(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show what the service receives, stores and does",
		Long: `Shows per integration whether it is listening, what arrived and what failed; then stores, pipeline, lake and disk. An
integration appears under the name of its conf.d folder, and also when its records were recognised on a common input.

--json prints the document of GET /api/v1/status. Exit code 1 when the service cannot be reached.`,
		Example: `  kiroku status
  kiroku status --json | jq '.inputs[] | {name, state, records}'`,
		Args: args(cobra.NoArgs, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := a.dial()
			if err != nil {
				return err
			}
			body, err := s.Stream(s.Status(c.Context()))
			if err != nil {
				return err
			}
			defer body.Close()
			if asJSON {
				_, err := io.Copy(a.out, body)
				return err
			}
			var st client.Status
			if err := json.NewDecoder(body).Decode(&st); err != nil {
				return err
			}
			page := statusPage{w: a.out, style: cli.NewStyle(a.out, a.getenv)}
			return page.print(&st)
		},
	}
	a.clientFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print the whole document as JSON")
	return c
}

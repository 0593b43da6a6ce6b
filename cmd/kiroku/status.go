package main

import (
	"bytes"
	"encoding/json"
	"fmt"
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
			body, err := cli.Stream(s.Status(c.Context()))
			if err != nil {
				return err
			}
			defer body.Close()
			if asJSON {
				return indent(a.out, body)
			}
			var st client.Status
			if err := json.NewDecoder(body).Decode(&st); err != nil {
				return err
			}
			page := statusPage{w: a.out, style: cli.NewStyle(terminalWidth(a.out), a.getenv)}
			return page.print(&st)
		},
	}
	a.clientFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print the whole document as JSON")
	return c
}

// indent writes a JSON document as it is, laid out.
func indent(w io.Writer, r io.Reader) error {
	doc, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read status: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(doc), "", "  "); err != nil {
		return fmt.Errorf("read status: %w", err)
	}
	b.WriteByte('\n')
	_, err = w.Write(b.Bytes())
	return err
}

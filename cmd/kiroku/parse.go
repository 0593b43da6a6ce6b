package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/cli"
	"kiroku/internal/event"
	"kiroku/internal/pipeline"
	"kiroku/internal/serve"
	"kiroku/internal/source/all"
)

func newParse(a *app) *cobra.Command {
	var source string
	var asJSON bool
	c := &cobra.Command{
		Use:   "parse",
		Short: "Show what becomes of records, without storing them",
		Long: `Reads records from standard input, one a line, and shows for each the source that was chosen, every field with where it came
from, what was unmapped, and whether the event is valid OCSF 1.8.0. It needs no server. Empty lines are passed over.

--json prints one object a line: source, event (the columns), unmapped, parse_error ("" when there is none), ocsf_errors, and
attributes (the source's own ones) where the source has such.`,
		Example: `  kiroku parse < vpn.log
  kiroku parse --json --source ivanti-connect-secure < vpn.log | jq .event.message`,
		Args: args(cobra.NoArgs, "no argument: it reads standard input"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkSource(source); err != nil {
				return err
			}
			return a.parse(c.Context(), event.SourceName(source), asJSON)
		},
	}
	c.Flags().StringVar(&source, "source", "", "source of all records (default: recognised by content)")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	must(c.RegisterFlagCompletionFunc("source", completeSources))
	return c
}

// parsed is what --json prints. All keys but attributes are always there.
type parsed struct {
	Source     event.SourceName  `json:"source"`
	Event      json.RawMessage   `json:"event"`
	Unmapped   map[string]string `json:"unmapped"`
	ParseError string            `json:"parse_error"`
	OCSFErrors []string          `json:"ocsf_errors"`
	Attributes map[string]any    `json:"attributes,omitempty"`
}

func (a *app) parse(ctx context.Context, source event.SourceName, asJSON bool) error {
	p := pipeline.New(pipeline.Options{Sources: all.Sources(), Log: slog.New(slog.DiscardHandler)})
	validate := serve.Validator()
	out := bufio.NewWriterSize(a.out, 64<<10)
	in := bufio.NewReaderSize(a.in, 256<<10)
	for n := 1; ; n++ {
		line, rerr := in.ReadBytes('\n')
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > 0 {
			x, err := p.Explain(source, line, time.Now(), validate)
			if err != nil {
				return fmt.Errorf("parse line %d: %w", n, err)
			}
			if err := printParsed(out, x, n, asJSON); err != nil {
				return err
			}
		}
		if in.Buffered() == 0 { // somebody may be typing
			if err := out.Flush(); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(rerr, io.EOF):
			return out.Flush()
		case rerr != nil:
			return errors.Join(out.Flush(), fmt.Errorf("read standard input: %w", rerr))
		case ctx.Err() != nil:
			return errors.Join(out.Flush(), ctx.Err())
		}
	}
}

func printParsed(w *bufio.Writer, x *pipeline.Explained, n int, asJSON bool) error {
	if !asJSON {
		return explainParsed(w, x, n)
	}
	doc := parsed{Source: x.Source, Event: x.Event, Unmapped: x.Unmapped, ParseError: x.ParseError, OCSFErrors: x.OCSFErrors, Attributes: x.Attributes}
	if doc.Unmapped == nil {
		doc.Unmapped = map[string]string{}
	}
	if doc.OCSFErrors == nil {
		doc.OCSFErrors = []string{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(doc)
}

// explainParsed shows a record to a person.
func explainParsed(w *bufio.Writer, x *pipeline.Explained, n int) error {
	var values map[string]any
	d := json.NewDecoder(bytes.NewReader(x.Event))
	d.UseNumber()
	if err := d.Decode(&values); err != nil {
		return fmt.Errorf("read event of line %d: %w", n, err)
	}
	from := map[string]string{}
	for _, s := range x.Steps {
		from[s.Column.String()] = s.From
	}
	fmt.Fprintf(w, "line %d: %s\n", n, x.Source)
	if x.ParseError != "" {
		fmt.Fprintf(w, "  parse error: %s\n", cli.Clean(x.ParseError))
	}
	t := cli.Table{Columns: []cli.Column{{Name: "  COLUMN"}, {Name: "VALUE", Max: 100}, {Name: "FROM"}}}
	for _, c := range event.Columns() {
		if v, ok := values[c.String()]; ok && c != event.ColUnmapped && c != event.ColRawData {
			t.Add("  "+c.String(), cellText(v), from[c.String()])
		}
	}
	if err := t.Print(w); err != nil {
		return err
	}
	if err := explainUnmapped(w, x); err != nil {
		return err
	}
	if len(x.OCSFErrors) == 0 {
		fmt.Fprintln(w, "  OCSF 1.8.0: valid")
	}
	for _, e := range x.OCSFErrors {
		fmt.Fprintf(w, "  OCSF 1.8.0: %s\n", cli.Clean(e))
	}
	_, err := fmt.Fprintln(w)
	return err
}

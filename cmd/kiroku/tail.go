package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/fault"
	"kiroku/internal/timespec"
)

// tailFlags are the flags of "kiroku tail".
type tailFlags struct {
	stores, columns []string
	zone            string
	json            bool
}

func newTail(a *app) *cobra.Command {
	var f tailFlags
	c := &cobra.Command{
		Use:         "tail [SEARCH]",
		Annotations: map[string]string{takesSearch: "yes"},
		Short:       "Show events as they arrive",
		Long: `Prints events that SEARCH finds as they arrive, until it is interrupted. When the connection breaks it connects again and goes
on after the last event that it printed.`,
		Example: `  kiroku tail 'severity_id:>=3'
  kiroku tail --json source:okta-access-gateway | jq -r .message`,
		Args: args(cobra.MaximumNArgs(1), "at most one search (quote it)"),
		RunE: func(c *cobra.Command, given []string) error {
			search := ""
			if len(given) > 0 {
				search = given[0]
			}
			zone, err := timespec.Zone(f.zone)
			if err != nil {
				return err
			}
			s, err := a.dial()
			if err != nil {
				return err
			}
			t := &tailer{app: a, server: s, params: client.TailParams{Search: search, Stores: f.stores}, print: a.tailPrinter(&f, zone)}
			return a.located(search, t.run(c.Context()))
		},
	}
	a.clientFlags(c)
	c.Flags().StringSliceVar(&f.stores, "store", nil, "event data stores (default all)")
	c.Flags().StringSliceVar(&f.columns, "columns", nil, "columns to print, separated by commas")
	c.Flags().StringVar(&f.zone, "tz", "", "time zone of the times that are shown (default UTC)")
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON object a row")
	return c
}

// tailPrinter prints one row at once.
func (a *app) tailPrinter(f *tailFlags, zone *time.Location) func(json.RawMessage) error {
	if f.json {
		return func(row json.RawMessage) error {
			_, err := a.out.Write(append(row[:len(row):len(row)], '\n'))
			return err
		}
	}
	width := terminalWidth(a.out)
	table := eventTable(f.columns, width)
	if len(f.columns) == 0 { // rows come one by one: the columns must have their widths from the beginning
		for i, w := range []int{24, 8, 10, 22, 20, 15, 0} {
			table.Columns[i].Min = w
		}
	}
	return func(row json.RawMessage) error {
		var e map[string]any
		d := json.NewDecoder(bytes.NewReader(row))
		d.UseNumber()
		if err := d.Decode(&e); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		table.Add(eventCells(e, f.columns, zone)...)
		err := table.Print(a.out)
		table.Headless = true
		return err
	}
}

// tailer follows events over connections that may break.
type tailer struct {
	app    *app
	server *cli.Server
	params client.TailParams
	print  func(json.RawMessage) error
	tries  int // since the last row
}

// errEnded says that the server closed the stream.
var errEnded = errors.New("the server ended the stream")

func (t *tailer) run(ctx context.Context) error {
	first := true
	for {
		err := t.follow(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // interrupted, which is how a tail ends
		}
		switch {
		case first && t.tries == 0 && !errors.Is(err, errEnded), !cli.Retryable(err) && !errors.Is(err, errEnded):
			return err
		}
		first = false
		t.tries++
		wait := cli.Wait(t.tries)
		fmt.Fprintf(t.app.err, "kiroku: %s; trying again in %s\n", cleanLine(err.Error()), wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// follow prints the events of one connection. It never returns nil.
func (t *tailer) follow(ctx context.Context) error {
	body, err := cli.Stream(t.server.Tail(ctx, &t.params))
	if err != nil {
		return err
	}
	defer body.Close()
	return readEvents(body, func(e serverEvent) error {
		t.tries = 0
		if e.id != "" {
			t.params.Cursor = e.id
		}
		switch e.name {
		case "row":
			return t.print(e.data)
		case "error":
			p := &cli.Problem{}
			if err := json.Unmarshal(e.data, &p.Problem); err != nil {
				return fmt.Errorf("read stream: %w", err)
			}
			return fault.New(fault.Busy, p, p.Next)
		}
		return nil
	})
}

// serverEvent is one server-sent event (WHATWG HTML, 9.2).
type serverEvent struct {
	name, id string
	data     []byte
}

// readEvents calls f for each event of a stream. It returns f's error, or errEnded.
func readEvents(r io.Reader, f func(serverEvent) error) error {
	var e serverEvent
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return errEnded
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			if len(e.data) > 0 {
				if err := f(e); err != nil {
					return err
				}
			}
			e = serverEvent{}
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			e.name = string(value)
		case "id":
			e.id = string(value)
		case "data":
			if e.data != nil {
				e.data = append(e.data, '\n')
			}
			e.data = append(e.data, value...)
		}
	}
}

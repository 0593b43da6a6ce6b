package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/fault"
)

const (
	pageRows   = 10_000 // the most that the API gives at once
	tableRows  = 100    // rows of a table when nobody says how many
	maxSQLRows = 1_000_000
)

// queryFlags are the flags of "kiroku query".
type queryFlags struct {
	from, to, zone  string
	stores, columns []string
	limit           int
	limited         bool // limit was given
	count           bool
	sql, format     string
	json, csv, raw  bool
}

func newQuery(a *app) *cobra.Command {
	var f queryFlags
	c := &cobra.Command{
		Use:         "query [SEARCH]",
		Annotations: map[string]string{takesSearch: "yes"},
		Short:       "Search events, or run SQL",
		Long: `Prints the events that SEARCH finds, newest first. An empty SEARCH finds everything.

  word "some words"         in the message or the record     wor* w?rd            wildcards
  outcome:failure           a field: its column, OCSF path,  -outcome:success     not
                            or the source's own name         a b, a OR b, (a b)   and, or, groups
  src_ip:203.0.113.0/24     a network                        severity_id:>=3      comparison
  dst_port:[1 TO 1023]      a range, both ends included      _exists_:src_ip      has the field

A table of the newest 100 events is printed unless a format is chosen. --json prints one object a row with the column names
of the table; it, --csv and --raw print all rows unless --limit says how many. --limit 0 prints all rows as one stream, which is
much faster for very many rows; they then come file by file, newest first, and within a file in the order of arrival.

Times are RFC 3339, dates, relative (now-24h, now/d, -15m) or milliseconds since 1970. The range includes --from and excludes
--to.

--sql runs one SELECT over the tables "events" (all stores) and one for each store.`,
		Example: `  kiroku query 'outcome:failure actor_user_name:mika' --from now-7d
  kiroku query 'src_ip:203.0.113.0/24' --from 2026-01-01 --to 2026-02-01 --json
  kiroku query 'log_name:AUT' --count
  kiroku query --sql 'SELECT actor_user_name, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC LIMIT 10'`,
		Args: args(cobra.MaximumNArgs(1), "at most one search (quote it)"),
		RunE: func(c *cobra.Command, given []string) error {
			search := ""
			if len(given) > 0 {
				search = given[0]
			}
			f.limited = c.Flags().Changed("limit")
			if err := f.check(c, len(given) > 0); err != nil {
				return err
			}
			s, err := a.dial()
			if err != nil {
				return err
			}
			q := client.EventQuery{Search: search, From: f.from, To: f.to, Tz: f.zone, Stores: f.stores}
			switch {
			case f.sql != "":
				return a.located(f.sql, a.querySQL(c.Context(), s, &f))
			case f.count:
				return a.located(search, a.queryCount(c.Context(), s, q))
			}
			return a.located(search, a.querySearch(c.Context(), s, q, &f))
		},
	}
	a.clientFlags(c)
	fl := c.Flags()
	fl.StringVar(&f.from, "from", "", "start of the range, included")
	fl.StringVar(&f.to, "to", "", "end of the range, excluded")
	fl.StringVar(&f.zone, "tz", "", "time zone of --from, --to and the table, for example Asia/Tokyo (default UTC)")
	fl.StringSliceVar(&f.stores, "store", nil, "event data stores (default all)")
	fl.StringSliceVar(&f.columns, "columns", nil, "columns to print, separated by commas")
	fl.IntVar(&f.limit, "limit", 0, "rows to print; 0 means all, as one fast stream (default: 100 in a table, else all)")
	fl.BoolVar(&f.count, "count", false, "print how many events there are")
	fl.StringVar(&f.sql, "sql", "", "run this SELECT instead of a search")
	fl.StringVar(&f.format, "format", "", "table, json (one object a row), csv or raw (default table)")
	fl.BoolVar(&f.json, "json", false, "the same as --format json")
	fl.BoolVar(&f.csv, "csv", false, "the same as --format csv")
	fl.BoolVar(&f.raw, "raw", false, "print the records as they arrived; the same as --format raw")
	must(c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"table", "json", "csv", "raw"}, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

// check refuses flags that contradict each other, and settles the format.
func (f *queryFlags) check(c *cobra.Command, hasSearch bool) error {
	for _, short := range []struct {
		on     bool
		format string
	}{{f.json, "json"}, {f.csv, "csv"}, {f.raw, "raw"}} {
		if !short.on {
			continue
		}
		if f.format != "" && f.format != short.format {
			return wrongUse(c, fmt.Errorf("--%s and the format %s exclude each other", short.format, f.format))
		}
		f.format = short.format
	}
	switch {
	case f.format == "ndjson":
		f.format = "json"
	case f.format == "":
		f.format = "table"
	case !slices.Contains([]string{"table", "json", "csv", "raw"}, f.format):
		return wrongUse(c, fmt.Errorf("--format %q is not known: choose table, json, csv or raw", f.format))
	}
	switch {
	case f.limit < 0:
		return wrongUse(c, fmt.Errorf("--limit is %d: choose 0 (all) or more", f.limit))
	case f.sql != "" && hasSearch:
		return wrongUse(c, errors.New("--sql and a search exclude each other"))
	case f.sql != "" && (f.from != "" || f.to != "" || f.count || len(f.columns) > 0 || f.format == "raw"):
		return wrongUse(c, errors.New("--sql does not go with --from, --to, --count, --columns and --raw: say it in SQL"))
	case f.sql == "" && c.Flags().Changed("sql"):
		return wrongUse(c, errors.New("--sql is empty"))
	case f.raw && len(f.columns) > 0:
		return wrongUse(c, errors.New("--raw and --columns exclude each other"))
	}
	return nil
}

// located shows where in text the error is, when the server says so.
func (a *app) located(text string, err error) error {
	var p *cli.Problem
	if !errors.As(err, &p) || p.From == nil {
		return err
	}
	to := *p.From
	if p.To != nil {
		to = *p.To
	}
	fmt.Fprintln(a.err, "kiroku: "+cleanLines(p.Error()))
	fmt.Fprintln(a.err, cli.Caret(text, *p.From, to))
	if next := fault.NextOf(err); next != "" {
		fmt.Fprintln(a.err, "kiroku: next: "+cleanLine(a.typed(next)))
	}
	return errUse
}

func (a *app) queryCount(ctx context.Context, s *cli.Server, q client.EventQuery) error {
	n, err := cli.Answer[client.CountResult](s.Count(ctx, q))
	if err != nil {
		return err
	}
	if n.Count == 0 {
		a.tellUnknown(ctx, s, q)
	}
	_, err = fmt.Fprintln(a.out, n.Count)
	return err
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
)

// querySQL runs SQL and prints the result.
func (a *app) querySQL(ctx context.Context, s *cli.Server, f *queryFlags) error {
	limit := f.limit
	if limit == 0 || limit > maxSQLRows {
		limit = maxSQLRows
	}
	format := map[string]client.ResultFormat{"json": client.ResultFormatNdjson, "csv": client.ResultFormatCsv, "table": client.ResultFormatJSON}[f.format]
	resp, err := s.RunSQL(ctx, &client.RunSQLParams{Format: format}, client.SQLQuery{SQL: f.sql, Stores: f.stores, MaxRows: limit})
	body, err := cli.Stream(resp, err)
	if err != nil {
		return err
	}
	defer body.Close()
	out := bufio.NewWriterSize(a.out, 64<<10)
	if f.format == "table" {
		err = printResult(body, out, terminalWidth(a.out))
	} else if _, err = io.Copy(out, body); err != nil {
		err = cutOff(err)
	}
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	if resp.Trailer.Get("Kiroku-Truncated") == "true" {
		fmt.Fprintf(a.err, "kiroku: these are the first %s rows; there are more. Take more with --limit (at most %s), or aggregate in SQL.\n",
			cli.Count(int64(limit)), cli.Count(maxSQLRows))
	}
	return nil
}

// printResult prints {"columns": […], "rows": [[…], …]} as a table, row by row: the result may be large.
func printResult(r io.Reader, out *bufio.Writer, width int) error {
	d := json.NewDecoder(r)
	d.UseNumber()
	var columns []client.ResultColumn
	t := &cli.Table{Width: width}
	n := 0
	err := members(d, func(key string) error {
		if key == "columns" {
			if err := d.Decode(&columns); err != nil {
				return err
			}
			for i, c := range columns {
				t.Columns = append(t.Columns, cli.Column{Name: c.Name, Right: isNumber(c.Type), Flex: i == len(columns)-1 && !isNumber(c.Type)})
			}
			return nil
		}
		if _, err := d.Token(); err != nil { // [
			return err
		}
		for d.More() {
			var row []any
			if err := d.Decode(&row); err != nil {
				return err
			}
			cells := make([]string, len(columns))
			for i := range min(len(cells), len(row)) {
				cells[i] = dash(row[i])
			}
			t.Add(cells...)
			if n++; n%flushRows == 0 {
				if err := t.Print(out); err != nil {
					return err
				}
				t.Headless = true
			}
		}
		_, err := d.Token() // ]
		return err
	})
	if err == nil {
		_, err = io.Copy(io.Discard, r) // the trailer comes after the end
	}
	if err != nil {
		return errors.Join(t.Print(out), cutOff(err))
	}
	if n%flushRows != 0 || n == 0 {
		return t.Print(out)
	}
	return nil
}

// members calls f for each member of a JSON object, with the decoder before its value.
func members(d *json.Decoder, f func(key string) error) error {
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if err := f(fmt.Sprint(key)); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// isNumber says whether values of DuckDB's type stand right.
func isNumber(name string) bool {
	for _, t := range []string{"BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "DOUBLE", "FLOAT", "DECIMAL"} {
		if strings.Contains(name, t) && !strings.Contains(name, "[") {
			return true
		}
	}
	return false
}

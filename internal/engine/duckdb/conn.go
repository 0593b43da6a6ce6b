package duckdb

import (
	"context"
	"errors"
	"fmt"

	duck "github.com/duckdb/duckdb-go-bindings"

	"kiroku/internal/fault"
)

// conn is one connection. It runs one query at a time.
type conn struct {
	in     *instance
	handle duck.Connection
	views  map[string]string // the relations it has, by lower-cased name, with the text they were made from
}

// exec runs a statement of our own that returns nothing.
func (c *conn) exec(sql string) error {
	var res duck.Result
	defer duck.DestroyResult(&res)
	if duck.Query(c.handle, sql, &res) != duck.StateSuccess {
		return duckError(duck.ResultError(&res))
	}
	return nil
}

// text runs a statement of our own with one text parameter and returns its only value, a text.
func (c *conn) text(sql, param string) (string, error) {
	stmt, err := c.prepare(sql)
	if err != nil {
		return "", err
	}
	defer duck.DestroyPrepare(&stmt)
	if err := bindArgs(stmt, []any{param}); err != nil {
		return "", err
	}
	var res duck.Result
	defer duck.DestroyResult(&res)
	if duck.ExecutePrepared(stmt, &res) != duck.StateSuccess {
		return "", duckError(duck.ResultError(&res))
	}
	chunk := duck.FetchChunk(res)
	if chunk.Ptr == nil {
		return "", errors.New("no row")
	}
	defer duck.DestroyDataChunk(&chunk)
	v := duck.DataChunkGetVector(chunk, 0)
	return string(textAt(duck.VectorGetData(v), 0)), nil
}

// prepare plans a single statement.
func (c *conn) prepare(sql string) (duck.PreparedStatement, error) {
	var none, stmt duck.PreparedStatement
	var extracted duck.ExtractedStatements
	n := duck.ExtractStatements(c.handle, sql, &extracted)
	defer duck.DestroyExtracted(&extracted)
	if n != 1 {
		if msg := duck.ExtractStatementsError(extracted); msg != "" {
			return none, duckError(msg)
		}
		return none, invalid(-1, fmt.Errorf("%d statements instead of one", n), "Send one statement at a time.")
	}
	if duck.PrepareExtractedStatement(c.handle, extracted, 0, &stmt) != duck.StateSuccess {
		err := duckError(duck.PrepareError(stmt))
		duck.DestroyPrepare(&stmt)
		return none, err
	}
	return stmt, nil
}

// makeViews gives the connection the relations that a statement uses. Views of the queries before that this one may not
// see, or sees otherwise, go: should the check of the statement miss a name, there is nothing behind it.
func (c *conn) makeViews(ctx context.Context, used []string, relations map[string]relation) error {
	for name, text := range c.views {
		if r, ok := relations[name]; ok && r.viewText() == text {
			continue
		}
		if err := c.exec("DROP VIEW IF EXISTS temp." + quoteName(name)); err != nil {
			return fmt.Errorf("close store %q: %w", name, notTheirs(err))
		}
		delete(c.views, name)
	}
	for _, name := range used {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, ok := c.views[name]; ok {
			continue
		}
		text := relations[name].viewText()
		if err := c.exec(text); err != nil {
			return fmt.Errorf("open store %q: %w", relations[name].name, notTheirs(err))
		}
		c.views[name] = text
	}
	return nil
}

// notTheirs takes the kind from an error that the author of a statement cannot mend.
func notTheirs(err error) error {
	return fault.New(fault.Other, errors.New(err.Error()), "Run kiroku fsck: a data file is missing or damaged.")
}

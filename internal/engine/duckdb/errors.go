package duckdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"kiroku/internal/engine"
	"kiroku/internal/fault"
)

// duckErr is an error as DuckDB words it.
type duckErr struct {
	kind     string // DuckDB's exception type, lower case, for example "binder"
	message  string
	position int // byte offset in the statement; -1: unknown
}

func (e *duckErr) Error() string { return e.message }

// duckError reads an error that DuckDB wrote with errors_as_json, or in its older form "Kind Error: text".
func duckError(text string) error {
	var j struct {
		Type     string `json:"exception_type"`
		Message  string `json:"exception_message"`
		Position string `json:"position"`
	}
	if err := json.Unmarshal([]byte(text), &j); err != nil || j.Message == "" {
		kind, message, ok := strings.Cut(text, " Error: ")
		if !ok {
			kind, message = "", text
		}
		return &duckErr{strings.ToLower(kind), firstLine(message), -1}
	}
	pos, err := strconv.Atoi(j.Position)
	if err != nil {
		pos = -1
	}
	message, _, _ := strings.Cut(strings.TrimSpace(j.Message), "\n\n") // behind it: settings to change, which nobody may
	return &duckErr{strings.ToLower(j.Type), message, pos}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSpace(line)
}

// advice says what the author of a statement can do about an error of a kind. Kinds that are not here are not theirs.
func advice(kind string) string {
	switch kind {
	case "parser", "syntax":
		return "Correct the statement at that place."
	case "binder", "catalog":
		return "Check the names: DESCRIBE events lists the columns."
	case "conversion", "mismatch type", "invalid type":
		return "Convert the value, for example with TRY_CAST(… AS …)."
	case "out of range", "invalid input", "divide by zero", "decimal", "expression", "constraint", "sequence", "invalid",
		"not implemented", "permission", "object size", "parameter not resolved", "parameter not allowed":
		return "Change the statement or its parameters."
	}
	return ""
}

// explain turns what went wrong into what the caller can do about it. It never shows the name of a file.
func (q *query) explain(err error) error {
	if err == nil {
		return nil
	}
	var d *duckErr
	known := errors.As(err, &d)
	if known && (d.kind == "fatal" || d.kind == "internal") {
		q.c.in.broken.Store(true)
	}
	if why := q.over(); why != nil {
		return q.stopped(why)
	}
	if !known {
		if fault.KindOf(err) != fault.Other {
			return err
		}
		return fault.New(fault.Other, errors.New(q.hideFiles(err.Error())), fault.NextOf(err))
	}
	message := fmt.Errorf("run query: %s", q.hideFiles(d.message))
	switch {
	case d.kind == "out of memory":
		return q.outOfMemory()
	case advice(d.kind) != "":
		return fault.New(fault.Invalid, &engine.SQLError{Position: d.position, Err: message}, q.advice(d))
	}
	return fault.New(fault.Other, message, "Run kiroku fsck if it happens again: a data file may be missing or damaged.")
}

// advice is what the author of this statement can do about d. A column that is hidden is not a misspelled one.
func (q *query) advice(d *duckErr) string {
	if d.kind == "binder" {
		message := lower(d.message)
		for _, name := range q.limits.Hide {
			if strings.Contains(message, quoteName(name)) {
				return "Leave out " + name + ": you may not read it."
			}
		}
	}
	return advice(d.kind)
}

func (q *query) outOfMemory() error {
	return fault.New(fault.TooLarge, fmt.Errorf("run query: %w (%s)", engine.ErrMemory, size(q.c.in.opts.MemoryBytes)),
		"Narrow the range of time, select fewer columns, group by fewer values, or raise the memory limit.")
}

// stopped is the error of a query that had to stop before its end.
func (q *query) stopped(why error) error {
	if errors.Is(why, engine.ErrMemory) {
		return q.outOfMemory()
	}
	if errors.Is(why, engine.ErrTimeout) {
		return fault.New(fault.TooLarge, fmt.Errorf("run query: %w (%v)", why, q.limits.Timeout),
			"Narrow the range of time, or raise the time limit.")
	}
	return fault.New(fault.Cancelled, fmt.Errorf("run query: %w", why), "")
}

// hideFiles replaces the names of the query's files in a message.
func (q *query) hideFiles(message string) string {
	for _, t := range q.tables {
		for _, f := range t.Files {
			if strings.Contains(message, f) {
				message = strings.ReplaceAll(message, f, "a data file of store "+t.Name)
			}
		}
	}
	for _, dir := range append(q.c.in.opts.Dirs, q.c.in.opts.TempDir) {
		if dir != "" {
			message = strings.ReplaceAll(message, dir, "…")
		}
	}
	return message
}

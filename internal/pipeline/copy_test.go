package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/event"
)

// at answers for a lake that has the recorder's rows.
func (r *recorder) at(_ context.Context, store string, times []int64, _ []event.Column, f func(*event.Event)) error {
	for _, row := range r.snapshot() {
		name, text, _ := strings.Cut(row, ": ")
		var v struct {
			Time time.Time `json:"time"`
			UID  string    `json:"metadata_uid"`
		}
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return err
		}
		if _, ok := slices.BinarySearch(times, v.Time.UnixMicro()); !ok || name != store {
			continue
		}
		var e event.Event
		e.Time(event.ColTime, "", v.Time)
		e.Str(event.ColMetadataUID, "", v.UID)
		f(&e)
	}
	return nil
}

func runWithCopies(t *testing.T) (*Pipeline, *recorder) {
	var r *recorder
	p, r := run(t, Options{At: func(ctx context.Context, store string, times []int64, cols []event.Column, f func(*event.Event)) error {
		return r.at(ctx, store, times, cols, f)
	}})
	return p, r
}

const oagLine = `2026-11-22T10:00:%02d.123-05:00 gw7 ACCESS_GATEWAY WEB_CONSOLE AUTHN LOCAL INFO USER_LOGIN [SUBJECT="dd" RESULT="FAIL" REASON="INVALID_CREDENTIALS"] User login failed: dd`

func oag(seconds ...int) (lines []string) {
	for _, s := range seconds {
		lines = append(lines, fmt.Sprintf(oagLine, s))
	}
	return lines
}

// Of equal lines of a copy the n-th is stored when fewer than n are stored, however they came; by syslog each is.
func TestCopies(t *testing.T) {
	p, r := runWithCopies(t)
	events := 0
	f := func(what string, want int, before map[int]int, o *event.Origin, lines ...string) {
		t.Helper()
		b := batch(o, lines...)
		b.Copy, b.Duplicates = &event.Copy{}, new(int64)
		for second, times := range before {
			b.Copy.Before = append(b.Copy.Before, event.Repeat{Record: batch(o, oag(second)...).Records[0], Times: times})
		}
		accept(t, p, r, b)
		events += want
		if n := len(r.snapshot()); n != events {
			t.Errorf("%s: %d stored, want %d", what, n-events+want, want)
		}
		if known := int(*b.Duplicates); known != len(lines)-want {
			t.Errorf("%s: %d were there, want %d", what, known, len(lines)-want)
		}
		events = len(r.snapshot())
	}
	syslog := oag(1, 1, 2)
	for i := range syslog {
		syslog[i] = "<14>" + syslog[i]
	}
	accept(t, p, r, batch(nil, syslog...))
	accept(t, p, r, batch(nil, syslog[2]))
	if events = len(r.snapshot()); events != 4 {
		t.Errorf("%d lines of syslog are stored, want all 4", events)
	}
	f("the file", 2, nil, nil, oag(1, 1, 1, 2, 3)...)
	f("the file again", 0, nil, nil, oag(1, 1, 1, 2, 3)...)
	f("its second piece", 2, map[int]int{1: 3, 3: 1}, nil, oag(1, 3, 2)...)
	f("another store", 2, nil, &event.Origin{Store: "other"}, oag(1, 2)...)
	f("lines of other sources, and one that is not parsed", 4, nil, nil, "text", "text", "bad", "<14>2026-11-22T10:00:01.123-05:00")
	accept(t, p, r, batch(nil, syslog[2]))
	if n := len(r.snapshot()); n != events+1 {
		t.Error("a line of syslog is not stored because a file had it")
	}
}

// Two copies at the same time: one sees what the other stores.
func TestCopiesAtOnce(t *testing.T) {
	p, r := runWithCopies(t)
	var done sync.WaitGroup
	for range 4 {
		done.Go(func() {
			b := batch(nil, oag(1, 2, 2, 3)...)
			b.Copy, b.Duplicates = &event.Copy{}, new(int64)
			if err := p.Accept(context.Background(), b); err != nil {
				t.Error(err)
			}
		})
	}
	finished := make(chan struct{})
	go func() { done.Wait(); close(finished) }()
	for {
		select {
		case <-finished:
			if n := len(r.snapshot()); n != 4 {
				t.Errorf("%d events, want 4", n)
			}
			return
		case <-time.After(time.Millisecond):
			r.commit()
		}
	}
}

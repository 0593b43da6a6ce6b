package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/search"
	"kiroku/internal/source"
	"kiroku/internal/source/all"
)

// recorder is a Writer that keeps what it gets.
type recorder struct {
	mu      sync.Mutex
	rows    []string // store: JSON
	waiting []func(error)
	marks   []event.Checkpoint
	refuse  error
}

func (r *recorder) Begin(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refuse
}

func (r *recorder) Append(store string, events ...*event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		r.rows = append(r.rows, store+": "+string(e.AppendJSON(nil)))
	}
}

func (r *recorder) End(cp *event.Checkpoint, done func(error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cp != nil {
		r.marks = append(r.marks, *cp)
	}
	if done != nil {
		r.waiting = append(r.waiting, done)
	}
}

func (r *recorder) commit() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.waiting {
		f(nil)
	}
	r.waiting = nil
}

func (r *recorder) snapshot() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.rows)
}

// bad is a source that fails in both ways.
var bad = source.Source{
	Name:      "bad",
	Recognise: func(rec *event.Record) bool { return bytes.HasPrefix(rec.Data, []byte("bad")) },
	Map: func(rec *event.Record, e *event.Event) error {
		e.Str(event.ColActorUserName, "x", "half mapped")
		if bytes.Contains(rec.Data, []byte("panic")) {
			panic("oh")
		}
		return errors.New("not mine")
	},
}

func run(t *testing.T, opt Options) (*Pipeline, *recorder) {
	t.Helper()
	r := &recorder{}
	opt.Sources = append([]source.Source{bad}, all.Sources()...)
	opt.NewWriter = func() Writer { return r }
	opt.Default, opt.Log, opt.Workers = "default", slog.New(slog.DiscardHandler), 2
	p := New(opt)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p, r
}

func batch(o *event.Origin, lines ...string) event.Batch {
	b := event.Batch{}
	for _, l := range lines {
		b.Records = append(b.Records, event.Record{Data: []byte(l), Received: time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC), Origin: o})
	}
	return b
}

// accept waits for a batch that is committed by hand.
func accept(t *testing.T, p *Pipeline, r *recorder, b event.Batch) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- p.Accept(context.Background(), b) }()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		case <-time.After(time.Millisecond):
			r.commit()
		}
	}
}

func TestNothingIsDropped(t *testing.T) {
	p, r := run(t, Options{})
	accept(t, p, r, batch(nil, "bad", "bad panic", "", "caf\xe9 \x00", `{"a":`, "<13>1 - - - - - -"))
	rows := r.snapshot()
	if len(rows) != 6 {
		t.Fatalf("%d events: %q", len(rows), rows)
	}
	for i, want := range []string{`"parse_error":"not mine"`, `"parse_error":"BUG: mapping of source bad: oh"`, `"parse_error":"record is empty"`, `"raw_encoding":"base64"`} {
		if !strings.Contains(rows[i], want) {
			t.Errorf("row %d lacks %s: %s", i, want, rows[i])
		}
	}
	for _, row := range rows[:2] {
		if strings.Contains(row, "half mapped") || !strings.Contains(row, `"raw_data":"bad`) || !strings.Contains(row, `"class_uid":0`) {
			t.Errorf("a failed mapping leaves %s", row)
		}
	}
	if st := p.Stats(); st.Panics != 1 || st.Records != 6 {
		t.Errorf("stats %+v", st)
	}
}

func TestAcceptWaitsUntilDurable(t *testing.T) {
	p, r := run(t, Options{})
	b := batch(nil, "one")
	b.Checkpoint = &event.Checkpoint{Key: "k", Position: 7}
	done := make(chan error, 1)
	go func() { done <- p.Accept(context.Background(), b) }()
	for len(r.snapshot()) == 0 {
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-done:
		t.Fatalf("Accept returned %v before the commit", err)
	case <-time.After(20 * time.Millisecond):
	}
	for {
		r.commit()
		select {
		case err := <-done:
			if err != nil || len(r.marks) != 1 || r.marks[0].Position != 7 {
				t.Fatal(err, r.marks)
			}
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func TestRefusedBatchIsNotAcknowledged(t *testing.T) {
	p, r := run(t, Options{})
	r.refuse = errors.New("closed")
	if err := p.Accept(context.Background(), batch(nil, "one")); err == nil {
		t.Fatal("Accept returned nil")
	}
}

func TestRoutes(t *testing.T) {
	p, r := run(t, Options{Routes: []Route{
		{Store: "vpn", Sources: []string{"ivanti-connect-secure"}},
		{Store: "prod", Tags: []string{"env:prod"}},
		{Store: "by_input", Inputs: []string{"in1"}, Services: []string{"s"}},
	}})
	vpn := `<134>1 2026-06-30T09:00:00Z h PulseSecure: - - - {"message_id":"STS20641","timestamp":"1782778502","raw_message":"Number of concurrent users logged in to the device: 2"}`
	f := func(want string, o *event.Origin, line string) {
		t.Helper()
		n := len(r.snapshot())
		accept(t, p, r, batch(o, line))
		if got := r.snapshot()[n]; !strings.HasPrefix(got, want+": ") {
			t.Errorf("%s went elsewhere: %s", line, got)
		}
	}
	f("vpn", nil, vpn)
	f("default", nil, "text")
	f("prod", &event.Origin{Tags: []string{"a", "env:prod"}}, "text")
	f("by_input", &event.Origin{Input: "in1", Service: "s"}, "text")
	f("default", &event.Origin{Input: "in1"}, "text")
	f("named", &event.Origin{Store: "named"}, vpn)
}

// A record with an id of its own and the same bytes is stored once; without an id, or with other bytes, each time.
func TestDuplicates(t *testing.T) {
	p, r := run(t, Options{})
	line := `{"message_id":"STS20641","timestamp":"1782778502","unique_id":"u1","user":"%s","raw_message":"Number of concurrent users logged in to the device: 2"}`
	o := &event.Origin{Source: event.IvantiConnectSecure}
	accept(t, p, r, batch(o, fmt.Sprintf(line, "a"), fmt.Sprintf(line, "a"), fmt.Sprintf(line, "b")))
	accept(t, p, r, batch(o, fmt.Sprintf(line, "a")))
	accept(t, p, r, batch(nil, "text", "text"))
	for range 2 { // a channel with two destinations sends one record to both
		for _, store := range []string{"one", "two"} {
			accept(t, p, r, batch(&event.Origin{Source: event.IvantiConnectSecure, Store: store}, fmt.Sprintf(line, "c")))
		}
	}
	if n := len(r.snapshot()); n != 6 {
		t.Errorf("%d events, want 6", n)
	}
	if d := p.Stats().Duplicates; d != 4 {
		t.Errorf("%d duplicates, want 4", d)
	}
	told := int64(-1)
	b := batch(o, fmt.Sprintf(line, "a"), fmt.Sprintf(line, "d"), fmt.Sprintf(line, "d"))
	b.Duplicates = &told
	accept(t, p, r, b)
	if told != 2 {
		t.Errorf("the sender is told of %d duplicates, want 2", told)
	}
}

// Of a source with an identity an event is stored once whatever else its record says, also if it was stored before the start.
func TestIdentity(t *testing.T) {
	p, r := run(t, Options{})
	o := &event.Origin{Source: event.CloudTrail}
	const form = `{"eventVersion":"1.08","eventTime":"2026-06-05T00:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":"%s","eventType":"AwsApiCall","recipientAccountId":"%s","eventCategory":"%s","requestID":"%s"%s}`
	rec := func(region, account, category, request, id string) string {
		if id != "" {
			id = `,"eventID":"` + id + `"`
		}
		return fmt.Sprintf(form, region, account, category, request, id)
	}
	var old event.Event
	old.Str(event.ColSource, "", string(event.CloudTrail))
	for c, v := range map[event.Column]string{event.ColCloudAccountUID: "111122223333", event.ColCloudRegion: "us-east-1", event.ColProductFeature: "Management", event.ColMetadataUID: "old"} {
		old.Str(c, "", v)
	}
	if !p.Remember("default", &old, time.Now()) {
		t.Error("Remember has no room")
	}
	accept(t, p, r, batch(o,
		rec("us-east-1", "111122223333", "Management", "1", "a"),
		rec("us-east-1", "111122223333", "Management", "2", "a"), // the same, from another trail
		rec("us-west-2", "111122223333", "Management", "3", "a"),
		rec("us-east-1", "444455556666", "Management", "4", "a"),
		rec("us-east-1", "111122223333", "Data", "5", "a"),
		rec("us-east-1", "111122223333", "Management", "6", "old"),
		rec("us-east-1", "444455556666", "Management", "7", "old"),
		rec("us-east-1", "111122223333", "Management", "8", ""), // without an id its bytes tell
		rec("us-east-1", "111122223333", "Management", "8", ""),
		rec("us-east-1", "111122223333", "Management", "9", ""),
		"not JSON", "not JSON",
	))
	got := ""
	for _, row := range r.snapshot() {
		if i := strings.Index(row, `"api_request_uid":"`); i >= 0 {
			got += row[i+len(`"api_request_uid":"`):][:1]
		} else {
			got += "-"
		}
	}
	if got != "1345789--" {
		t.Errorf("stored %q, want 1345789 and what cannot be parsed twice", got)
	}
}

// Times that cannot be right do not hide the event: it stands at its receipt.
func TestImplausibleTimes(t *testing.T) {
	p, r := run(t, Options{})
	line := `{"message_id":"AUT24326","timestamp":"%s","raw_message":"x","unique_id":"u"}`
	o := &event.Origin{Source: event.IvantiConnectSecure}
	accept(t, p, r, batch(o, fmt.Sprintf(line, "99999999999"), fmt.Sprintf(line, "1782778502")))
	rows := r.snapshot()
	if !strings.Contains(rows[0], `"time":"2026-06-30T00:00:00.000000Z"`) || !strings.Contains(rows[0], "implausible_time") || !strings.Contains(rows[0], "99999999999") {
		t.Errorf("year 5138: %s", rows[0])
	}
	if !strings.Contains(rows[1], `"time":"2026-06-30T00:15:02.000000Z"`) || strings.Contains(rows[1], "implausible_time") {
		t.Errorf("a good time: %s", rows[1])
	}
}

func TestTaps(t *testing.T) {
	p, r := run(t, Options{})
	var mu sync.Mutex
	n := 0
	stop := p.Tap(func(store string, _ *event.Event) {
		mu.Lock()
		n++
		mu.Unlock()
		if store != "default" {
			t.Errorf("store %q", store)
		}
	})
	accept(t, p, r, batch(nil, "one", "two"))
	stop()
	accept(t, p, r, batch(nil, "three"))
	mu.Lock()
	defer mu.Unlock()
	if n != 2 {
		t.Errorf("tap heard %d events", n)
	}
}

func TestIDsRiseAndDiffer(t *testing.T) {
	m := newIDMaker(3)
	var e event.Event
	at := time.Now()
	last := ""
	for i := range 3000 {
		id := m.next(&e, at.Add(time.Duration(i)*time.Millisecond))
		if id <= last || len(id) != 36 || id[14] != '7' || id[19] < '8' || id[19] > 'b' {
			t.Fatalf("id %s after %s", id, last)
		}
		last = strings.Clone(id)
	}
}

func TestExplain(t *testing.T) {
	p, _ := run(t, Options{})
	ok := func(*event.Event) []string { return nil }
	x, err := p.Explain("", []byte("bad"), time.Now(), ok)
	if err != nil || x.Source != "bad" || x.ParseError != "not mine" {
		t.Errorf("%+v, %v", x, err)
	}
	if _, err := p.Explain("nothing", nil, time.Now(), ok); err == nil || !strings.Contains(err.Error(), `"nothing"`) {
		t.Errorf("unknown source: %v", err)
	}
}

// builders stores nothing: it measures all that a worker does for an event.
type builders struct{ b *segment.Builder }

func (w builders) Begin(context.Context) error        { return nil }
func (w builders) End(*event.Checkpoint, func(error)) {}
func (w builders) Append(_ string, events ...*event.Event) {
	if w.b.Room() < len(events) {
		w.b.Finish()
	}
	w.b.Append(events...)
	if w.b.Full() {
		w.b.Finish()
	}
}

// BenchmarkWorker is the whole way of an event: recognise, map, route, columns, pages.
func BenchmarkWorker(b *testing.B) {
	path := os.Getenv("KIROKU_BENCH_LINES") // a file of loadgen; else the samples, which are few and alike
	if path == "" {
		path = "../source/ivanti/testdata/bench.log"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	p := New(Options{Sources: all.Sources(), Default: "default", Log: slog.New(slog.DiscardHandler),
		NewWriter: func() Writer { return builders{segment.NewBuilder(search.HashTokens, segment.Fast)} }})
	w := p.newWorker(0)
	origin := &event.Origin{Input: "bench"}
	const n = 256
	var batches []event.Batch
	for first := 0; first < len(lines); first += n {
		var bt event.Batch
		for _, l := range lines[first:min(first+n, len(lines))] {
			bt.Records = append(bt.Records, event.Record{Data: l, Received: time.Now(), Origin: origin})
		}
		batches = append(batches, bt)
	}
	b.SetBytes(int64(len(text) / len(lines)))
	b.ReportAllocs()
	i, events := 0, 0
	for b.Loop() {
		if events == 0 {
			p.seen = newSeen()
			if err := w.do(context.Background(), job{batch: batches[i%len(batches)]}); err != nil {
				b.Fatal(err)
			}
			events = len(batches[i%len(batches)].Records)
			i++
		}
		events--
	}
}

// Stores that ask for an event get it beside the store that its input names, each once, and in the place of the default store.
func TestCollect(t *testing.T) {
	asks := []string{"one", "two"}
	p, r := run(t, Options{Collect: func(rec *event.Record, _ *event.Event) []string {
		if strings.Contains(string(rec.Data), "collect") {
			return asks
		}
		return nil
	}})
	accept(t, p, r, batch(nil, "collect this", "leave this"))
	accept(t, p, r, batch(&event.Origin{Store: "two"}, "collect that"))
	line := `{"message_id":"STS20641","timestamp":"1782778502","unique_id":"u1","user":"collect","raw_message":"Number of concurrent users logged in to the device: 2"}`
	accept(t, p, r, batch(&event.Origin{Source: event.IvantiConnectSecure}, line))
	asks = append(asks, "three")
	accept(t, p, r, batch(&event.Origin{Source: event.IvantiConnectSecure}, line)) // seen in two of three
	got := map[string]int{}
	for _, row := range r.snapshot() {
		store, _, _ := strings.Cut(row, ":")
		got[store]++
	}
	if want := map[string]int{"one": 3, "two": 3, "three": 1, "default": 1}; !maps.Equal(got, want) {
		t.Errorf("events by store %v, want %v", got, want)
	}
}

package auditevent_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
	"kiroku/internal/ocsf/nest"
	"kiroku/internal/source/auditevent"
	"kiroku/internal/source/sourcetest"
)

func TestGolden(t *testing.T) {
	schema := ocsf.New()
	nester := nest.New(schema)
	sourcetest.Golden(t, auditevent.Source, func(e *event.Event) (problems []string) {
		for _, issue := range ocsf.Errors(schema.Validate(nester.Object(e))) {
			problems = append(problems, fmt.Sprint(issue))
		}
		return problems
	})
}

func FuzzMap(f *testing.F) { sourcetest.Fuzz(f, auditevent.Source) }

func samples(t testing.TB) (lines [][]byte) {
	t.Helper()
	files, err := filepath.Glob("testdata/*/in.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, sourcetest.Lines(data)...)
	}
	return lines
}

// FuzzLeaves holds that whatever JSON is mapped, none of its values is lost.
func FuzzLeaves(f *testing.F) {
	for _, line := range samples(f) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e := new(event.Event)
		e.Trace(true)
		if !utf8.Valid(data) || auditevent.Source.Map(sourcetest.Record(data), e) != nil {
			return
		}
		if _, cut := e.Unmapped1("_leaves_left_out"); cut {
			return
		}
		if lost := sourcetest.Lost(e, data); lost != nil {
			t.Errorf("lost: %q\n%s", lost, e.AppendJSON(nil))
		}
	})
}

func TestNothingIsLost(t *testing.T) {
	for _, line := range samples(t) {
		e := new(event.Event)
		e.Trace(true)
		if err := auditevent.Source.Map(sourcetest.Record(line), e); err != nil {
			t.Fatal(err)
		}
		if lost := sourcetest.Lost(e, line); lost != nil {
			t.Errorf("lost: %q\n%s", lost, e.AppendJSON(nil))
		}
	}
}

// FuzzEnvelope holds that what is wrapped is JSON, keeps the application's bytes, and is recognised and mapped.
func FuzzEnvelope(f *testing.F) {
	f.Add("GitHub", "arn:aws:cloudtrail:us-east-1:444455556666:channel/x", "444455556666", []byte(`{ "eventName":"a\u0062", "n":1.0 }`))
	f.Add("", `"\`, "\xff", []byte(`{"UID":"x"}`))
	f.Fuzz(func(t *testing.T, channelSource, channel, account string, eventData []byte) {
		var object map[string]any
		if json.Unmarshal(eventData, &object) != nil || object == nil || !utf8.Valid(eventData) {
			return
		}
		v := auditevent.Envelope{ID: "e-1", Time: time.Unix(1756713600, 0), Account: account, ChannelARN: channel, ChannelSource: channelSource, Ingested: sourcetest.Received()}
		record := v.Append(nil, eventData)
		if !json.Valid(record) || !strings.HasSuffix(string(record), `"eventData":`+string(eventData)+"}") {
			t.Fatalf("wrapped %q as %q", eventData, record)
		}
		rec := sourcetest.Record(record)
		if !auditevent.Recognise(rec) {
			t.Fatalf("not recognised: %q", record)
		}
		e := new(event.Event)
		if err := auditevent.Source.Map(rec, e); err != nil && leaves(object) > 0 {
			t.Fatalf("%v: %q", err, record)
		}
	})
}

// leaves counts the values that say something.
func leaves(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			n += leaves(member)
		}
	case []any:
		for _, element := range v {
			n += leaves(element)
		}
	case nil:
	case string:
		n = len(v)
	default:
		n = 1
	}
	return n
}

func TestEnvelope(t *testing.T) {
	v := auditevent.Envelope{
		ID: "6c1b2d3e-0000-4000-8000-000000000001", Time: time.Date(2025, 9, 1, 17, 0, 0, 0, time.FixedZone("", 9*3600)), Region: "us-east-1",
		Account: "444455556666", ChannelARN: "arn:aws:cloudtrail:us-east-1:444455556666:channel/c", ChannelSource: "Custom",
		Ingested: time.Date(2025, 9, 1, 8, 0, 1, 2_000_000, time.UTC),
	}
	const data = `{ "UID" : "1", "amount": 184300.50 }`
	const want = `{"eventVersion":"1.11","eventCategory":"ActivityAuditLog","eventType":"ActivityLog",` +
		`"eventID":"6c1b2d3e-0000-4000-8000-000000000001","eventTime":"2025-09-01T08:00:00Z","awsRegion":"us-east-1","recipientAccountId":"444455556666",` +
		`"metadata":{"ingestionTime":"2025-09-01T08:00:01.002Z","channelARN":"arn:aws:cloudtrail:us-east-1:444455556666:channel/c","channelSource":"Custom"},` +
		`"eventData":` + data + `}`
	if got := string(v.Append(nil, []byte(data))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRecognise(t *testing.T) {
	for text, want := range map[string]bool{
		`{"eventCategory":"ActivityAuditLog","eventData":{}}`:                 true,
		`{"eventData":{"a":1},"eventCategory":"ActivityAuditLog"}`:            true,
		`{"eventCategory":"ActivityAuditLog","eventData":"text"}`:             false,
		`{"eventCategory":"Management","eventData":{"x":"ActivityAuditLog"}}`: false,
		`{"message":"ActivityAuditLog"}`:                                      false,
		`{"auditEvents":[{"eventData":"{}"}],"x":"ActivityAuditLog"}`:         false,
		`["ActivityAuditLog"]`:                                                false,
		``:                                                                    false,
	} {
		if got := auditevent.Recognise(sourcetest.Record([]byte(text))); got != want {
			t.Errorf("Recognise(%s) = %v", text, got)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                   "without eventCategory",
		`{"eventCategory":"ActivityAuditLog"}`: "eventData",
		`{"eventCategory":"Management","eventData":{"a":1}}`: "without eventCategory",
		`{"eventCategory":"ActivityAuditLog","eventData":{`:  "at byte",
	} {
		err := auditevent.Source.Map(sourcetest.Record([]byte(text)), new(event.Event))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Map(%s): %v, want %q", text, err, want)
		}
	}
}

func bench(t testing.TB) [][]byte {
	t.Helper()
	data, err := os.ReadFile("testdata/shapes/in.log")
	if err != nil {
		t.Fatal(err)
	}
	return sourcetest.Lines(data)
}

func TestNoAllocations(t *testing.T) { sourcetest.NoAllocations(t, auditevent.Source, bench(t)) }

func BenchmarkMap(b *testing.B) { sourcetest.Bench(b, auditevent.Source, bench(b)) }

func BenchmarkEnvelope(b *testing.B) {
	data := []byte(`{"version":"1","userIdentity":{"type":"user","principalId":"alice"},"eventSource":"x","eventName":"y","eventTime":"2025-09-01T08:00:00Z","UID":"1","recipientAccountId":"444455556666"}`)
	v := auditevent.Envelope{ID: "6c1b2d3e-0000-4000-8000-000000000001", Time: sourcetest.Received(), Account: "444455556666", ChannelARN: "arn:aws:cloudtrail:us-east-1:444455556666:channel/c", ChannelSource: "Custom", Ingested: sourcetest.Received()}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf = v.Append(buf[:0], data)
	}
}

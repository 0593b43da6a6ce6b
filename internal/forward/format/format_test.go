package format

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
)

var formats = []wire.Format{wire.CEFMCAS, wire.CEF, wire.LEEF, wire.RFC5424JSON, wire.OCSFJSON, wire.JSON}

func TestSeverity(t *testing.T) {
	for id, want := range []string{"0", "1", "3", "6", "8", "10", "10"} {
		e := filled(event.ClassDetectionFinding, func(event.Column) string { return "x" })
		e.Int(event.ColSeverityID, "", int64(id))
		for _, f := range []wire.Format{wire.CEF, wire.CEFMCAS} {
			line, _, err := encoder(t, Options{Format: f, Header: headless(f)}).Append(nil, e)
			if err != nil || decoded(t, f, line)["head 5"] != want {
				t.Errorf("%s, severity %d: %v, %s", f, id, err, line)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	ev := filled(event.ClassAuthentication, func(event.Column) string { return "x" })
	for want, o := range map[string]Options{
		"<109>2025-02-04T01:51:55.000Z host.example.com CEF:0|MCAS|":                           {Format: wire.CEFMCAS},
		"<14>Feb 04 01:51:55 host.example.com CEF:0|MCAS|":                                     {Format: wire.CEFMCAS, Header: wire.Header{Form: wire.HeaderRFC3164, Priority: 14}},
		"<109>Feb 04 2025 01:51:55 host.example.com CEF:0|MCAS|":                               {Format: wire.CEFMCAS, Header: wire.Header{Form: wire.HeaderRFC3164Year}},
		"<109>Feb  4 01:51:55 host.example.com CEF:0|Kiroku|":                                  {Format: wire.CEF, Header: wire.Header{Form: wire.HeaderRFC3164}},
		"<109>Feb  4 2025 01:51:55 other LEEF:2.0|Kiroku|":                                     {Format: wire.LEEF, Header: wire.Header{Form: wire.HeaderRFC3164Year, Host: "other"}},
		"2025-02-04T01:51:55.000Z CEF:0|Kiroku|":                                               {Format: wire.CEF, Header: wire.Header{NoPRI: true, NoHost: true}},
		"<109>1 2025-02-04T01:51:55.000000Z host.example.com kiroku - authentication - CEF:0|": {Format: wire.CEF, Header: wire.Header{Form: wire.HeaderRFC5424}},
		"<109>1 2025-02-04T01:51:55.000000Z - kiroku - authentication - {\"event_uid\":":       {Format: wire.RFC5424JSON, Header: wire.Header{NoHost: true}},
		"{\"event_uid\":":   {Format: wire.JSON},
		"{\"activity_id\":": {Format: wire.OCSFJSON},
		"CEF:0|MCAS|":       {Format: wire.CEFMCAS, Header: wire.Header{Form: wire.HeaderNone}},
	} {
		o.Host = "host.example.com"
		line, _, err := encoder(t, o).Append([]byte("before "), ev)
		if err != nil || !strings.HasPrefix(string(line), "before "+want) {
			t.Errorf("%+v: %v\n got %.120s\nwant %s", o.Header, err, line, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for want, o := range map[string]Options{
		"format is":                 {Format: "xml"},
		"max_bytes":                 {Format: wire.CEF, MaxBytes: 100},
		"header of RFC":             {Format: wire.RFC5424JSON, Header: wire.Header{Form: wire.HeaderNone}},
		"header.form (--header) is": {Format: wire.CEF, Header: wire.Header{Form: "x"}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}

// TestColumns holds that the columns that are said to be enough are.
func TestColumns(t *testing.T) {
	for _, f := range formats {
		o := Options{Format: f, Version: "1.0"}
		enc, shown := encoder(t, o), Columns(o)
		for _, full := range append(events(t), filled(event.ClassAPIActivity, func(c event.Column) string { return c.String() })) {
			want, _, err := enc.Append(nil, full)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range event.Columns() {
				if !slices.Contains(shown, c) {
					full.Clear(c)
				}
			}
			if got, _, err := enc.Append(nil, full); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %v\n got %s\nwant %s", f, err, got, want)
			}
		}
	}
	if Columns(Options{Format: wire.JSON, Raw: true}) != nil {
		t.Error("raw JSON does not show everything")
	}
}

func TestUID(t *testing.T) {
	e := new(event.Event)
	e.Str(event.ColEventUID, "", "ours")
	if UID(e) != "ours" {
		t.Error("an event without an id of its own")
	}
	e.Str(event.ColMetadataUID, "", "theirs")
	if UID(e) != "theirs" {
		t.Error("an event with an id of its own")
	}
}

func TestNoAllocations(t *testing.T) {
	list := events(t)
	for _, f := range formats {
		enc := encoder(t, Options{Format: f, Host: "agent.example.com", Version: "1.0"})
		var line []byte
		for _, ev := range list {
			line, _, _ = enc.Append(line[:0], ev)
			if n := testing.AllocsPerRun(20, func() { line, _, _ = enc.Append(line[:0], ev) }); n != 0 {
				t.Errorf("%s: %v allocations for %s", f, n, line)
			}
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	list := events(b)
	for _, f := range formats {
		b.Run(string(f), func(b *testing.B) {
			enc := encoder(b, Options{Format: f, Host: "agent.example.com", Version: "1.0"})
			var line []byte
			var total int
			for _, ev := range list {
				line, _, _ = enc.Append(line[:0], ev)
				total += len(line)
			}
			b.SetBytes(int64(total / len(list)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				var err error
				if line, _, err = enc.Append(line[:0], list[i%len(list)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

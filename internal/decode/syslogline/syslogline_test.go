package syslogline_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"kiroku/internal/decode/syslogline"
)

var update = flag.Bool("update", false, "write testdata/headers.golden anew")

var received = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func describe(l *syslogline.Line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "format=%d", l.Format)
	if l.HasPRI {
		fmt.Fprintf(&b, " pri=%d facility=%d severity=%d", l.PRI(), l.Facility, l.Severity)
	}
	if t, ok := l.Stamp.Time(received, time.FixedZone("", 3600)); ok {
		fmt.Fprintf(&b, " time=%s text=%q zone=%v", t.UTC().Format(time.RFC3339Nano), l.Stamp.Text, l.Stamp.HasZone)
	}
	for _, f := range []struct {
		name  string
		value []byte
	}{{"host", l.Host}, {"app", l.App}, {"proc", l.ProcID}, {"msg", l.MsgID}, {"data", l.Data}, {"relay", l.Relay}} {
		if len(f.value) > 0 {
			fmt.Fprintf(&b, " %s=%q", f.name, f.value)
		}
	}
	fmt.Fprintf(&b, "\n\tbody=%q\n", l.Body)
	return b.String()
}

// testdata/headers.txt holds one line a case; headers.golden what becomes of it. The receive time is 2026-03-01 12:00
// UTC, the zone of stamps without one is +01:00.
func TestHeaders(t *testing.T) {
	in, err := os.ReadFile("testdata/headers.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for line := range bytes.Lines(in) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		var l syslogline.Line
		l.Parse(line)
		fmt.Fprintf(&got, "%s\n\t%s", line, describe(&l))
	}
	const golden = "testdata/headers.golden"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s differs; run the test with -update and read the difference\n%s", golden, got.Bytes())
	}
}

func TestMissingYear(t *testing.T) {
	for _, c := range []struct{ received, stamp, want string }{
		{"2026-01-01T00:00:05Z", "Dec 31 23:59:58", "2025-12-31T23:59:58Z"},
		{"2026-01-01T00:00:05Z", "Jan  1 00:00:04", "2026-01-01T00:00:04Z"},
		{"2026-12-31T23:00:00Z", "Jan  1 08:00:00", "2027-01-01T08:00:00Z"},
		{"2026-12-30T23:00:00Z", "Jan  1 08:00:00", "2026-01-01T08:00:00Z"},
		{"2026-06-30T12:00:00Z", "Jul  1 11:59:59", "2026-07-01T11:59:59Z"},
		{"2026-06-30T12:00:00Z", "Jul  1 12:00:01", "2025-07-01T12:00:01Z"},
		{"2026-03-01T00:00:00Z", "Feb 29 10:00:00", "2024-02-29T10:00:00Z"},
		{"2028-02-29T12:00:00Z", "Feb 29 10:00:00", "2028-02-29T10:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, c.received)
		if err != nil {
			t.Fatal(err)
		}
		var l syslogline.Line
		l.Parse([]byte("<13>" + c.stamp + " host app: text"))
		got, ok := l.Stamp.Time(at, time.UTC)
		if !ok || got.Format(time.RFC3339) != c.want {
			t.Errorf("%s received %s: got %v, want %s", c.stamp, c.received, got, c.want)
		}
	}
}

func TestParseLocal(t *testing.T) {
	s, ok := syslogline.ParseLocal([]byte("2026-06-30 09:15:02"))
	tokyo := time.FixedZone("JST", 9*3600)
	if got, _ := s.Time(received, tokyo); !ok || got.UTC().Format(time.RFC3339) != "2026-06-30T00:15:02Z" {
		t.Errorf("got %v, %v", got, ok)
	}
	for _, bad := range []string{"", "2026-06-30T09:15:02", "2026-06-31 09:15:02", "2026-06-30 24:15:02", "2026-06-30 09:15:02 x"} {
		if _, ok := syslogline.ParseLocal([]byte(bad)); ok {
			t.Errorf("%q was taken for a time", bad)
		}
	}
}

func TestEachParam(t *testing.T) {
	data := []byte(`[a@1 k="v" q="x\"y\\z\]w\n"][b][c z=""]`)
	var got []string
	scratch := syslogline.EachParam(data, nil, func(id, name, value []byte) bool {
		got = append(got, fmt.Sprintf("%s/%s=%s", id, name, value))
		return true
	})
	want := `a@1/k=v|a@1/q=x"y\z]w\n|c/z=`
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
	n := 0
	syslogline.EachParam(data, scratch, func(_, _, _ []byte) bool { n++; return false })
	if n != 1 {
		t.Errorf("%d parameters after a stop at the first", n)
	}
}

// Property: the body is the end of the line, all other fields are parts of it, and parsing takes no memory of its own.
func FuzzParse(f *testing.F) {
	in, err := os.ReadFile("testdata/headers.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(in) {
		f.Add(bytes.TrimSuffix(line, []byte("\n")))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var l syslogline.Line
		l.Parse(data)
		if !bytes.HasSuffix(data, l.Body) {
			t.Fatalf("body %q of %q", l.Body, data)
		}
		for _, part := range [][]byte{l.Host, l.App, l.ProcID, l.MsgID, l.Data, l.Relay, l.Stamp.Text} {
			if !bytes.Contains(data, part) {
				t.Fatalf("%q is not in %q", part, data)
			}
		}
		if got, ok := l.Stamp.Time(received, time.UTC); ok && !l.Stamp.HasYear && got.After(received.Add(24*time.Hour)) {
			t.Fatalf("%q is in the future: %v", l.Stamp.Text, got)
		}
		syslogline.EachParam(l.Data, nil, func(_, _, _ []byte) bool { return true })
	})
}

func BenchmarkParse(b *testing.B) {
	for name, line := range map[string]string{
		"rfc3164": `<134>Nov 21 00:00:00 vpn1.example.com PulseSecure: {"message_id":"ADM22668"}`,
		"rfc5424": `<134>1 2026-11-21T00:00:00.114193Z vpn1.example.com PulseSecure: - - - {"message_id":"ADM22668"}`,
	} {
		b.Run(name, func(b *testing.B) {
			data := []byte(line)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			var l syslogline.Line
			for b.Loop() {
				l.Parse(data)
			}
		})
	}
}

// TestEachRelay reads what relays put in front: all of their headers, the nearest to the device first.
func TestEachRelay(t *testing.T) {
	for line, want := range map[string]string{
		`<13>Oct  5 08:00:00 h app: text`: "",
		"\ufeff<13>1 2026-10-05T00:00:02Z far fwd 9 M [a@1 b=\"c\"] <13>Oct  5 09:00:01 near <134>1 2026-10-05T00:00:00Z h app - - - text": "near    ;far fwd 9 M [a@1 b=\"c\"];",
	} {
		var l syslogline.Line
		l.Parse([]byte(line))
		var got strings.Builder
		l.EachRelay([]byte(line), func(r *syslogline.Line) {
			fmt.Fprintf(&got, "%s %s %s %s %s;", r.Host, r.App, r.ProcID, r.MsgID, r.Data)
		})
		if got.String() != want || string(l.Host) != "h" || string(l.Body) != "text" {
			t.Errorf("%s: relays %q, want %q; host %q, body %q", line, got.String(), want, l.Host, l.Body)
		}
	}
}

package generic

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
	"kiroku/internal/source"
	"kiroku/internal/source/sourcetest"
)

func mapped(data []byte) *event.Event {
	var e event.Event
	if err := Map(sourcetest.Record(data), &e); err != nil {
		panic(err)
	}
	return &e
}

func TestGolden(t *testing.T) { sourcetest.Golden(t, Source) }

// FuzzMap holds what is true of every source.
func FuzzMap(f *testing.F) { sourcetest.Fuzz(f, Source) }

// check holds what is true of every row, whatever the record.
func check(t *testing.T, data []byte, e *event.Event) {
	t.Helper()
	for _, c := range []event.Column{event.ColTime, event.ColClassUID, event.ColActivityID, event.ColSeverityID} {
		if !e.Has(c) {
			t.Errorf("no %s for %.100q", c, data)
		}
	}
	if len(data) > 0 && !e.Has(event.ColMessage) {
		t.Errorf("no message for %.100q", data)
	}
	if at := time.UnixMicro(e.GetInt(event.ColTime)); !source.Plausible(at, sourcetest.Received()) && !e.Has(event.ColOriginalTime) {
		t.Errorf("time %v for %.100q", at, data)
	}
	if len(e.Unmapped()) > maxLeaves+10 {
		t.Errorf("%d leaves", len(e.Unmapped()))
	}
	for _, c := range event.Columns() {
		if !utf8.ValidString(e.GetStr(c)) {
			t.Errorf("%s is not UTF-8: %.100q", c, e.GetStr(c))
		}
	}
	for _, p := range e.Unmapped() {
		if !utf8.ValidString(p.Key) || !utf8.ValidString(p.Value) {
			t.Errorf("unmapped %.100q = %.100q is not UTF-8", p.Key, p.Value)
		}
	}
	if row := e.AppendJSON(nil); !json.Valid(row) {
		t.Errorf("row is no JSON: %.200q", row)
	}
}

func TestHostileRecords(t *testing.T) {
	const mega = 1 << 20
	var manyKeys, manyPairs strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&manyKeys, `"k%d":%d,`, i, i)
		fmt.Fprintf(&manyPairs, "k%d=%d ", i, i)
	}
	longKey := strings.Repeat("k", mega/2)
	for name, text := range map[string]string{
		"one long word":    strings.Repeat("x", mega),
		"nul bytes":        strings.Repeat("\x00", mega),
		"invalid UTF-8":    strings.Repeat("\xff", mega),
		"invalid in JSON":  `{"a":"` + strings.Repeat("\xff", mega) + `"}`,
		"deep arrays":      strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
		"deep objects":     strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000),
		"many keys":        "{" + manyKeys.String() + `"last":1}`,
		"many pairs":       manyPairs.String(),
		"CEF pairs":        "CEF:0|V|P|1|1|N|1|" + manyPairs.String(),
		"LEEF pairs":       "LEEF:1.0|V|P|1|1|" + strings.ReplaceAll(manyPairs.String(), " ", "\t"),
		"long path":        `{"` + longKey + `":{` + strings.TrimSuffix(strings.Repeat(`"a":1,`, 2000), ",") + `}}`,
		"open quotes":      strings.Repeat(`a="\" `, mega/6),
		"escapes":          strings.Repeat(`\`, mega),
		"equals":           strings.Repeat("=", mega),
		"keys and commas":  strings.Repeat("a=b,", mega/4),
		"braces":           strings.Repeat("{", mega),
		"CEF marks":        strings.Repeat("CEF:0|", mega/6),
		"LEEF marks":       strings.Repeat("LEEF:1|", mega/7),
		"structured data":  "<13>1 - - - - - " + strings.Repeat(`[a b="c"]`, mega/9),
		"open structure":   "<13>1 - - - - - " + strings.Repeat(`[a b="`, mega/6),
		"long number":      `{"time":` + strings.Repeat("9", mega) + `}`,
		"digits as level":  `{"level":` + strings.Repeat("1", 100) + `}`,
		"only a header":    "<13>",
		"nothing":          "",
		"a line end":       "\n",
		"many equal names": strings.Repeat("user=alice ", 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			e := mapped([]byte(text))
			check(t, []byte(text), e)
			// Linear work on a megabyte takes milliseconds; quadratic work takes minutes.
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestLeavesBeyondTheLimitAreCounted(t *testing.T) {
	var doc strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&doc, `,"k%d":%d`, i, i)
	}
	e := mapped([]byte("{" + doc.String()[1:] + "}"))
	if n, _ := e.Unmapped1("_leaves_left_out"); n != "500" {
		t.Errorf("_leaves_left_out is %q, want 500", n)
	}
	if v, _ := e.Unmapped1("k999"); v != "999" {
		t.Errorf("k999 is %q", v)
	}
}

func TestZoneOfTheInputHolds(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	rec := event.Record{Data: []byte("<13>Jan  2 10:00:00 h a: x"), Received: sourcetest.Received(), Origin: &event.Origin{Zone: tokyo}}
	var e event.Event
	if err := Map(&rec, &e); err != nil {
		t.Fatal(err)
	}
	if got, want := time.UnixMicro(e.GetInt(event.ColTime)).UTC(), time.Date(2026, 1, 2, 1, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("time %v, want %v", got, want)
	}
}

// TestNothingIsLost holds that every leaf of a JSON record is in the row.
func TestNothingIsLost(t *testing.T) {
	data := []byte(`{"time":"2026-01-01T10:00:00Z","user":"u1","username":"u2","src":"192.0.2.1","src_ip":"192.0.2.2","level":"odd-level","port":7,"nested":{"a":["x1","x2"]},"status":"weird","src_port":"70000"}`)
	row := string(mapped(data).AppendJSON(nil))
	for _, value := range []string{"2026-01-01T10:00:00Z", "u1", "u2", "192.0.2.1", "192.0.2.2", "odd-level", "7", "x1", "x2", "weird", "70000"} {
		if !strings.Contains(row, value) {
			t.Errorf("%q is not in %s", value, row)
		}
	}
}

func TestReusedRowHoldsNothingOfTheLast(t *testing.T) {
	var e event.Event
	for _, line := range []string{`{"user":"alice","a\u0062":"x\ty","n":{"m":1}}`, "plain words"} {
		e.Reset()
		if err := Map(sourcetest.Record([]byte(line)), &e); err != nil {
			t.Fatal(err)
		}
		if got, want := string(e.AppendJSON(nil)), string(mapped([]byte(line)).AppendJSON(nil)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// FuzzRow holds that no record makes an error, and that every row has a plausible time, a class and valid text.
func FuzzRow(f *testing.F) {
	cases, err := filepath.Glob("testdata/*/in.log")
	if err != nil {
		f.Fatal(err)
	}
	for _, in := range cases {
		data, err := os.ReadFile(in)
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range sourcetest.Lines(data) {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		check(t, data, mapped(data))
	})
}

func BenchmarkMap(b *testing.B) {
	for name, line := range map[string]string{
		"json":    `<14>1 2026-01-01T22:14:15Z web1 app 7 - - {"@timestamp":"2026-01-01T10:00:00.123+09:00","level":"warn","message":"login failed","user":{"name":"alice","id":"7"},"source":{"ip":"192.0.2.1","port":50123},"http":{"request":{"method":"POST"}},"attempt":3}`,
		"cef":     `<109>Jan  1 22:14:15 gw1 CEF:0|Example|Gateway|1.2|EVENT_LOGIN|Log on|8|externalId=e-1 rt=1767225600123 suser=alice src=192.0.2.1 spt=50123 msg=Log on from the office cs1Label=portalURL cs1=https://example.com/x`,
		"pairs":   `<14>Jan  1 22:14:15 fw1 level=warn msg="request denied" user=alice src=192.0.2.1 srcport=50123 dst=198.51.100.7 dstport=443 action=deny`,
		"words":   `<86>Jan  1 23:59:59 host1 sshd[1234]: Failed password for invalid user admin from 192.0.2.7 port 50122 ssh2`,
		"deep":    strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000),
		"invalid": strings.Repeat("\xff", 1000),
	} {
		b.Run(name, func(b *testing.B) {
			sourcetest.Bench(b, Source, [][]byte{[]byte(line)})
		})
	}
}

package format

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
	"kiroku/internal/source/defender"
	"kiroku/internal/source/sourcetest"
)

// originals are the public lines of SIEM agents, and their events.
func originals(t testing.TB) (lines [][]byte, list []*event.Event) {
	t.Helper()
	data, err := os.ReadFile("../../source/defender/testdata/agents/in.log")
	if err != nil {
		t.Fatal(err)
	}
	lines = sourcetest.Lines(data)
	for _, line := range lines {
		e := new(event.Event)
		if err := defender.Source.Map(sourcetest.Record(line), e); err != nil {
			t.Fatal(err)
		}
		e.Str(event.ColSource, "", string(event.DefenderForCloudApps))
		e.Str(event.ColRawData, "", event.Bytes(line))
		list = append(list, e)
	}
	return lines, list
}

// TestOriginal holds that what a SIEM agent sent goes on as the same bytes: the header's time is the event's, and the agent
// of 2025 forgot escapes and quotes, as did the page with the bold letters.
func TestOriginal(t *testing.T) {
	lines, list := originals(t)
	repair := strings.NewReplacer("activity.id=eq", `activity.id\=eq`, "c6a1Label=Device IPv6 Address", `c6a1Label="Device IPv6 Address"`,
		"**suser=", `**suser\=`, "**ServiceName=", `**ServiceName\=`)
	plain := encoder(t, Options{Format: wire.CEFMCAS, Header: wire.Header{NoPRI: true, NoHost: true}, Version: "1.0"})
	full := encoder(t, Options{Format: wire.CEFMCAS, Host: "89888346f2db", Version: "1.0"})
	for i, line := range lines {
		want, enc := string(line), plain
		if line[0] == '<' {
			enc = full
		}
		if !strings.Contains(want, `id\=eq`) {
			want = repair.Replace(want)
		}
		got, cut, err := enc.Append(nil, list[i])
		if err != nil || cut != 0 || string(got) != want {
			t.Errorf("line %d: %d, %v\n got %s\nwant %s", i+1, cut, err, got, want)
		}
	}
}

// TestOriginalFromColumns holds that the columns alone give the same bytes, for lines that have all keys.
func TestOriginalFromColumns(t *testing.T) {
	lines, list := originals(t)
	enc := encoder(t, Options{Format: wire.CEFMCAS, Header: wire.Header{NoPRI: true, NoHost: true}, Version: "1.0"})
	tried := 0
	for i, line := range lines {
		if !bytes.Contains(line, []byte(" rt=")) || line[0] == '<' {
			continue
		}
		tried++
		list[i].Clear(event.ColRawData)
		got, _, err := enc.Append(nil, list[i])
		if err != nil || !bytes.Equal(got, line) {
			t.Errorf("line %d: %v\n got %s\nwant %s", i+1, err, got, line)
		}
	}
	if tried != 3 {
		t.Errorf("%d lines have all keys", tried)
	}
}

// TestRoundTrip holds that lines in the original's form are read by our source as what they were made from.
func TestRoundTrip(t *testing.T) {
	enc := encoder(t, Options{Format: wire.CEFMCAS, Host: "agent", Version: "1.0"})
	for _, class := range []int{event.ClassAuthentication, event.ClassDetectionFinding, event.ClassAPIActivity} {
		ev := filled(class, func(c event.Column) string { return "of " + c.String() + ` msg=x suser=y \ ` + "\n" })
		line, _, err := enc.Append(nil, ev)
		if err != nil {
			t.Fatal(err)
		}
		e := new(event.Event)
		if err := defender.Source.Map(sourcetest.Record(line), e); err != nil {
			t.Fatal(err)
		}
		for _, c := range []event.Column{event.ColMetadataUID, event.ColMessage, event.ColActorUserName, event.ColAppName, event.ColAppUID} {
			if want := strings.TrimSpace(ev.GetStr(c)); strings.TrimSpace(e.GetStr(c)) != want {
				t.Errorf("class %d: %s is %q, want %q", class, c, e.GetStr(c), want)
			}
		}
		if e.GetInt(event.ColTime) != ev.GetInt(event.ColTime) || (class == event.ClassDetectionFinding) != (e.GetInt(event.ColClassUID) == event.ClassDetectionFinding) {
			t.Errorf("class %d: %s", class, e.AppendJSON(nil))
		}
		if amb, _ := e.Unmapped1("_ambiguous"); amb != "" {
			t.Errorf("class %d is ambiguous: %s", class, line)
		}
	}
}

// FuzzOriginal holds that a line in the original's form, however broken, goes on as one line of UTF-8 that has the same keys
// and values: what was a part of a value does not become a key.
func FuzzOriginal(f *testing.F) {
	for _, name := range []string{"agents", "forms"} {
		data, err := os.ReadFile("../../source/defender/testdata/" + name + "/in.log")
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range sourcetest.Lines(data) {
			f.Add(line)
		}
	}
	enc := encoder(f, Options{Format: wire.CEFMCAS, Header: headless(wire.CEFMCAS), MaxBytes: 8 << 20, Version: "1.0"})
	f.Fuzz(func(t *testing.T, data []byte) {
		var in, out defender.Line
		if len(data) > 64<<10 || in.Parse(data) != nil || len(bytes.TrimSpace(in.Text)) > 0 {
			return
		}
		e := new(event.Event)
		if err := defender.Source.Map(sourcetest.Record(data), e); err != nil {
			t.Fatal(err)
		}
		e.Str(event.ColSource, "", string(event.DefenderForCloudApps))
		e.Str(event.ColRawData, "", event.Bytes(data))
		line, cut, err := enc.Append(nil, e)
		if err != nil || cut != 0 {
			t.Fatalf("%d, %v", cut, err)
		}
		if bytes.ContainsAny(line, "\n\r\x00") || !utf8.Valid(line) {
			t.Fatalf("not one line of UTF-8: %q", line)
		}
		if err := out.Parse(line); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if len(in.Fields) != len(out.Fields) {
			t.Fatalf("%d keys become %d:\n%q\n%q", len(in.Fields), len(out.Fields), data, line)
		}
		for i := range in.Fields {
			was, is := &in.Fields[i], &out.Fields[i]
			a, _ := was.Value(nil)
			b, _ := is.Value(nil)
			want := strings.Trim(strings.ReplaceAll(eachByte(string(a)), "\x00", replacement), " ")
			if string(was.Key) != string(is.Key) || strings.Trim(string(b), " ") != want && string(defender.Unquote(a)) != ipv6Name {
				t.Fatalf("%s=%q becomes %s=%q:\n%q\n%q", was.Key, a, is.Key, b, data, line)
			}
		}
	})
}

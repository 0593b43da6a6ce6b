package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kiroku/internal/decode/cef"
	"kiroku/internal/decode/leef"
	"kiroku/internal/decode/syslogline"
	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
	"kiroku/internal/ocsf"
	"kiroku/internal/ocsf/nest"
	"kiroku/internal/source/defender"
	"kiroku/internal/source/sourcetest"
)

var formats = []wire.Format{wire.CEFMCAS, wire.CEF, wire.LEEF, wire.RFC5424JSON, wire.OCSFJSON, wire.JSON}

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
	enc := encoder(t, Options{Format: wire.CEFMCAS, Header: wire.Header{NoPRI: true, NoHost: true}, Version: "1.0", BaseURL: "https://kiroku.example.com"})
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

// decoded reads a line back: the names and values that a receiver sees.
func decoded(t *testing.T, f wire.Format, line []byte) map[string]string {
	t.Helper()
	out := map[string]string{}
	add := func(key, value []byte) {
		if _, twice := out[string(key)]; twice {
			t.Errorf("%s twice in %q", key, line)
		}
		out[string(key)] = string(value)
	}
	switch f {
	case wire.CEFMCAS, wire.CEF:
		var m cef.Message
		if err := m.Parse(line); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		for i, part := range [][]byte{m.Vendor, m.Product, m.DeviceVer, m.SignatureID, m.Name, m.Severity} {
			add(fmt.Append(nil, "head ", i), part)
		}
		add([]byte("text"), m.Text)
		for _, f := range m.Fields {
			add(f.Key, f.Value)
		}
	case wire.LEEF:
		var m leef.Message
		if err := m.Parse(line); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		for i, part := range [][]byte{m.Vendor, m.Product, m.ProductVer, m.EventID} {
			add(fmt.Append(nil, "head ", i), part)
		}
		for _, f := range m.Fields {
			add(f.Key, f.Value)
		}
	}
	return out
}

// filled sets every column of texts, and some others.
func filled(class int, text func(c event.Column) string) *event.Event {
	e := new(event.Event)
	e.Class(class, 1)
	e.Int(event.ColSeverityID, "", event.SeverityHigh)
	e.Time(event.ColTime, "", time.UnixMilli(1738633915000))
	for _, c := range event.Columns() {
		switch c.Kind() {
		case event.String:
			e.Str(c, "", text(c))
		case event.StringList:
			e.Add(c, "", text(c))
		case event.StringMap:
			e.Unmap("key", text(c))
		}
	}
	e.Int(event.ColSrcPort, "", 50123)
	e.Int(event.ColRiskScore, "", 7)
	return e
}

// FuzzIdentity holds for each format that any text in any column is read back as it was, and that it makes no other key,
// field or line: the line has the keys that it has with harmless texts.
func FuzzIdentity(f *testing.F) {
	for _, s := range []string{
		"text", "a=b", `\`, `\\n\r\=`, "two\nlines\r\n", "|", "a|b\\", " msg=forged suser=x", "\t", "\tusrName=x", "\x00", "\x01\x1f\x7f", "\xff\xfe", "日本語\u2028", `"}`, "\"\\u0041", "<109>1 - -", " ", "  x  ",
		"...[cut 7]", "CEF:0|MCAS|SIEM_Agent|1|EVENT_CATEGORY_LOGIN|x|0|msg=x", "ALERT_X", "EVENT_CATEGORY_X|y",
	} {
		f.Add(s, uint16(event.ClassAPIActivity))
		f.Add(s, uint16(event.ClassDetectionFinding))
	}
	encoders := map[wire.Format]*Encoder{}
	for _, format := range formats {
		encoders[format] = encoder(f, Options{Format: format, Header: headless(format), Raw: true, MaxBytes: 8 << 20, Version: "1.0"})
	}
	nester := nest.New(ocsf.New())
	f.Fuzz(func(t *testing.T, s string, class uint16) {
		if len(s) > 64<<10 || s == "" {
			return
		}
		ev := filled(int(class), func(event.Column) string { return s })
		harmless := filled(int(class), func(event.Column) string { return "x" })
		for _, format := range formats {
			enc := encoders[format]
			line, cut, err := enc.Append(nil, ev)
			if err != nil || cut != 0 {
				t.Fatalf("%s: %d, %v", format, cut, err)
			}
			if again, _, _ := enc.Append(nil, ev); !bytes.Equal(line, again) {
				t.Fatalf("%s: two lines of one event:\n%q\n%q", format, line, again)
			}
			if bytes.ContainsAny(line, "\n\r\x00") || !utf8.Valid(line) {
				t.Fatalf("%s: not one line of UTF-8: %q", format, line)
			}
			plain, _, err := enc.Append(nil, harmless)
			if err != nil {
				t.Fatal(err)
			}
			valid := strings.ToValidUTF8(s, "\uFFFD")
			if !utf8.ValidString(s) {
				valid = string(bytes.Runes([]byte(s))) // one for each byte
				valid = eachByte(s)
			}
			switch format {
			case wire.JSON, wire.RFC5424JSON:
				compareJSON(t, format, line, valid, class)
			case wire.OCSFJSON:
				compareNested(t, nester, ev, line)
			default:
				comparePairs(t, format, line, plain, valid)
			}
		}
	})
}

// headless is a header that leaves the line as the formats write it.
func headless(f wire.Format) wire.Header {
	if f == wire.RFC5424JSON {
		return wire.Header{Form: wire.HeaderRFC5424}
	}
	return wire.Header{Form: wire.HeaderNone}
}

// eachByte replaces every byte that is no UTF-8.
func eachByte(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

// comparePairs looks at keys that hold one text alone.
func comparePairs(t *testing.T, f wire.Format, line, plain []byte, s string) {
	t.Helper()
	got, keys := decoded(t, f, line), decoded(t, f, plain)
	value := strings.ReplaceAll(s, "\x00", "\uFFFD")
	single := map[string]string{"msg": value, "suser": value, "requestClientApplication": value, "cs2": value, "usrName": value, "userAgent": value, "externalId": value}
	if f == wire.LEEF {
		value = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ", "\x00", "\uFFFD").Replace(s)
		for key := range single {
			single[key] = value
		}
	}
	for key := range got {
		// An address of version 6 stands under another key; what has a colon is taken for one.
		if _, ok := keys[key]; !ok && !strings.Contains(s, ":") {
			t.Errorf("%s: %q makes the key %q: %q", f, s, key, line)
		}
	}
	for key, want := range single {
		if _, written := keys[key]; written && got[key] != want {
			t.Errorf("%s: %s is %q, want %q", f, key, got[key], want)
		}
	}
}

func compareJSON(t *testing.T, f wire.Format, line []byte, s string, class uint16) {
	t.Helper()
	if f == wire.RFC5424JSON {
		var l syslogline.Line
		l.Parse(line)
		if l.Format != syslogline.RFC5424 || string(l.App) != appName || string(l.MsgID) != className(int(class)) || !l.Stamp.HasZone || len(l.Data) != 0 {
			t.Fatalf("header of %q: %+v", line, l)
		}
		line = l.Body
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var row map[string]any
	if err := d.Decode(&row); err != nil || d.More() {
		t.Fatalf("%v: %q", err, line)
	}
	for _, c := range event.Columns() {
		switch c.Kind() {
		case event.String:
			if row[c.String()] != s {
				t.Errorf("%s: %s is %q, want %q", f, c, row[c.String()], s)
			}
		case event.StringList:
			if !reflect.DeepEqual(row[c.String()], []any{s}) {
				t.Errorf("%s: %s is %q, want %q", f, c, row[c.String()], s)
			}
		case event.StringMap:
			if !reflect.DeepEqual(row[c.String()], map[string]any{"key": s}) {
				t.Errorf("%s: %s is %q, want %q", f, c, row[c.String()], s)
			}
		}
	}
}

// compareNested holds that the object reads as the one that package nest makes does through encoding/json.
func compareNested(t *testing.T, n *nest.Nester, ev *event.Event, line []byte) {
	t.Helper()
	text, err := json.Marshal(n.Object(ev))
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%v: %q", err, line)
	}
	if err := json.Unmarshal(text, &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v:\n got %s\nwant %s", err, line, text)
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
		"format is":      {Format: "xml"},
		"max_bytes":      {Format: wire.CEF, MaxBytes: 100},
		"header of RFC":  {Format: wire.RFC5424JSON, Header: wire.Header{Form: wire.HeaderNone}},
		"header.form is": {Format: wire.CEF, Header: wire.Header{Form: "x"}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}

// FuzzCut holds that a line fits, that only the ends of texts are missing, and that it says how much: never an id or a time.
func FuzzCut(f *testing.F) {
	f.Add("a", 3000, uint16(600), uint16(event.ClassAPIActivity))
	f.Add("=", 3000, uint16(900), uint16(event.ClassDetectionFinding))
	f.Add("日\\", 900, uint16(700), uint16(event.ClassFileHosting))
	f.Add("\n\xff", 900, uint16(2048), uint16(0))
	f.Fuzz(func(t *testing.T, unit string, n int, limit, class uint16) {
		if n < 0 || n*len(unit) > 64<<10 || int(limit) < minMaxBytes || strings.Contains(unit, ":") {
			return
		}
		s := strings.Repeat(unit, n)
		ev := filled(int(class), func(c event.Column) string {
			switch c {
			case event.ColMessage, event.ColResourceName, event.ColUserAgent, event.ColUnmapped, event.ColRawData, event.ColHTTPURL:
				return s
			}
			return ""
		})
		ev.Str(event.ColMetadataUID, "", "105693141_20893_0c180415-c5f1-4cf2-226a-08dd44be8110")
		for _, format := range formats {
			o := Options{Format: format, Header: headless(format), Raw: true, MaxBytes: int(limit), Version: "1.0"}
			line, cut, err := encoder(t, o).Append(nil, ev)
			if err != nil {
				if !errors.Is(err, ErrTooLong) || len(line) != 0 || cut != 0 {
					t.Fatalf("%s: %v, %d, %q", format, err, cut, line)
				}
				continue
			}
			if len(line) > int(limit) || !utf8.Valid(line) {
				t.Fatalf("%s: %d bytes of %d: %q", format, len(line), limit, line)
			}
			if (cut > 0) != bytes.Contains(line, []byte(cutMark)) && !strings.Contains(s, cutMark) {
				t.Fatalf("%s: %d bytes are cut: %q", format, cut, line)
			}
			if !bytes.Contains(line, []byte("105693141_20893_0c180415-c5f1-4cf2-226a-08dd44be8110")) {
				t.Fatalf("%s: the id is cut: %q", format, line)
			}
			whole := o
			whole.MaxBytes = 8 << 20
			uncut, _, err := encoder(t, whole).Append(nil, ev)
			if err != nil {
				t.Fatal(err)
			}
			checkCut(t, format, line, uncut, cut)
		}
	})
}

// checkCut compares a line with the one of the same event that was not shortened.
func checkCut(t *testing.T, f wire.Format, line, whole []byte, cut int) {
	t.Helper()
	switch f {
	case wire.CEFMCAS, wire.CEF, wire.LEEF:
		got, want := decoded(t, f, line), decoded(t, f, whole)
		if len(got) != len(want) {
			t.Fatalf("%s: other keys: %q", f, line)
		}
		for key, v := range got {
			if v == want[key] {
				continue
			}
			at := strings.LastIndex(v, cutMark)
			if at < 0 || !strings.HasPrefix(want[key], v[:at]) {
				t.Errorf("%s: %s is %q of %q", f, key, v, want[key])
			}
			switch key {
			case "cs3", "msg", "requestClientApplication", "request", "reason", "targetObjects", "userAgent", "url":
			default:
				t.Errorf("%s: %s is shortened", f, key)
			}
		}
	default:
		at := bytes.IndexByte(line, '{')
		if !json.Valid(line[at:]) {
			t.Errorf("%s: no JSON: %q", f, line)
		}
	}
}

// What is cut first: objects, then the message, then the user agent; a third of the message is still there.
func TestCutOrder(t *testing.T) {
	text := func(n int) func(c event.Column) string {
		return func(c event.Column) string {
			switch c {
			case event.ColMessage, event.ColResourceName, event.ColUserAgent:
				return strings.Repeat("é", n)
			case event.ColMetadataUID:
				return "id"
			}
			return ""
		}
	}
	enc := encoder(t, Options{Format: wire.CEFMCAS, Header: headless(wire.CEFMCAS), MaxBytes: 2048, Version: "1.0"})
	for n, want := range map[int]string{100: "", 330: "cs3", 600: "cs3 msg", 900: "cs3 msg requestClientApplication"} {
		line, cut, err := enc.Append(nil, filled(event.ClassAPIActivity, text(n)))
		if err != nil {
			t.Fatal(err)
		}
		var shortened []string
		total := 0
		for _, key := range []string{"cs3", "msg", "requestClientApplication"} {
			v := decoded(t, wire.CEFMCAS, line)[key]
			if at := strings.Index(v, cutMark); at >= 0 {
				shortened = append(shortened, key)
				total += 2*n - at
				if want := fmt.Sprintf("%s%d]", cutMark, 2*n-at); v[at:] != want {
					t.Errorf("%s ends in %q, want %q", key, v[at:], want)
				}
			}
		}
		if strings.Join(shortened, " ") != want || total != cut {
			t.Errorf("%d: %v are shortened by %d, want %s by %d", n, shortened, total, want, cut)
		}
		if want != "" && len(line) < 2048-16 {
			t.Errorf("%d: only %d bytes are left", n, len(line))
		}
	}
}

// TestColumns holds that the columns that are said to be enough are.
func TestColumns(t *testing.T) {
	for _, f := range formats {
		o := Options{Format: f, Version: "1.0", BaseURL: "https://kiroku.example.com"}
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

// TestManyLeaves holds that events of many values, or of many long ones, fit: leaves are left out and counted.
func TestManyLeaves(t *testing.T) {
	for _, length := range []int{5, 600, 4000} {
		ev := filled(event.ClassAPIActivity, func(c event.Column) string {
			if c == event.ColMessage {
				return "what happened"
			}
			return ""
		})
		for i := range 3000 {
			ev.Unmap(fmt.Sprintf("responseElements.items.%d.name", i), strings.Repeat("x", length))
		}
		for _, f := range []wire.Format{wire.JSON, wire.OCSFJSON, wire.RFC5424JSON} {
			line, cut, err := encoder(t, Options{Format: f}).Append(nil, ev)
			if err != nil || cut == 0 || len(line) > DefaultMaxBytes || len(line) < DefaultMaxBytes/2 {
				t.Fatalf("%s, %d: %d bytes, %d cut, %v", f, length, len(line), cut, err)
			}
			var got struct {
				Message  string
				Unmapped map[string]string
			}
			if err := json.Unmarshal(line[bytes.IndexByte(line, '{'):], &got); err != nil {
				t.Fatalf("%s, %d: %v", f, length, err)
			}
			if missing := 3000 - len(got.Unmapped) + 1; got.Message != "what happened" || got.Unmapped[leftOutKey] != fmt.Sprint(missing) {
				t.Errorf("%s, %d: %q, %s leaves are left out, %d are missing", f, length, got.Message, got.Unmapped[leftOutKey], missing)
			}
		}
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
	for _, f := range []wire.Format{wire.CEFMCAS, wire.CEF, wire.LEEF, wire.JSON, wire.RFC5424JSON} {
		enc := encoder(t, Options{Format: f, Host: "agent.example.com", Version: "1.0", BaseURL: "https://kiroku.example.com"})
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

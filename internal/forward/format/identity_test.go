package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
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
)

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
	if f == wire.CEFMCAS && s[0] >= '0' && s[0] <= '9' {
		single["cs2"] = "APPID_" + value
	}
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

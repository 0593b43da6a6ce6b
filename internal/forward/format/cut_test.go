package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
)

// FuzzCut holds that a line fits, that only the ends of texts are missing, and that it says how much: never an id or a time.
func FuzzCut(f *testing.F) {
	f.Add("a", 3000, uint16(600), uint16(event.ClassAPIActivity))
	f.Add("=", 3000, uint16(900), uint16(event.ClassDetectionFinding))
	f.Add("日\\", 900, uint16(700), uint16(event.ClassFileHosting))
	f.Add("\n\xff", 900, uint16(2048), uint16(0))
	f.Fuzz(func(t *testing.T, unit string, n int, limit, class uint16) {
		if n < 0 || n*len(unit) > 64<<10 || int(limit) < wire.MinMaxBytes || strings.Contains(unit, ":") {
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
			if err != nil || cut == 0 || len(line) > wire.DefaultMaxBytes || len(line) < wire.DefaultMaxBytes/2 {
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

// FuzzCutFits holds that a line fits whenever its texts can be cut and its leaves left out far enough, and that no more is
// cut than is needed.
func FuzzCutFits(f *testing.F) {
	for _, limit := range []uint16{700, 1200, 2048, 8192} {
		f.Add("日", "é", uint32(150_000), uint32(18_000), uint32(0), uint8(0), limit)
		f.Add("m", "b", uint32(3000), uint32(0), uint32(3000), uint8(1), limit)
		f.Add("m", "b", uint32(0), uint32(0), uint32(3000), uint8(2), limit)
		f.Add("m", "b", uint32(3000), uint32(3000), uint32(0), uint8(0), limit)
		f.Add("m", "b", uint32(150_000), uint32(9000), uint32(0), uint8(0), limit)
		f.Add("m", "\n", uint32(1500), uint32(1500), uint32(1500), uint8(1), limit)
		f.Add("\"", "\\", uint32(450), uint32(450), uint32(450), uint8(3), limit)
		f.Add("\x01", "\xff", uint32(40), uint32(40), uint32(40), uint8(7), limit)
		f.Add("", "x", uint32(0), uint32(900), uint32(700), uint8(200), limit)
		f.Add("", "same", uint32(0), uint32(500), uint32(5), uint8(255), limit)
	}
	f.Fuzz(func(t *testing.T, unit, other string, message, agent, leaf uint32, leaves uint8, limit uint16) {
		if int(limit) < wire.MinMaxBytes || max(message, agent, leaf) > 200_000 || int(leaf)*int(leaves) > 1<<20 || max(len(unit), len(other)) > 100 || strings.Contains(unit+other, cutMark) {
			return
		}
		texts := func(shortest bool) *event.Event {
			text := func(unit string, length uint32) string {
				s := strings.Repeat(unit, int(length)/max(1, len(unit)))
				if mark := string(appendCut(nil, len(s))); shortest && escapedLength(s, appendInner) > len(mark) {
					return mark
				}
				return s
			}
			ev := new(event.Event)
			ev.Class(event.ClassBaseEvent, 99)
			ev.Str(event.ColMetadataUID, "", "105693141_20893_0c180415-c5f1-4cf2-226a-08dd44be8110")
			ev.Str(event.ColMessage, "", text(unit, message))
			ev.Str(event.ColUserAgent, "", text(other, agent))
			if shortest && leaves > 2 {
				ev.Unmap(leftOutKey, "100000")
				return ev
			}
			for i := range leaves {
				ev.Unmap(fmt.Sprintf("k%d\x01", i), text(unit, leaf))
			}
			return ev
		}
		ev := texts(false)
		for _, format := range []wire.Format{wire.JSON, wire.RFC5424JSON, wire.OCSFJSON} {
			whole, _, err := encoder(t, Options{Format: format, MaxBytes: 8 << 20}).Append(nil, ev)
			if err != nil {
				t.Fatal(err)
			}
			shortest, _, err := encoder(t, Options{Format: format, MaxBytes: 8 << 20}).Append(nil, texts(true))
			if err != nil {
				t.Fatal(err)
			}
			line, cut, err := encoder(t, Options{Format: format, MaxBytes: int(limit)}).Append(nil, ev)
			if err != nil {
				if len(shortest) <= int(limit) {
					t.Fatalf("%s: %d bytes would fit into %d: %v", format, len(shortest), limit, err)
				}
				continue
			}
			if len(line) > int(limit) || (cut > 0) != (len(whole) > int(limit)) {
				t.Fatalf("%s: %d of %d bytes, %d cut, limit %d", format, len(line), len(whole), cut, limit)
			}
			if !utf8.Valid(line) || !json.Valid(line[bytes.IndexByte(line, '{'):]) || bytes.Count(line, []byte("\ufffd")) > bytes.Count(whole, []byte("\ufffd")) {
				t.Fatalf("%s: a rune or the object is broken: %q", format, line)
			}
			unused := 24 // an escape, and digits of the mark
			if format == wire.OCSFJSON {
				unused *= 2 + int(leaves) // the same text may stand more than once
			}
			if bytes.Contains(line, []byte(leftOutKey)) {
				unused += 6*longText + 32 // a leaf
			}
			if cut > 0 && len(line) < int(limit)-unused {
				t.Errorf("%s: %d of %d bytes are used, %d cut: %q", format, len(line), limit, cut, line)
			}
		}
	})
}

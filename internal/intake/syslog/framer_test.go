package syslog

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// shown is a frame as tests write it: its data, with "!" in front for malformed and "…" behind for truncated.
func shown(fr frame) string {
	s := string(fr.data)
	if fr.malformed {
		s = "!" + s
	}
	if fr.truncated {
		s += "…"
	}
	return s
}

// frames feeds the parts one after the other as a stream would, with a buffer no larger than the framer may ask for. It fails the test
// when the framer stands still, or when the stream is not what was emitted, in its order, with nothing but counts, delimiters and what was
// discarded in between; and when a malformed run that did not begin as a line holds the start of a frame.
func frames(t testing.TB, f *framer, parts ...[]byte) []string {
	t.Helper()
	var got []string
	var buf []byte
	use := func(final bool) {
		for len(buf) > 0 {
			window := buf[:min(len(buf), f.limit+framingSlack)]
			discarding, before := f.skip > 0 || f.swallow || f.drop, f.stats.framing+f.stats.discarded
			fr, n := f.next(window, final && len(window) == len(buf))
			if n == 0 {
				if final || len(buf) >= f.limit+framingSlack {
					t.Fatalf("framer stands still at %q", buf)
				}
				return
			}
			if counted := f.stats.framing + f.stats.discarded - before; int(counted)+len(fr.data) != n {
				t.Fatalf("%d bytes used, %d emitted and %d counted", n, len(fr.data), counted)
			}
			switch at := cap(window) - cap(fr.data); { // data is a part of window
			case fr.data == nil && !discarding:
				mustFrame(t, window[:n])
			case fr.data != nil && (len(fr.data) == 0 || len(fr.data) > f.limit):
				t.Fatalf("frame of %d bytes, limit %d", len(fr.data), f.limit)
			case fr.data != nil:
				mustFrame(t, window[:at])
				mustFrame(t, window[at+len(fr.data):n])
				got = append(got, shown(fr))
			}
			if end, _ := runEnd(fr.data, 1, true); fr.malformed && end != len(fr.data) && fr.data[0] != '<' && headerless(fr.data) != yes {
				t.Fatalf("a frame begins at %d of the malformed run %q", end, fr.data)
			}
			buf = buf[n:]
		}
	}
	for _, p := range parts {
		buf = append(buf, p...)
		use(false)
	}
	use(true)
	return got
}

// mustFrame fails the test unless b is nothing but delimiters, counts and empty frames.
func mustFrame(t testing.TB, b []byte) {
	t.Helper()
	b = bytes.ReplaceAll(b, []byte(byteOrderMark), nil)
	for _, word := range strings.FieldsFunc(string(b), func(r rune) bool { return r < ' ' && isDelimiter(byte(r)) }) {
		if strings.Trim(word, "0123456789 ") != "" || !strings.HasSuffix(word, " ") {
			t.Fatalf("%q was taken for framing", b)
		}
	}
}

// chunks cuts b into parts of n bytes.
func chunks(b []byte, n int) [][]byte {
	var parts [][]byte
	for len(b) > n {
		parts = append(parts, b[:n])
		b = b[n:]
	}
	return append(parts, b)
}

const jsonLine = `{"message_id":"AUT24327","user":"a <134> b","raw_message":"12 <134>1 x 3 <1>y"}`

func octets(s string) string { return fmt.Sprintf("%d %s", len(s), s) }

func TestFraming(t *testing.T) {
	const a, b = "<134>1 - h PulseSecure: - - - one", "<14>two"
	obj := "<134>1 - h PulseSecure: - - - " + jsonLine
	tests := []struct {
		name  string
		in    string
		want  []string
		stats framingStats // framing bytes are checked by frames
	}{
		{name: "octet counted, nothing between", in: octets(a) + octets(b), want: []string{a, b}},
		{name: "octet counted, stray LF, CR LF, NUL", in: octets(a) + "\n" + octets(a) + "\r\n" + octets(b) + "\x00\x00" + octets(b), want: []string{a, a, b, b}},
		{name: "LF inside the count", in: octets(a+"\n") + octets(b+"\r\n") + octets(a), want: []string{a, b, a}},
		{name: "LF delimited", in: a + "\n" + b + "\r\n", want: []string{a, b}},
		{name: "NUL delimited", in: a + "\x00" + b + "\x00", want: []string{a, b}},
		{name: "per frame, not per connection", in: a + "\n" + octets(b) + b + "\n" + octets(a) + "\n" + jsonLine + "\n" + octets(b), want: []string{a, b, b, a, jsonLine, b}},
		{name: "empty lines", in: "\n\r\n\x00" + a + "\n\n\n" + b + "\n\n", want: []string{a, b}},
		{name: "end of stream flushes a line", in: a + "\n" + b, want: []string{a, b}},
		{name: "end of stream flushes a counted frame", in: octets(a) + "50 <14>cut", want: []string{a, "<14>cut"}},
		{name: "end of stream flushes a prefix", in: octets(a) + "\n12", want: []string{a, "!12"}, stats: framingStats{malformed: 1}},
		{name: "nothing", in: "", want: nil},

		{name: "count is authoritative over what it holds", in: octets("<1>x\n<134>1 forged\n5 <2>ab") + octets(b), want: []string{"<1>x\n<134>1 forged\n5 <2>ab", b}},
		{name: "embedded counts in JSON", in: octets(obj) + octets(obj) + "\n" + octets(b), want: []string{obj, obj, b}},
		{name: "embedded counts in a line of JSON", in: jsonLine + "\n" + obj + "\n", want: []string{jsonLine, obj}},
		{name: "count without PRI is text", in: "54 <1 minute elapsed\n" + b + "\n", want: []string{"!54 <1 minute elapsed", b}, stats: framingStats{malformed: 1}},
		{name: "count and two spaces is text", in: "7  <14>two\n" + b + "\n", want: []string{"!7  ", b, b}, stats: framingStats{malformed: 1}},
		{name: "count of eleven digits is text", in: "12345678901 <14>two\n" + b + "\n", want: []string{"!12345678901 ", b, b}, stats: framingStats{malformed: 1}},
		{name: "count with leading zero is text", in: "07 <14>two\n" + b + "\n", want: []string{"!07 ", b, b}, stats: framingStats{malformed: 1}},
		{name: "count too small for its PRI is text", in: "3 <14>two\n" + b + "\n", want: []string{"!3 ", b, b}, stats: framingStats{malformed: 1}},
		{name: "PRI of four digits is text", in: "8 <1345>ab\n" + b + "\n", want: []string{"!8 <1345>ab", b}, stats: framingStats{malformed: 1}},
		{name: "empty frame is skipped", in: "0 " + octets(b) + "0 " + a + "\n", want: []string{b, a}},
		{name: "text that begins with 0", in: "0 errors\n0\n" + b, want: []string{"!0 errors", "!0", b}, stats: framingStats{malformed: 2}},

		{name: "header-less JSON", in: jsonLine + "\n" + jsonLine + "\n", want: []string{jsonLine, jsonLine}},
		{name: "access gateway lines", in: "2020-06-24T09:22:30.000-05:00 h ACCESS_GATEWAY x\nO2020-06-24T09:22:30 y <134> z\nSuccess: 2020-06-24T04:00:01.000-05:00 h 7 <14>two\nNetwork connectivity error: 2020-06-24T04:00 <1>\n", want: []string{"2020-06-24T09:22:30.000-05:00 h ACCESS_GATEWAY x", "O2020-06-24T09:22:30 y <134> z", "Success: 2020-06-24T04:00:01.000-05:00 h 7 <14>two", "Network connectivity error: 2020-06-24T04:00 <1>"}},
		{name: "a line without header is never split", in: "{\"a\":\"7 <14>two\"}\n[{\"a\":\"<14>\"}]\n\xef\xbb\xbf{\"a\":\"<14>\"}\nCEF:0|a|7 <14>two\nLEEF:1.0|a|<14>two\nid=firewall msg=\"<14>two\"\nOct 19 09:16:53 h 7 <14>two\n*Mar  1 00:00:01 <14>two\n2026-06-30 09:15:02 - ive - 7 <14>two\n937 1 2026-06-30T09:15:02Z h a: - - - <14>two\n", want: []string{"{\"a\":\"7 <14>two\"}", "[{\"a\":\"<14>\"}]", "\xef\xbb\xbf{\"a\":\"<14>\"}", "CEF:0|a|7 <14>two", "LEEF:1.0|a|<14>two", "id=firewall msg=\"<14>two\"", "Oct 19 09:16:53 h 7 <14>two", "*Mar  1 00:00:01 <14>two", "2026-06-30 09:15:02 - ive - 7 <14>two", "937 1 2026-06-30T09:15:02Z h a: - - - <14>two"}},
		{name: "nearly a line without header", in: "[a]7 <14>two\nCEF 7 <14>two\nid=fire 7 <14>two\nOctober <14>two\n2026-06-30 9:15: <14>two\n", want: []string{"![a]", b, "!CEF ", b, "!id=fire ", b, "!October ", b, "!2026-06-30 9:15: ", b}, stats: framingStats{malformed: 5}},
		{name: "a time stamp too far in", in: strings.Repeat("x", headerReach) + "2026-06-30T09:15:02Z " + b + "\n", want: []string{"!" + strings.Repeat("x", headerReach) + "2026-06-30T09:15:02Z ", b}, stats: framingStats{malformed: 1}},
		{name: "garbage in front of a count", in: "garbage without lf " + octets(a) + octets(b), want: []string{"!garbage without lf ", a, b}, stats: framingStats{malformed: 1}},
		{name: "garbage in front of a PRI", in: "garbage " + b + "\n" + b + "\n", want: []string{"!garbage ", b, b}, stats: framingStats{malformed: 1}},
		{name: "garbage in front of a frame with a time stamp", in: "garbage <134>1 2026-06-30T09:15:02Z h app - - - s2\ngarbage 42 <134>1 2026-06-30T09:15:02Z h app - - - s1", want: []string{"!garbage ", "<134>1 2026-06-30T09:15:02Z h app - - - s2", "!garbage ", "<134>1 2026-06-30T09:15:02Z h app - - - s1"}, stats: framingStats{malformed: 2}},
		{name: "lines of plain text", in: "garbage one\r\ngarbage two\x00" + b + "\n", want: []string{"!garbage one", "!garbage two", b}, stats: framingStats{malformed: 2}},
		{name: "relayed header", in: "Oct 19 09:16:53 relay 1 2021-10-19T09:16:53+02:00 h PulseSecure: - - - x\n", want: []string{"Oct 19 09:16:53 relay 1 2021-10-19T09:16:53+02:00 h PulseSecure: - - - x"}},
		{name: "text with an octet count in it", in: "said 7 <14>two\n" + b + "\n", want: []string{"!said ", b, b}, stats: framingStats{malformed: 1}},
		{name: "line with a stray angle bracket", in: "<not a priority\n<\n" + b, want: []string{"<not a priority", "<", b}},
		{name: "byte order marks in front of frames", in: "\xef\xbb\xbf" + a + "\n\xef\xbb\xbf" + octets(b) + "\xef\xbb\xbf" + b + "\n\xef\xbb", want: []string{a, b, b, "!\xef\xbb"}, stats: framingStats{malformed: 1}},
		{name: "UTF-8 and byte order mark", in: "\xef\xbb\xbf監査\n" + b, want: []string{"!\xef\xbb\xbf監査", b}, stats: framingStats{malformed: 1}},

		{name: "run glued to a counted frame", in: octets(a) + "garbage " + octets(b) + "rest\n" + octets(b), want: []string{a, "!garbage ", b, "!rest", b}, stats: framingStats{malformed: 2}},
		{name: "run ends at a PRI", in: octets(a) + "x 1 <y " + b + "\n", want: []string{a, "!x 1 <y ", b}, stats: framingStats{malformed: 1}},
		{name: "run is one message though it holds digits", in: octets(a) + "1 2 3 4 <5 6\n" + octets(b), want: []string{a, "!1 2 3 4 <5 6", b}, stats: framingStats{malformed: 1}},
		{name: "run begins with an angle bracket", in: octets(a) + "<x" + octets(b), want: []string{a, "!<x", b}, stats: framingStats{malformed: 1}},
		{name: "run at the end of the stream", in: octets(a) + "garbage", want: []string{a, "!garbage"}, stats: framingStats{malformed: 1}},
		{name: "binary bytes", in: "\x16\x03\x01\x02" + octets(b) + "\x01\x02\n" + a + "\n", want: []string{"!\x16\x03\x01\x02", b, "!\x01\x02", a}, stats: framingStats{malformed: 2}},
		{name: "counted frame that ends outside JSON is not joined", in: octets(obj) + "garbage}\n" + octets(b), want: []string{obj, "!garbage}", b}, stats: framingStats{malformed: 1}},

		{name: "stale count, too large", in: "200 " + obj + "\n" + "200 " + obj + "\n" + "200 " + obj + "\n", want: []string{obj, obj, obj}, stats: framingStats{miscounted: 2}},
		{name: "stale count reaches into the next count", in: fmt.Sprintf("%d %s\n", len(obj)+4, obj) + "111 " + obj + "\n", want: []string{obj, obj}, stats: framingStats{miscounted: 1}},
		{name: "stale count, next line has none", in: fmt.Sprintf("%d %s\n", len(obj)+9, obj) + obj + "\n" + a + "\n", want: []string{obj, obj, a}, stats: framingStats{miscounted: 1}},
		{name: "stale count, too small", in: "60 " + obj + "\n60 " + obj + "\r\n" + b + "\n", want: []string{obj, obj, b}, stats: framingStats{miscounted: 2}},
		{name: "characters counted instead of bytes", in: "37 <14>{\"u\":\"監査\",\"v\":\"記録係\"} \"x\":\"y\"}" + octets(b), want: []string{"<14>{\"u\":\"監査\",\"v\":\"記録係\"} \"x\":\"y\"}", b}, stats: framingStats{miscounted: 1}},
		{name: "cut JSON with a right count", in: octets("<14>{\"u\":\"") + octets(b) + octets("<14>{\"u\":\"") + "\n" + octets("<14>{\"u\":\""), want: []string{"<14>{\"u\":\"", b, "<14>{\"u\":\"", "<14>{\"u\":\""}},
		{name: "joined in the middle of a frame, lines", in: "tail}\n" + octets(a) + "\n" + octets(b) + "\n", want: []string{"!tail}", a, b}, stats: framingStats{malformed: 1}},
		{name: "joined in the middle of a frame, counts", in: "tail}" + octets(a) + octets(b), want: []string{"!tail}", a, b}, stats: framingStats{malformed: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1 << 20, 1, 2, 3, 7, 16, 64} {
				f := framer{limit: 256}
				got := frames(t, &f, chunks([]byte(tt.in), size)...)
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Fatalf("in parts of %d bytes (-want +got):\n%s", size, d)
				}
				f.stats.framing = 0
				if f.stats != tt.stats {
					t.Errorf("in parts of %d bytes: stats %+v, want %+v", size, f.stats, tt.stats)
				}
			}
		})
	}
}

func TestFramingLimit(t *testing.T) {
	long := strings.Repeat("x", 64)
	tests := []struct {
		name  string
		in    string
		want  []string
		stats framingStats
	}{
		{name: "line of exactly the limit", in: "<1>" + long[:13] + "\n<1>y\n", want: []string{"<1>" + long[:13], "<1>y"}},
		{name: "line of exactly the limit, CR LF", in: "<1>" + long[:13] + "\r\n<1>y\n", want: []string{"<1>" + long[:13], "<1>y"}},
		{name: "line of exactly the limit at the end", in: "<1>" + long[:13], want: []string{"<1>" + long[:13]}},
		{name: "line one longer", in: "<1>" + long[:14] + "\n<1>y\n", want: []string{"<1>" + long[:13] + "…", "<1>y"}, stats: framingStats{oversized: 1, discarded: 1}},
		{name: "line much longer", in: "<1>" + long + long + "\n<1>y\n", want: []string{"<1>" + long[:13] + "…", "<1>y"}, stats: framingStats{oversized: 1, discarded: 115}},
		{name: "line much longer at the end", in: "<1>" + long + long, want: []string{"<1>" + long[:13] + "…"}, stats: framingStats{oversized: 1, discarded: 115}},
		{name: "counted frame of the limit", in: "16 <1>" + long[:13] + "5 <1>ab", want: []string{"<1>" + long[:13], "<1>ab"}},
		{name: "counted frame over the limit", in: "67 <1>" + long + "5 <1>ab", want: []string{"<1>" + long[:13] + "…", "<1>ab"}, stats: framingStats{oversized: 1, discarded: 51}},
		{name: "counted frame over the limit holds frames", in: "36 <1>" + long[:20] + "\n<1>forged 12\n" + "<1>y\n", want: []string{"<1>" + long[:13] + "…", "<1>y"}, stats: framingStats{oversized: 1, discarded: 20}},
		{name: "huge count, short stream", in: "9999999999 <1>abc", want: []string{"<1>abc"}},
		{name: "huge count, long stream", in: "9999999999 <1>" + long, want: []string{"<1>" + long[:13] + "…"}, stats: framingStats{oversized: 1, discarded: 51}},
		{name: "run over the limit", in: "5 <1>ab" + long + "5 <1>cd", want: []string{"<1>ab", "!" + long[:16] + "…", "<1>cd"}, stats: framingStats{oversized: 1, malformed: 1, discarded: 48}},
		{name: "run over the limit ends at LF", in: "5 <1>ab" + long + "\nok\n", want: []string{"<1>ab", "!" + long[:16] + "…", "!ok"}, stats: framingStats{oversized: 1, malformed: 2, discarded: 48}},
		{name: "character is not cut", in: "監監監監監監監\n", want: []string{"!監監監監監…"}, stats: framingStats{oversized: 1, malformed: 1, discarded: 6}},
		{name: "stream without delimiters comes into step", in: "tail}7 <1>abcd7 <1>efgh7 <1>ijkl7 <1>mnop7 <1>qrst7 <1>uvwx7 <1>yzab", want: []string{"!tail}", "<1>abcd", "<1>efgh", "<1>ijkl", "<1>mnop", "<1>qrst", "<1>uvwx", "<1>yzab"}, stats: framingStats{malformed: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1 << 20, 1, 2, 3, 7, 16, 17} {
				f := framer{limit: 16}
				got := frames(t, &f, chunks([]byte(tt.in), size)...)
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Fatalf("in parts of %d bytes (-want +got):\n%s", size, d)
				}
				f.stats.framing = 0
				if f.stats != tt.stats {
					t.Errorf("in parts of %d bytes: stats %+v, want %+v", size, f.stats, tt.stats)
				}
			}
		})
	}
}

// A frame whose count could be wrong waits for what follows; settle lets it go.
func TestSettle(t *testing.T) {
	f := framer{limit: 256}
	in := []byte(octets("<1>first\nsecond"))
	if _, n := f.next(in, false); n != 0 || !f.waiting {
		t.Fatalf("used %d bytes, waiting %v: a frame of two lines must wait", n, f.waiting)
	}
	f.settle()
	fr, n := f.next(in, false)
	if string(fr.data) != "<1>first\nsecond" || n != len(in) || f.waiting {
		t.Fatalf("settled: frame %q, %d of %d bytes, waiting %v", fr.data, n, len(in), f.waiting)
	}
}

// FuzzFramer: how a stream is cut into reads changes nothing, what is emitted together with counts, delimiters and what is discarded is the
// input, no frame is empty or longer than the limit, and no malformed run holds the start of a frame (frames checks all but the first).
func FuzzFramer(f *testing.F) {
	f.Add([]byte("5 <1>ab\n<2>cd\r\n{\"a\":\"3 <1>\"}\n\x00text"), uint8(3), uint8(8))
	f.Add([]byte("7 <1>{\"a1\":\"b\"}\n30 <1>x\n5 <1>y\ngarbage12 <134>"), uint8(1), uint8(16))
	f.Add([]byte("5 <1>ab!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!12 <13"), uint8(2), uint8(4))
	f.Add([]byte("0 0 5 <1>ab0 <2>x\n12345678901 <1>x\x01\x02 738 <1>"), uint8(5), uint8(32))
	f.Add([]byte("garbage 5 <1>ab garbage <2>cd\n12345678901 <1>x\n07 <1>y\n[{\"a\":\"<1>\"}]\nOct 19 9 <1>z\n"), uint8(1), uint8(100))
	f.Add([]byte("Success: 2026-06-30T09:15:02Z 5 <1>ab\n937 1 2026-06-30T09:15:02Z <1>\nid=firewal 5 <1>ab"), uint8(2), uint8(90))
	f.Fuzz(func(t *testing.T, in []byte, size, limit uint8) {
		one := framer{limit: int(limit) + maxPRI}
		want := frames(t, &one, in)
		many := framer{limit: int(limit) + maxPRI}
		got := frames(t, &many, chunks(in, int(size)+1)...)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("in parts of %d bytes (-one +many):\n%s", int(size)+1, d)
		}
		if one.stats != many.stats {
			t.Fatalf("stats in one part %+v, in parts %+v", one.stats, many.stats)
		}
	})
}

// Hostile streams must not cost more than their bytes: a quadratic framer needs minutes here.
func TestFramingHostile(t *testing.T) {
	for name, in := range map[string]string{
		"NULs":             strings.Repeat("\x00", 4<<20),
		"no delimiter":     strings.Repeat("a", 4<<20),
		"angle brackets":   strings.Repeat("<", 4<<20),
		"counts":           strings.Repeat("9 ", 2<<20),
		"digits":           "5 <1>ab" + strings.Repeat("1", 4<<20),
		"false starts":     "5 <1>ab" + strings.Repeat("1 <", 1<<20),
		"open JSON frames": strings.Repeat("6 <1>{\"", 1<<19),
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			f := framer{limit: 64 << 10}
			frames(t, &f, chunks([]byte(in), 4096)...)
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("took %v for %d bytes", took, len(in))
			}
		})
	}
}

func BenchmarkFramer(b *testing.B) {
	event := "<134>1 2026-06-30T09:15:02+09:00 vpn1.example.com PulseSecure: - - - " + `{"raw_message":"` + strings.Repeat("x", 725) + `"}`
	for _, bb := range []struct{ name, frame string }{
		{"lf", event + "\n"},
		{"octet", octets(event)},
		{"octet+lf", octets(event) + "\n"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			buf := bytes.Repeat([]byte(bb.frame), 256<<10/len(bb.frame))
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				f := framer{limit: 64 << 10}
				for rest := buf; len(rest) > 0; {
					_, n := f.next(rest, false)
					if n == 0 {
						f.settle()
					}
					rest = rest[n:]
				}
			}
		})
	}
}

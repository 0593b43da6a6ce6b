package kv

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func pairs(text string) (out []string, skipped int) {
	s := Scanner{Text: []byte(text)}
	for p := (Pair{}); s.Next(&p); {
		v := p.Value
		if p.Escaped {
			v = Unescape(nil, v)
		}
		out = append(out, string(p.Key)+": "+string(v))
	}
	return out, s.Skipped
}

func TestScanner(t *testing.T) {
	for name, c := range map[string]struct {
		in      string
		want    []string
		skipped int
	}{
		"logfmt":                {`level=info msg="two words" n=3 empty= flag`, []string{"level: info", "msg: two words", "n: 3", "empty: "}, 4},
		"escapes":               {`a="x \" y \\ z\n" b='it\'s' c="C:\dir"`, []string{`a: x " y \ z` + "\n", "b: it's", `c: C:\dir`}, 0},
		"commas":                {`a=1,b=2, c=3`, []string{"a: 1", "b: 2", "c: 3"}, 0},
		"semicolons":            {`a=1;b=2; c=3;`, []string{"a: 1", "b: 2", "c: 3"}, 0},
		"lists stay whole":      {`groups=a,b,c user=alice`, []string{"groups: a,b,c", "user: alice"}, 0},
		"bars":                  {`a=1|b=2`, []string{"a: 1", "b: 2"}, 0},
		"words between":         {`authentication failure; logname= uid=0 rhost=192.0.2.1 user=root`, []string{"logname: ", "uid: 0", "rhost: 192.0.2.1", "user: root"}, 21},
		"brackets in front":     {`(a=1) [b=2 {c=3} d=4)`, []string{"a: 1", "b: 2", "c: 3", "d: 4)"}, 0},
		"equals in values":      {`url=https://example.com/?a=b&c=d k=v==`, []string{"url: https://example.com/?a=b&c=d", "k: v=="}, 0},
		"comparison":            {`if a == b or a==b`, nil, 12},
		"no closing quote":      {`a="b c=d`, []string{`a: "b`, "c: d"}, 0},
		"no key":                {`=1 ="x" a b`, nil, 8},
		"text behind the quote": {`a="b"c d=e`, []string{"a: b", "d: e"}, 1},
		"keys with signs":       {`@timestamp=1 user.name=alice x-y=2 日本=3`, []string{"@timestamp: 1", "user.name: alice", "x-y: 2", "日本: 3"}, 0},
		"key too long":          {strings.Repeat("k", 129) + "=1", nil, 131},
		"empty":                 {``, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, skipped := pairs(c.in)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("pairs (-want +got):\n%s", diff)
			}
			if skipped != c.skipped {
				t.Errorf("skipped %d, want %d", skipped, c.skipped)
			}
		})
	}
}

// FuzzScanner holds that the pairs are disjoint parts of the text in order, and that nothing is counted twice.
func FuzzScanner(f *testing.F) {
	f.Add([]byte(`level=info msg="two \" words" a='b',c=d;e=f (g=h) i==j`))
	f.Add([]byte("a=\"b c='d \\"))
	f.Add([]byte("=\xff\x00=="))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := Scanner{Text: text}
		size, from := 0, 0
		for p := (Pair{}); s.Next(&p); {
			at := bytes.Index(text[from:], append(bytes.Clone(p.Key), '='))
			if len(p.Key) == 0 || at < 0 {
				t.Fatalf("key %q does not stand behind byte %d", p.Key, from)
			}
			from += at + len(p.Key) + 1
			if !bytes.Contains(text[from:], p.Value) {
				t.Fatalf("value %q does not stand behind byte %d", p.Value, from)
			}
			from += len(p.Value)
			size += len(p.Key) + 1 + len(p.Value)
			if p.Escaped && len(Unescape(nil, p.Value)) > len(p.Value) {
				t.Errorf("unescaping %q makes it longer", p.Value)
			}
		}
		if size+s.Skipped > len(text) {
			t.Errorf("%d bytes of pairs and %d skipped from %d", size, s.Skipped, len(text))
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	line := []byte(`time=2026-01-02T03:04:05Z level=warn msg="request denied by policy" user=alice src=192.0.2.1 srcport=50123 dst=198.51.100.7 dstport=443 action=deny policy="deny all" groups=staff,admins`)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	var p Pair
	for b.Loop() {
		s := Scanner{Text: line}
		for s.Next(&p) {
		}
	}
}

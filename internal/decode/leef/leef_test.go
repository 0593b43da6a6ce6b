package leef

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func text(m *Message) []string {
	out := []string{string(m.Vendor), string(m.Product), string(m.ProductVer), string(m.EventID)}
	for _, f := range m.Fields {
		out = append(out, string(f.Key)+": "+string(f.Value))
	}
	return out
}

func TestParse(t *testing.T) {
	head := func(fields ...string) []string { return append([]string{"V", "P", "1", "login"}, fields...) }
	for name, c := range map[string]struct {
		in        string
		delimiter byte
		want      []string
	}{
		"version 1":             {"LEEF:1.0|V|P|1|login|src=192.0.2.1\tmsg=two words\tempty=\tb=1=2", '\t', head("src: 192.0.2.1", "msg: two words", "empty: ", "b: 1=2")},
		"caret":                 {"LEEF:2.0|V|P|1|login|^|src=192.0.2.1^usrName=alice", '^', head("src: 192.0.2.1", "usrName: alice")},
		"hex":                   {"LEEF:2.0|V|P|1|login|x09|a=1\tb=2", '\t', head("a: 1", "b: 2")},
		"hex with 0":            {"LEEF:2.0|V|P|1|login|0x5E|a=1^b=2", '^', head("a: 1", "b: 2")},
		"empty delimiter":       {"LEEF:2.0|V|P|1|login||a=1\tb=2", '\t', head("a: 1", "b: 2")},
		"bar as delimiter":      {"LEEF:2.0|V|P|1|login|||a=1|b=2", '|', head("a: 1", "b: 2")},
		"no delimiter field":    {"LEEF:2.0|V|P|1|login|a=1\tb=2|3", '\t', head("a: 1", "b: 2|3")},
		"no attributes":         {"LEEF:1.0|V|P|1|login|", '\t', head()},
		"no bar at the end":     {"LEEF:1.0|V|P|1|login", '\t', head()},
		"backslashes stay":      {"LEEF:1.0|V|P|1|login|path=C:\\temp\\\tb=\\=", '\t', head(`path: C:\temp\`, `b: \=`)},
		"text without a key":    {"LEEF:1.0|V|P|1|login|some text\ta=1\t\t", '\t', head(": some text", "a: 1")},
		"bar in a value":        {`LEEF:1.0|V|P|1|login|a=x\|y`, '\t', head(`a: x\|y`)},
		"blanks around the key": {"LEEF:2.0|V|P|1|login|^|a=1^ b =2", '^', head("a: 1", "b: 2")},
	} {
		t.Run(name, func(t *testing.T) {
			var m Message
			if err := m.Parse([]byte(c.in)); err != nil {
				t.Fatal(err)
			}
			if m.Delimiter != c.delimiter {
				t.Errorf("delimiter %q, want %q", m.Delimiter, c.delimiter)
			}
			if diff := cmp.Diff(c.want, text(&m)); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseHeaderBars(t *testing.T) {
	var m Message
	if err := m.Parse([]byte(`LEEF:2.0|V\|W|C:\P|1|log\|in|^|a=1^b=2`)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"V|W", `C:\P`, "1", "log|in", "a: 1", "b: 2"}, text(&m)); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{"", "LEEF:", "LEEF:x|V|P|1|login|", "LEEF:1.0|V|P|1", "SLEEF:1.0|V|P|1|login|"} {
		var m Message
		if err := m.Parse([]byte(in)); err == nil {
			t.Errorf("%q is accepted: %v", in, text(&m))
		}
	}
}

func TestIndex(t *testing.T) {
	for in, want := range map[string]int{
		"LEEF:1.0|V":                       0,
		"<13>Jan  1 00:00:00 h LEEF:2.0|V": 22,
		"SLEEF:1.0|V LEEF:1|V":             12,
		"LEEF:one|V":                       -1,
		"":                                 -1,
	} {
		if got := Index([]byte(in)); got != want {
			t.Errorf("Index(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestAppendPicksAFreeDelimiter(t *testing.T) {
	m := Message{Vendor: []byte("V|x"), Product: []byte("P"), ProductVer: []byte("1"), EventID: []byte("e"), Fields: []Field{{[]byte("a"), []byte("tab\there")}, {[]byte("b"), []byte("two\nlines")}}}
	if got, want := string(Append(nil, &m)), "LEEF:2.0|V x|P|1|e|^|a=tab\there^b=two lines"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	m.Fields[0].Value = delimiters
	if got, want := string(Append(nil, &m)), "LEEF:2.0|V x|P|1|e|x09|a= "+string(delimiters[1:])+"\tb=two lines"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzAppendParse holds that values come back as they were, line breaks aside, whatever they hold.
func FuzzAppendParse(f *testing.F) {
	f.Add("src", "192.0.2.1", "two words")
	f.Add("k", "a=b\tc^d", "|x09|~;")
	f.Add("k", "\xff\x00\r\n", "")
	f.Fuzz(func(t *testing.T, key, v1, v2 string) {
		key = strings.TrimSpace(key)
		if key == "" || strings.ContainsAny(key, "=\r\n") {
			return
		}
		want := Message{
			Vendor: []byte("V"), Product: []byte("P"), ProductVer: []byte("1"), EventID: []byte("e"),
			Fields: []Field{{[]byte(key), []byte(v1)}, {[]byte("k2"), []byte(v2)}},
		}
		if _, free := pick(want.Fields); !free {
			return
		}
		line := Append(nil, &want)
		var got Message
		if err := got.Parse(line); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		flat := strings.NewReplacer("\r", " ", "\n", " ")
		for i := range want.Fields {
			want.Fields[i].Value = []byte(flat.Replace(string(want.Fields[i].Value)))
		}
		if diff := cmp.Diff(text(&want), text(&got)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	})
}

// FuzzParse holds that the pairs never hold more bytes than the input.
func FuzzParse(f *testing.F) {
	f.Add([]byte("LEEF:2.0|V|P|1|login|0x5E|a=1^b=2"))
	f.Add([]byte("LEEF:1.0|V|P|1|login|some text\ta=1\t\t"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Message
		if m.Parse(data) != nil {
			return
		}
		size := 0
		for _, field := range m.Fields {
			size += len(field.Key) + len(field.Value)
		}
		if size > len(data) {
			t.Errorf("%d bytes of pairs from %d bytes", size, len(data))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	line := []byte("LEEF:2.0|Example|Gateway|1.2|login|^|devTime=1499800495895^src=192.0.2.1^dst=192.0.2.2^usrName=alice^sev=5^cat=authentication^msg=Log on from the head office")
	var m Message
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Parse(line); err != nil {
			b.Fatal(err)
		}
	}
}

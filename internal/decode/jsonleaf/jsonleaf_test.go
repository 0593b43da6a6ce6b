package jsonleaf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kiroku/internal/decode/jsonleaf"
)

func leaves(w *jsonleaf.Walker, doc string) ([]string, error) {
	var got []string
	err := w.Walk([]byte(doc), func(l jsonleaf.Leaf) bool {
		got = append(got, fmt.Sprintf("%s=%s/%d", l.Key, l.Value, l.Kind))
		return true
	})
	return got, err
}

func TestWalk(t *testing.T) {
	for doc, want := range map[string]string{
		`{}`:                                    "",
		` { "a" : "b" } `:                       "a=b/0",
		`{"a":{"b":[1,{"c":true}],"d":{}}}`:     "a.b.0=1/1 a.b.1.c=true/2",
		`{"a\u002e":"\ud83d\ude00\n","é":null}`: "a.=😀\n/0 é=null/3",
		`[12345678901234567890123,-0.5e+7]`:     "0=12345678901234567890123/1 1=-0.5e+7/1",
		`"x"`:                                   "=x/0",
		`{"a":"\ud800x"}`:                       "a=\ufffdx/0",
		`{"a":"x","a":"y"}`:                     "a=x/0 a=y/0",
		`{"a":[[],[[]],{}]}`:                    "",
	} {
		got, err := leaves(&jsonleaf.Walker{}, doc)
		if s := strings.Join(got, " "); s != want || err != nil {
			t.Errorf("Walk(%s) = %q, %v; want %q", doc, s, err, want)
		}
	}
}

// Strings are searched in steps of eight bytes, long ones by another way: escapes are seen wherever they stand.
func TestEscapesAnywhere(t *testing.T) {
	for size := range 80 {
		for first := range size {
			for second := first; second < size; second++ {
				text := strings.Repeat("x", first) + `\n` + strings.Repeat("y", second-first) + `\t` + strings.Repeat("z", size-second)
				doc := `{"a":"` + text + `"}`
				got, err := leaves(&jsonleaf.Walker{}, doc)
				if want := "a=" + strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(text) + "/0"; err != nil || len(got) != 1 || got[0] != want {
					t.Fatalf("Walk(%s) = %q, %v; want %q", doc, got, err, want)
				}
			}
		}
	}
}

func TestWalkErrors(t *testing.T) {
	deep := strings.Repeat("[", 65)
	for doc, want := range map[string]string{
		``:                "parse JSON at byte 0: expected a value",
		`{"a":1`:          "parse JSON at byte 6: expected , or }",
		`{"a" 1}`:         "parse JSON at byte 5: expected :",
		`{"a":"b}`:        "parse JSON at byte 5: string is not closed",
		`{"a":01}`:        "parse JSON at byte 5: expected a value",
		`{"a":1.}`:        "parse JSON at byte 5: expected a value",
		`{"a":1,}`:        "parse JSON at byte 7: expected a key",
		`[1,]`:            "parse JSON at byte 3: expected a value",
		`{"a":"\d"}`:      "parse JSON at byte 6: unknown escape",
		`{"a":"x\u12g4"}`: "parse JSON at byte 7: unknown escape",
		`{"a":1} x`:       "parse JSON at byte 8: text after the value",
		`nul`:             "parse JSON at byte 0: expected a value",
		deep:              "parse JSON at byte 64: nested too deeply",
	} {
		_, err := leaves(&jsonleaf.Walker{}, doc)
		if err == nil || err.Error() != want {
			t.Errorf("Walk(%s): %v; want %s", doc, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	w := &jsonleaf.Walker{MaxLeaves: 2, MaxDepth: 1}
	got, err := leaves(w, `[1,2,3]`)
	var e *jsonleaf.Error
	if !errors.As(err, &e) || e.Cause != jsonleaf.CauseLeaves || len(got) != 2 {
		t.Errorf("three leaves: %v, %v", got, err)
	}
	if _, err := leaves(w, `[[]]`); !errors.As(err, &e) || e.Cause != jsonleaf.CauseDepth {
		t.Errorf("two levels: %v", err)
	}
}

func TestWalkStops(t *testing.T) {
	n := 0
	err := new(jsonleaf.Walker).Walk([]byte(`[1,[2,3`), func(jsonleaf.Leaf) bool { n++; return n < 2 })
	if n != 2 || err != nil {
		t.Errorf("stopped after %d leaves with %v", n, err)
	}
}

func TestMembers(t *testing.T) {
	doc := `{"a":"x\"y", "b" : [1,{"c":2}], "c":-1 ,"d":{},"e":null} tail`
	ms := jsonleaf.Members{Doc: []byte(doc)}
	var got []string
	var m jsonleaf.Member
	for ms.Next(&m) {
		got = append(got, fmt.Sprintf("%s=%s/%d/%v", m.Key, m.Text, m.Kind, m.Escaped))
	}
	want := `a=x\"y/0/true b=[1,{"c":2}]/4/false c=-1/1/false d={}/5/false e=null/3/false`
	if s := strings.Join(got, " "); s != want || ms.Err() != nil || !ms.Closed() || doc[ms.Pos:] != " tail" {
		t.Errorf("got %s, %v, rest %q", s, ms.Err(), doc[ms.Pos:])
	}
}

func TestMembersDepth(t *testing.T) {
	for _, c := range []struct {
		most, depth int
		fine        bool
	}{{0, jsonleaf.DefaultDepth, true}, {0, jsonleaf.DefaultDepth + 1, false}, {100, 100, true}, {100, 101, false}} {
		doc := `{"a":` + strings.Repeat("[", c.depth) + "1" + strings.Repeat("]", c.depth) + "}"
		ms := jsonleaf.Members{Doc: []byte(doc), MaxDepth: c.most}
		var m jsonleaf.Member
		for ms.Next(&m) {
		}
		if (ms.Err() == nil) != c.fine {
			t.Errorf("a value %d deep with MaxDepth %d: %v", c.depth, c.most, ms.Err())
		}
	}
}

func TestElements(t *testing.T) {
	for doc, want := range map[string]string{
		` [ 1 , "a\"b",[2,[3]] , {"c":[]},null,true ] tail`: `1/1 a\"b/0 [2,[3]]/4 {"c":[]}/5 null/3 true/2`,
		`[]`: "", ` [ ] `: "",
		`[1,]`:   "1/1 parse JSON at byte 3: expected a value",
		`[1 2]`:  "1/1 parse JSON at byte 3: expected , or ]",
		`[1`:     "1/1 parse JSON at byte 2: expected , or ]",
		`[[1,]]`: "parse JSON at byte 4: expected a value",
		`{}`:     "parse JSON at byte 0: no array",
		``:       "parse JSON at byte 0: no array",
	} {
		es := jsonleaf.NewElements([]byte(doc), 0)
		var got []string
		var m jsonleaf.Member
		for es.Next(&m) {
			got = append(got, fmt.Sprintf("%s/%d", m.Text, m.Kind))
		}
		if err := es.Err(); err != nil {
			got = append(got, err.Error())
		}
		if s := strings.Join(got, " "); s != want || es.Next(&m) {
			t.Errorf("%s: %s, want %s", doc, s, want)
		}
	}
}

func TestMembersErrors(t *testing.T) {
	for doc, want := range map[string]string{
		`x`:               "parse JSON at byte 0: no object",
		`{"a":"b" "c":1}`: "parse JSON at byte 9: expected , or }",
		`{"a":[1,}`:       "parse JSON at byte 8: expected a value",
		`{"a":"b"`:        "parse JSON at byte 8: object is not closed",
	} {
		ms := jsonleaf.Members{Doc: []byte(doc)}
		var m jsonleaf.Member
		for ms.Next(&m) {
		}
		if err := ms.Err(); err == nil || err.Error() != want || ms.Closed() {
			t.Errorf("Members(%s): %v; want %s", doc, err, want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	doc := []byte(`{"a":{"b":["x","y\n",3]},"c":"d"}`)
	var w jsonleaf.Walker
	n := 0
	count := func(jsonleaf.Leaf) bool { n++; return true }
	if a := testing.AllocsPerRun(100, func() { _ = w.Walk(doc, count) }); a != 0 {
		t.Errorf("Walk allocates %v times", a)
	}
	if a := testing.AllocsPerRun(100, func() {
		ms := jsonleaf.Members{Doc: doc}
		var m jsonleaf.Member
		for ms.Next(&m) {
			n++
		}
	}); a != 0 {
		t.Errorf("Members allocates %v times", a)
	}
}

// reference lists the leaves that encoding/json sees, in order, duplicates included.
func reference(doc []byte) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var got []string
	err := refValue(d, "", &got)
	if err == nil {
		if _, e := d.Token(); e != io.EOF {
			err = errors.New("trailing text")
		}
	}
	return got, err
}

func refValue(d *json.Decoder, path string, got *[]string) error {
	tok, err := d.Token()
	if err != nil {
		return err
	}
	join := func(key string) string {
		if path == "" {
			return key
		}
		return path + "." + key
	}
	switch v := tok.(type) {
	case json.Delim:
		for n := 0; d.More(); n++ {
			key := strconv.Itoa(n)
			if v == '{' {
				k, err := d.Token()
				if err != nil {
					return err
				}
				key = k.(string)
			}
			if err := refValue(d, join(key), got); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return err
	case nil:
		*got = append(*got, path+"=null")
	default:
		*got = append(*got, fmt.Sprintf("%s=%v", path, v))
	}
	return nil
}

// Property: what encoding/json accepts has the same leaves here, numbers to the last digit; Members sees the same keys.
func FuzzWalk(f *testing.F) {
	f.Add([]byte(`{"a":{"b":["x","y\n",3]},"c":"d","":{"":1}}`))
	f.Add([]byte(`[123456789012345678901234567890, -1.5E-7, "\ud83d\ude00\ud800", true, null]`))
	f.Add([]byte(`{"a":"b"} x`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		var got []string
		w := jsonleaf.Walker{MaxLeaves: 1 << 20}
		err := w.Walk(doc, func(l jsonleaf.Leaf) bool {
			got = append(got, valid(string(l.Key)+"="+string(l.Value)))
			return true
		})
		ms := jsonleaf.Members{Doc: doc}
		var m jsonleaf.Member
		for ms.Next(&m) {
		}
		if !json.Valid(doc) {
			return
		}
		want, refErr := reference(doc)
		if refErr != nil {
			return
		}
		var e *jsonleaf.Error
		if errors.As(err, &e) && e.Cause == jsonleaf.CauseDepth {
			return
		}
		if err != nil {
			t.Fatalf("Walk(%q): %v", doc, err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("Walk(%q) = %q, want %q", doc, got, want)
		}
		if doc := bytes.TrimLeft(doc, " \t\r\n"); doc[0] == '{' && (ms.Err() != nil || !ms.Closed()) {
			t.Fatalf("Members(%q): %v", doc, ms.Err())
		}
	})
}

// valid replaces every byte that is not UTF-8 by U+FFFD, as encoding/json does.
func valid(s string) string { return string([]rune(s)) }

func BenchmarkMembers(b *testing.B) {
	doc := []byte(`{"message_id":"WEB20174","date":"2024-12-04","timestamp":"1733289822","sev_num":"1","source_ip":"192.0.2.10", "macaddr":"","useragent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36","additional_details":[],"raw_message":"WebRequest completed"}`)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	var m jsonleaf.Member
	for b.Loop() {
		ms := jsonleaf.Members{Doc: doc}
		for ms.Next(&m) {
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	doc := []byte(`{"a":{"b":["x","y\n",3]},"c":"d","e":{"f":{"g":12345678901234567890}}}`)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	var w jsonleaf.Walker
	for b.Loop() {
		_ = w.Walk(doc, func(jsonleaf.Leaf) bool { return true })
	}
}

// NextText gives what Next gives, or leaves everything to it.
func TestNextText(t *testing.T) {
	names := []string{"a", "message_id", "additional_details", "nineteen_bytes_long", "more_than_nineteen_bytes"}
	rapid.Check(t, func(t *rapid.T) {
		var doc strings.Builder
		doc.WriteString(rapid.SampledFrom([]string{"{", "{ "}).Draw(t, "open"))
		for i := range rapid.IntRange(0, 6).Draw(t, "members") {
			if i > 0 {
				doc.WriteString(rapid.SampledFrom([]string{",", ",", ", "}).Draw(t, "comma"))
			}
			value := rapid.SampledFrom([]string{`""`, `"x"`, `12`, `[]`, `"a\"b"`, `"12345678"`, `"closed`, `"`, "\"" + strings.Repeat("long ", 20) + "\"",
				"\"" + strings.Repeat("long ", 20) + "\\n\""}).Draw(t, "value")
			fmt.Fprintf(&doc, "%q%s%s", rapid.SampledFrom(names).Draw(t, "name"), rapid.SampledFrom([]string{":", ":", ": "}).Draw(t, "colon"), value)
		}
		doc.WriteString(rapid.SampledFrom([]string{"}", "", "}                                "}).Draw(t, "close"))
		a, b := jsonleaf.Members{Doc: []byte(doc.String())}, jsonleaf.Members{Doc: []byte(doc.String())}
		var m jsonleaf.Member
		for {
			name := rapid.SampledFrom(names).Draw(t, "expected")
			before := a
			text, ok := a.NextText(jsonleaf.Expect(name))
			if !ok && !reflect.DeepEqual(a, before) {
				t.Fatalf("%s: changed from %+v to %+v", doc.String(), before, a)
			}
			more := b.Next(&m)
			if ok && (!more || m.Kind != jsonleaf.String || m.Escaped || string(m.Key) != name || string(m.Text) != string(text) || a.Pos != b.Pos) {
				t.Fatalf("%s: %q is %q up to %d, Next gives %+v up to %d", doc.String(), name, text, a.Pos, m, b.Pos)
			}
			if !more {
				return
			}
			a = b
		}
	})
	// A document as an appliance writes it is read by NextText alone, but for its end.
	ms := jsonleaf.Members{Doc: []byte(`{"message_id":"AUT24326","a":"","nineteen_bytes_long":"x","a":"` + strings.Repeat("text ", 20) + `","a":"the last"}`)}
	for _, name := range []string{"message_id", "a", "nineteen_bytes_long", "a"} {
		if _, ok := ms.NextText(jsonleaf.Expect(name)); !ok {
			t.Errorf("%s is not found at %d", name, ms.Pos)
		}
	}
}

func TestNextIs(t *testing.T) {
	ms := jsonleaf.Members{Doc: []byte(`{"a":"1", "b": 2,"c":"3"}`)}
	var m jsonleaf.Member
	var got []string
	for _, prefix := range []string{`"b":`, `"a":`, `"b":`, `"x":`, `"c":`, `"d":`} {
		if ms.NextIs(prefix, &m) {
			got = append(got, prefix+string(m.Text))
		}
	}
	if s := strings.Join(got, " "); s != `"a":1 "b":2 "c":3` {
		t.Errorf("got %s", s)
	}
	if ms.Next(&m) || !ms.Closed() {
		t.Errorf("not closed: %v", ms.Err())
	}
}

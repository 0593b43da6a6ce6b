package jsonpath_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"kiroku/internal/decode/jsonpath"
)

const doc = ` {"a":{"b.c":[1,{"d":"x\"\u00e9\ud83d\ude00\n"}, [ ] ],"t":true}, "n":-1.50e+7,"z":null,"e":"","id":12345678901234567890123 ,
 "o":{"k" : [ 1 , "a b" ] }, "a":1, "esc":["a\/b\u003c&\u003E", "\u0022\u005c\u2028\u000A\u0001\ud800x\q"]}`

func TestFind(t *testing.T) {
	for path, want := range map[string]string{
		`$.a["b.c"][1].d`:  "x\"é😀\n",
		`$.a['b.c'][0]`:    "1",
		`$["a"].t`:         "true",
		`$[a].t`:           "true",
		`$.n`:              "-1.50e+7",
		`$.z`:              "null",
		`$.e`:              "",
		`$.id`:             "12345678901234567890123",
		`$.o`:              `{"k":[1,"a b"]}`,
		`$.a["b.c"][2]`:    "[]",
		`$.a["b.c"][3]`:    "<none>",
		`$.a.missing.x`:    "<none>",
		`$.n.x`:            "<none>",
		`$[0]`:             "<none>",
		`$.o.k[1]`:         "a b",
		`$.a["b.c"][1]`:    `{"d":"x\"é😀\n"}`,
		`$.esc`:            `["a/b<&>","\"\\` + "\u2028" + `\n\u0001\ud800x\q"]`,
		`$.o.k[000000001]`: "a b",
	} {
		p, err := jsonpath.Parse(path)
		if err != nil {
			t.Errorf("Parse(%s): %v", path, err)
			continue
		}
		got := "<none>"
		if v, ok := p.Find([]byte(doc)); ok {
			got = string(v.AppendText(nil))
		}
		if got != want {
			t.Errorf("%s = %q, want %q", path, got, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for path, want := range map[string]string{
		``:          "JSON path at byte 0: expected $",
		`a.b`:       "JSON path at byte 0: expected $",
		`$a`:        "JSON path at byte 1: expected . or [",
		`$.`:        "JSON path at byte 2: expected a key",
		`$..a`:      "JSON path at byte 2: expected a key",
		`$.a[*]`:    "JSON path at byte 4: expected a key or a number",
		`$.a[0`:     "JSON path at byte 5: expected ]",
		`$["a`:      "JSON path at byte 4: key is not closed",
		`$.a[?(@)]`: "JSON path at byte 4: expected a key or a number",
		`$.a b`:     "JSON path at byte 3: ' ' is not allowed in a key without quotes",
	} {
		if _, err := jsonpath.Parse(path); err == nil || err.Error() != want {
			t.Errorf("Parse(%q): %v, want %s", path, err, want)
		}
	}
}

func TestBroken(t *testing.T) {
	p, _ := jsonpath.Parse("$.b")
	for _, doc := range []string{"", "x", "{", `{"b"`, `{"b":`, `{"b":"`, `{"a":1 "b":2}`, `{"a":[}`, `{"b":tru}`, `{"a":"\"}`, strings.Repeat(`{"a":`, 100_000)} {
		if v, ok := p.Find([]byte(doc)); ok {
			t.Errorf("%.20q has %v", doc, v)
		}
	}
}

// walk lists the leaves with their paths as encoding/json sees them.
func walk(v any, p string, f func(path string, v any)) {
	f(p, v)
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			walk(e, fmt.Sprintf("%s[%d]", p, i), f)
		}
	case map[string]any:
		for k, e := range v {
			walk(e, p+`["`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(k)+`"]`, f)
		}
	}
}

// FuzzFind: every value that encoding/json sees is found at its path with the same content, unless a key stands twice; a
// path prints as it is read; nothing panics on what is no JSON.
func FuzzFind(f *testing.F) {
	f.Add([]byte(doc), "$.a[0]")
	f.Add([]byte(`{"a.b":{"":[null,{"\u0041":"\ud800"}]}}`), `$["a.b"][""]`)
	f.Add([]byte(`[[["]"],{"x":"}"}]]`), "$[0][1].x")
	f.Fuzz(func(t *testing.T, doc []byte, text string) {
		if p, err := jsonpath.Parse(text); err == nil {
			p.Find(doc)
			again, err := jsonpath.Parse(p.String())
			if err != nil || again.String() != p.String() {
				t.Fatalf("%q prints as %q: %v", text, p, err)
			}
		}
		d := json.NewDecoder(bytes.NewReader(doc))
		d.UseNumber()
		var v any
		if !json.Valid(doc) || d.Decode(&v) != nil || bytes.Count(doc, []byte(`"`)) > 20 {
			return
		}
		if again, err := json.Marshal(v); err != nil || len(again) > 2*len(doc) || hasDuplicates(doc) {
			return
		}
		walk(v, "$", func(path string, want any) {
			p, err := jsonpath.Parse(path)
			if err != nil {
				t.Fatalf("Parse(%q): %v", path, err)
			}
			found, ok := p.Find(doc)
			if !ok {
				if strings.Contains(path, "\ufffd") {
					return // keys that are not UTF-8
				}
				t.Fatalf("%q has nothing at %s", doc, path)
			}
			var got any
			d := json.NewDecoder(bytes.NewReader(found.AppendJSON(nil)))
			d.UseNumber()
			if err := d.Decode(&got); err != nil {
				t.Fatalf("%q at %s: %q: %v", doc, path, found.AppendJSON(nil), err)
			}
			if s, isText := want.(string); isText && string([]rune(string(found.AppendText(nil)))) != s {
				t.Fatalf("%q at %s: %q, want %q", doc, path, found.AppendText(nil), s)
			}
			a, _ := json.Marshal(got)
			b, _ := json.Marshal(want)
			if !bytes.Equal(a, b) {
				t.Fatalf("%q at %s: %s, want %s", doc, path, a, b)
			}
		})
	})
}

// hasDuplicates says that some object of doc may have a key twice.
func hasDuplicates(doc []byte) bool {
	d := json.NewDecoder(bytes.NewReader(doc))
	seen := map[string]bool{}
	for {
		tok, err := d.Token()
		if err != nil {
			return false
		}
		if s, ok := tok.(string); ok {
			if seen[s] {
				return true
			}
			seen[s] = true
		}
	}
}

func BenchmarkFind(b *testing.B) {
	doc := []byte(`{"eventVersion":"1.10","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLEROLEID0001:kei","arn":"arn:aws:sts::444455556666:assumed-role/PlatformAdmin/kei","sessionContext":{"sessionIssuer":{"type":"Role"}}},"eventTime":"2025-03-04T08:31:44Z","eventSource":"ec2.amazonaws.com","requestParameters":{"groupId":"sg-0a1b2c3d4e5f60718","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22}]}}}`)
	p, err := jsonpath.Parse("$.requestParameters.groupId")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := p.Find(doc); !ok {
			b.Fatal("not found")
		}
	}
}

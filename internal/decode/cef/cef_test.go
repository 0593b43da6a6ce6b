package cef

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// text is a message in a form that reads well in a table: header fields, then pairs.
func text(m *Message) []string {
	var out []string
	for _, p := range [][]byte{m.Version, m.Vendor, m.Product, m.DeviceVer, m.SignatureID, m.Name, m.Severity, m.Text} {
		out = append(out, string(p))
	}
	for _, f := range m.Fields {
		out = append(out, string(f.Key)+": "+string(f.Value))
	}
	return out
}

func TestParse(t *testing.T) {
	const h = "CEF:0|V|P|1|100|N|5|"
	head := func(fields ...string) []string {
		return append([]string{"0", "V", "P", "1", "100", "N", "5", ""}, fields...)
	}
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"spaces in values":        {h + "src=192.0.2.1 msg=two words dst=192.0.2.2", head("src: 192.0.2.1", "msg: two words", "dst: 192.0.2.2")},
		"empty values":            {h + "dvc= app= c6a1Label=Device IPv6 Address c6a1=", head("dvc: ", "app: ", "c6a1Label: Device IPv6 Address", "c6a1: ")},
		"escapes":                 {h + `a=x\=y\\z\nnext\rlast b=1`, head("a: x=y\\z\nnext\rlast", "b: 1")},
		"no escape":               {h + `path=C:\Program Files\x end=\`, head(`path: C:\Program Files\x`, `end: \`)},
		"equals without a key":    {h + "url=https://example.com/?a=b&c=d request=/p?x=1 k=v", head("url: https://example.com/?a=b&c=d", "request: /p?x=1", "k: v")},
		"equals at once":          {h + "msg=a=b", head("msg: a=b")},
		"pipe in a value":         {h + "a=1|2", head("a: 1|2")},
		"escaped equals no key":   {h + `msg=forged dst\=192.0.2.9 k=v`, head("msg: forged dst=192.0.2.9", "k: v")},
		"spaces in front of keys": {h + "  a=1   b=2 ", []string{"0", "V", "P", "1", "100", "N", "5", " ", "a: 1  ", "b: 2 "}},
		"dotted and indexed keys": {h + "ad.x=1 list[0]=2 c_d-e=3", head("ad.x: 1", "list[0]: 2", "c_d-e: 3")},
		"no extension":            {"CEF:0|V|P|1|100|N|5", head()},
		"escaped header":          {`CEF:1|V\|W|P\\Q|1\x|100|N=1|High|`, []string{"1", "V|W", `P\Q`, `1\x`, "100", "N=1", "High", ""}},
		"space behind the colon":  {"CEF: 0|V|P|1|100|N|5|", head()},
		"repeated key":            {h + "a=1 a=2", head("a: 1", "a: 2")},
	} {
		t.Run(name, func(t *testing.T) {
			var m Message
			if err := m.Parse([]byte(c.in)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, text(&m)); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTextInFrontOfKeys(t *testing.T) {
	var m Message
	if err := m.Parse([]byte("CEF:0|V|P|1|100|N|5|some words a=1")); err != nil {
		t.Fatal(err)
	}
	if string(m.Text) != "some words" || len(m.Fields) != 1 {
		t.Errorf("text %q, fields %v", m.Text, text(&m))
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{"", "CEF", "CEF:", "CEF:x|V|P|1|100|N|5|", "XCEF:0|V|P|1|100|N|5|", "CEF:0|V|P|1|100|N", `CEF:0|V|P|1|100\|N|5`} {
		var m Message
		if err := m.Parse([]byte(in)); err == nil {
			t.Errorf("%q is accepted: %v", in, text(&m))
		}
	}
}

func TestIndex(t *testing.T) {
	for in, want := range map[string]int{
		"CEF:0|V|":                         0,
		"<13>Jan  1 00:00:00 h CEF:1|V|":   22,
		"tag:CEF:0|V|":                     4,
		"no SCEF:0| here":                  -1,
		"CEF:zero| and then CEF:0|V|":      19,
		"":                                 -1,
		"CEF:":                             -1,
		strings.Repeat("CEF:", 1000) + "x": -1,
	} {
		if got := Index([]byte(in)); got != want {
			t.Errorf("Index(%.40q) = %d, want %d", in, got, want)
		}
	}
}

func TestLabels(t *testing.T) {
	var m Message
	if err := m.Parse([]byte(`CEF:0|V|P|1|1|N|5|cs1Label=portalURL cs1=x c6a1Label="Device IPv6 Address" c6a1= cs2Label= cs2=y`)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"cs1": "portalURL", "c6a1": "Device IPv6 Address"}, m.Labels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestLevel(t *testing.T) {
	for in, want := range map[string]int{"0": 0, "10": 10, "7": 7, "Low": 0, "medium": 4, "High": 7, "Very-High": 9, "Unknown": -1, "11": -1, "": -1} {
		got, ok := Level([]byte(in))
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("Level(%q) = %d, want %d", in, got, want)
		}
	}
}

// FuzzAppendParse holds that whatever values a message has, writing and reading it gives the same message: no value can
// pose as a key, and none is lost.
func FuzzAppendParse(f *testing.F) {
	f.Add("vendor", "name|x", "msg", "two words", "a=b \\ \n\r")
	f.Add("", "", "k", " k2=v ", "\\")
	f.Add("\xff\x00", "\\|", "cs1", "\\=", "=")
	f.Fuzz(func(t *testing.T, vendor, name, key, v1, v2 string) {
		if key == "" || strings.ContainsFunc(key, func(r rune) bool { return r > 127 || !keyByte(byte(r)) }) || strings.ContainsAny(vendor+name, "\r\n") {
			return
		}
		want := Message{
			Version: []byte("0"), Vendor: []byte(vendor), Product: []byte("P"), DeviceVer: []byte("1"), SignatureID: []byte("100"),
			Name: []byte(name), Severity: []byte("5"),
			Fields: []Field{{[]byte(key), []byte(v1)}, {[]byte("k2"), []byte(v2)}, {[]byte(key), []byte(v1 + v2)}},
		}
		line := Append(nil, &want)
		if bytes.ContainsAny(line, "\r\n") {
			t.Errorf("line break in %q", line)
		}
		var got Message
		if err := got.Parse(line); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if diff := cmp.Diff(text(&want), text(&got)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	})
}

// FuzzParse holds that reading is stable: what was read, written and read again is the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte("CEF:0|V|P|1|100|N|5|some text a=1  b= c=x=y \\= d=\\\\"))
	f.Add([]byte(`CEF:1|V\|W|P\\Q|1\x|100|N=1|High|cs1Label="L" cs1=`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second Message
		if first.Parse(data) != nil || bytes.ContainsAny(data, "\r\n") {
			return
		}
		line := Append(nil, &first)
		if err := second.Parse(line); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if diff := cmp.Diff(text(&first), text(&second)); diff != "" {
			t.Errorf("%q then %q (-first +second):\n%s", data, line, diff)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	line := []byte("CEF:0|Example|Gateway|1.2|EVENT_LOGIN|Log on|3|externalId=1499800495894_e453bc33 start=1499800495895 msg=Log on suser=alice@example.com " +
		"requestClientApplication=Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) cs1Label=portalURL cs1=https://example.com/#/audits?id\\=eq(1)")
	var m Message
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Parse(line); err != nil {
			b.Fatal(err)
		}
	}
}

package defender

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/event"
	"kiroku/internal/source/sourcetest"
)

// sample is one line of expected.jsonl.
type sample struct {
	File   string
	Line   int
	Prefix struct {
		PRI  *int
		Time *string
		Host *string
	}
	Header    map[string]string
	Extension map[string]string
	Labelled  map[string]string
}

var headNames = [headFields]string{"version", "vendor", "product", "agentVersion", "classId", "name", "severity"}

// describe is what a test looks at: the parts of a line as expected.jsonl has them.
func describe(l *Line) sample {
	s := sample{Header: map[string]string{}, Extension: map[string]string{}, Labelled: map[string]string{}}
	if l.PRI >= 0 {
		s.Prefix.PRI = &l.PRI
	}
	if t := string(l.Stamp.Text); t != "" {
		s.Prefix.Time = &t
	}
	if h := string(l.Host); h != "" {
		s.Prefix.Host = &h
	}
	for i, name := range headNames {
		v, _ := l.HeadText(i, nil)
		s.Header[name] = string(v)
	}
	labels := map[string]string{}
	for i := range l.Fields {
		f := &l.Fields[i]
		v, _ := f.Value(nil)
		s.Extension[string(f.Key)] = string(v)
		if key, is := strings.CutSuffix(string(f.Key), labelSuffix); is {
			labels[key] = string(Unquote(v))
		}
	}
	for key, label := range labels {
		if v, ok := s.Extension[key]; ok {
			s.Labelled[label] = v
		}
	}
	return s
}

// samples are the public lines and what they say.
func samples(t testing.TB) (lines [][]byte, want []sample) {
	t.Helper()
	f, err := os.Open("testdata/samples/expected.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files := map[string][][]byte{}
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		var s sample
		if err := json.Unmarshal(scanner.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		if files[s.File] == nil {
			data, err := os.ReadFile(filepath.Join("testdata/samples", s.File))
			if err != nil {
				t.Fatal(err)
			}
			files[s.File] = bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
		}
		lines, want = append(lines, files[s.File][s.Line-1]), append(want, s)
	}
	if err := scanner.Err(); err != nil || len(lines) != 12 {
		t.Fatalf("%d samples: %v", len(lines), err)
	}
	return lines, want
}

func TestSamples(t *testing.T) {
	lines, want := samples(t)
	var l Line
	for i, line := range lines {
		if err := l.Parse(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got := describe(&l)
		got.File, got.Line = want[i].File, want[i].Line
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("%s:%d (-want +got):\n%s", want[i].File, want[i].Line, diff)
		}
		if again := l.Append(nil); !bytes.Equal(again, line) {
			t.Errorf("%s:%d: other bytes:\n%s\n%s", want[i].File, want[i].Line, line, again)
		}
		if l.Ambiguous {
			t.Errorf("%s:%d is ambiguous", want[i].File, want[i].Line)
		}
	}
}

const (
	head207  = `2021-03-04T05:06:07.000Z CEF:0|MCAS|SIEM_Agent|0.207.10|EVENT_CATEGORY_RUN_COMMAND|Run command|0|`
	front207 = `externalId=1_2 rt=1614834367000 start=1614834367000 end=1614834367000 msg=`
	back207  = ` suser=a@example.com destinationServiceName=Microsoft Exchange Online dvc=192.0.2.1 requestClientApplication=`
	rear207  = ` cs1Label=portalURL cs1=https://example.com/#/audits?activity.id\=eq(1_2,) cs2Label=uniqueServiceAppIds cs2=APPID_OUTLOOK cs3Label=targetObjects cs3=`
	last207  = ` cs4Label=policyIDs cs4=59f0ab82f797fa0681e9b1c7 c6a1Label="Device IPv6 Address" c6a1=2001:db8::1`
	rear298  = ` cs1Label=portalURL cs1=https://security.microsoft.com/cloudapps/activity-log?activity.id=eq(1_2,) cs2Label=uniqueServiceAppIds cs2=APPID_OUTLOOK cs3Label=targetObjects cs3=`
	last298  = ` cs4Label=policyIDs cs4= c6a1Label=Device IPv6 Address c6a1=`
)

// Lines that no grammar alone can read: what the keys hold, and whether the line is ambiguous.
func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		line      string
		want      map[string]string // these keys; "" also for those that must not be there
		ambiguous bool
	}{
		"equals in msg": {
			head207 + front207 + "Run command: x; Parameters: Identity=abc suser=evil@example.com" + back207 + "UA" + rear298 + ",x" + last298,
			map[string]string{"msg": "Run command: x; Parameters: Identity=abc suser=evil@example.com", "suser": "a@example.com", "Identity": "", "cs3": ",x"}, true,
		},
		"whole tail in msg": {
			head207 + front207 + "x" + back207 + "fake" + rear298 + "fake" + last298 + back207 + "UA" + rear298 + "real" + last298,
			map[string]string{"requestClientApplication": "UA", "cs3": "real", "suser": "a@example.com", "msg": "x" + back207 + "fake" + rear298 + "fake" + strings.TrimRight(last298, " ")}, true,
		},
		"head keys in msg": {
			head207 + front207 + "x end=7 msg=y externalId=z" + back207 + "UA" + rear207 + last207,
			map[string]string{"externalId": "1_2", "end": "1614834367000", "msg": "x end=7 msg=y externalId=z"}, true,
		},
		"keys of the tail in cs3": {
			head207 + front207 + "x" + back207 + "UA" + rear298 + "a cs4=b.txt,c msg=d suser=e" + last298,
			map[string]string{"cs3": "a cs4=b.txt,c msg=d suser=e", "cs4": "", "suser": "a@example.com", "msg": "x"}, true,
		},
		"a key of the front in cs3": {
			strings.Replace(head207+front207, "rt=1614834367000 ", "", 1) + "x" + back207 + "UA" + rear298 + "t rt=5" + last298,
			map[string]string{"rt": "", "cs3": "t rt=5"}, true,
		},
		"a word in the user agent, not escaped": {
			head207 + front207 + "x" + back207 + "Client app=mail (X; os=y)" + rear298 + last298,
			map[string]string{"requestClientApplication": "Client app=mail (X; os=y)", "app": ""}, true,
		},
		"a new key behind a list of ids": {
			head207 + front207 + "x" + back207 + "UA" + rear298 + "t cs4Label=policyIDs cs4=59f0ab82f797fa0681e9b1c7 newKey=1 2 c6a1Label=Device IPv6 Address c6a1=",
			map[string]string{"cs4": "59f0ab82f797fa0681e9b1c7", "newKey": "1 2", "c6a1": ""}, false,
		},
		"cs5 and cs6": {
			head207 + front207 + "x" + back207 + "UA" + rear207 + `t,"u" cs4Label=policyIDs cs4= cs5Label=location cs5=Tokyo, JP cs6Label=other cs6= c6a1Label="Device IPv6 Address" c6a1=2001:db8::1 cs5=again`,
			map[string]string{"cs3": `t,"u"`, "cs4": "", "cs5Label": "location", "cs6Label": "other", "cs6": "", "c6a1": "2001:db8::1"}, false,
		},
		"blanks in front of equals": {
			head207 + strings.NewReplacer("msg=", "msg =", "rt=", "rt  =").Replace(front207) + "two = three" + strings.ReplaceAll(back207, "=", " =") + "UA" + rear207 + last207,
			map[string]string{"msg": "two = three", "rt": "1614834367000", "suser": "a@example.com", "dvc": "192.0.2.1", "destinationServiceName": "Microsoft Exchange Online"}, false,
		},
		"alert with src and address of version 6 in front": {
			`CEF:0|MCAS|SIEM_Agent|0.172.1|ALERT_ANUBIS_DETECTION_VELOCITY|Impossible travel|3|externalId=5 rt=1 start=1 end=1 msg=m suser=u destinationServiceName=Office 365 src=192.0.2.1 c6a1Label="Device IPv6 Address" c6a1=2001:db8::2 cn1Label=riskScore cn1=7 cs1Label=portalURL cs1=https://example.com cs2Label=uniqueServiceAppIds cs2=A cs3Label=relatedAudits cs3=1,2 cs4Label=policyIDs cs4=`,
			map[string]string{"src": "192.0.2.1", "c6a1": "2001:db8::2", "cn1": "7", "cs4": "", "cs3": "1,2", "destinationServiceName": "Office 365"}, false,
		},
		"a bar in the name": {
			`CEF:0|MCAS|SIEM_Agent|0.298.1|ALERT_CABINET_EVENT_MATCH_AUDIT|a|b|c|3|externalId=5 start=1 end=1 msg=m`,
			map[string]string{"externalId": "5", "msg": "m"}, true,
		},
		"typographic quotes": {
			head207 + front207 + "x" + back207 + "UA" + rear207 + " cs4Label=\u201cpolicyIDs\u201d cs4=7 c6a1Label=\u201cDevice IPv6 Address\u201d c6a1=\r\n",
			map[string]string{"c6a1": "", "cs4": "7"}, false,
		},
		"no extension": {"CEF:0|MCAS|SIEM_Agent|0.207.1|EVENT_CATEGORY_LOGIN|Log on|0|", nil, false},
		"only unknown": {"CEF:0|MCAS|SIEM_Agent|0.207.1|EVENT_CATEGORY_LOGIN|Log on|0|words a=1 b=2 3", map[string]string{"a": "1", "b": "2 3"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var l Line
			if err := l.Parse([]byte(c.line)); err != nil {
				t.Fatal(err)
			}
			got := describe(&l).Extension
			for key, want := range c.want {
				if got[key] != want {
					t.Errorf("%s is %q, want %q", key, got[key], want)
				}
			}
			if l.Ambiguous != c.ambiguous {
				t.Errorf("ambiguous: %v", l.Ambiguous)
			}
			if again := string(l.Append(nil)); again != c.line {
				t.Errorf("other bytes:\n%q\n%q", c.line, again)
			}
		})
	}
}

func TestPrefix(t *testing.T) {
	const message = `CEF:0|MCAS|SIEM_Agent|0.207.10|EVENT_CATEGORY_LOGIN|Log on|0|externalId=1`
	for prefix, want := range map[string]string{ // PRI, time, host
		"":                              "-1||",
		"2021-03-04T05:06:07.000Z ":     "-1|2021-03-04T05:06:07.000Z|",
		"2021-03-04T05:06:07.000Z h1 ":  "-1|2021-03-04T05:06:07.000Z|h1",
		"2021-03-04T05:06:07+00:00 h1 ": "-1|2021-03-04T05:06:07+00:00|h1",
		"2021-03-04T05:06:07 ":          "-1|2021-03-04T05:06:07|",
		"<109>2021-03-04T05:06:07.000Z 89888346f2db ": "109|2021-03-04T05:06:07.000Z|89888346f2db",
		"<109>1 2021-03-04T05:06:07.000Z h1 ":         "109|2021-03-04T05:06:07.000Z|h1",
		"<14>1 2021-03-04T05:06:07Z h1 app 1 - - ":    "14|2021-03-04T05:06:07Z|h1",
		"<109>2021-03-04T05:06:07.000Z ":              "109|2021-03-04T05:06:07.000Z|",
		"<109>Mar  4 05:06:07 h1 ":                    "109|Mar  4 05:06:07|h1",
		"<109>Mar 04 05:06:07 h1 ":                    "109|Mar 04 05:06:07|h1",
		"Mar 4 05:06:07 h1 ":                          "-1|Mar 4 05:06:07|h1",
		"Mar 04 2021 05:06:07 h1 ":                    "-1|Mar 04 2021 05:06:07|h1",
		"Mar 04 2021 05:06:07 ":                       "-1|Mar 04 2021 05:06:07|",
		"<109>":                                       "109||",
		"some junk: ":                                 "-1||",
	} {
		var l Line
		if err := l.Parse([]byte(prefix + message)); err != nil {
			t.Fatal(err)
		}
		got := strings.Join([]string{strconv.Itoa(l.PRI), string(l.Stamp.Text), string(l.Host)}, "|")
		if got != want {
			t.Errorf("%q: %s, want %s", prefix, got, want)
		}
		if string(l.Before) != prefix {
			t.Errorf("%q is kept as %q", prefix, l.Before)
		}
	}
}

func TestRefused(t *testing.T) {
	for line, want := range map[string]string{
		"":                                 "no CEF",
		"CEF:0|Other|SIEM_Agent|1|a|b|0|":  "no CEF",
		"CEF:|MCAS|SIEM_Agent|1|a|b|0|":    "no CEF",
		"XEF:0|MCAS|SIEM_Agent|1|a|b|0|":   "no CEF",
		"CEF:0|MCAS|SIEM_Agent|":           "3 of 7",
		"CEF:0|MCAS|SIEM_Agent|1|a":        "4 of 7",
		"CEF:0|MCAS|SIEM_Agent|1|a|b":      "5 of 7",
		"CEF:0|MCAS|SIEM_Agent|1|a|b|0":    "6 of 7",
		`CEF:0|MCAS|SIEM_Agent|1|a|b\|0|x`: "6 of 7",
	} {
		var l Line
		if err := l.Parse([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", line, err, want)
		}
	}
}

// TestHostile holds that lines made to be slow are not: twice as long takes about twice the time, and each of these ends at once.
func TestHostile(t *testing.T) {
	const head = "CEF:0|MCAS|SIEM_Agent|1|EVENT_CATEGORY_LOGIN|Log on|0|externalId=1 msg=x suser=y "
	for _, unit := range []string{" cs1=", " a=", "=", `\`, "|", " cs5=x cs5Label=y", "|MCAS|SIEM_Agent|", "CEF:0", " suser=a dvc=b c6a1=c", " rt=1", " machine_id_1", "(Failure message: ", ": "} {
		line := []byte(head + strings.Repeat(unit, (1<<20)/len(unit)))
		start := time.Now()
		e := new(event.Event)
		if err := Source.Map(sourcetest.Record(line), e); err != nil {
			t.Errorf("%q: %v", unit, err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%q: a line of a megabyte takes %v", unit, took)
		}
	}
}

package duckdb

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// A record over 256 KiB loses members in CloudTrail's order, and no more of them than it must.
func TestShortEvent(t *testing.T) {
	big := func(kb int) string { return strings.Repeat("x", kb<<10) }
	mark := func(name string, size int) string {
		return fmt.Sprintf(`"%s":{"reason":"%s too large","omitted":true,"originalSize":%d}`, name, name, size)
	}
	for name, c := range map[string]struct{ record, want string }{
		"just small enough": {`{"requestParameters":{"a":"` + strings.Repeat("x", 256<<10-30) + `"}}`, ""},
		"one object": {`{"eventName":"A","requestParameters":{"a":"` + big(300) + `"},"errorMessage":"no"}`,
			`{"eventName":"A",` + mark("requestParameters", 300<<10+8) + `,"errorMessage":"no"}`},
		"in their order, until it is enough": {`{"requestParameters":{"a":"` + big(200) + `"},"responseElements":{"a":"` + big(100) + `"},"requestID":"r","userAgent":"u","errorCode":"c"}`,
			`{"requestParameters":{"a":"` + big(200) + `"},` + mark("responseElements", 100<<10+8) + `}`},
		"small objects and null stay": {`{"additionalEventData":{"a":1},"annotation":null,"x":"` + big(300) + `"}`, `{"additionalEventData":{"a":1},"annotation":null,"x":"` + big(300) + `"}`},
		"no more than needed":         {`{"annotation":"` + big(200) + `","requestID":"r","requestParameters":{"a":"` + big(100) + `"}}`, `{"requestID":"r","requestParameters":{"a":"` + big(100) + `"}}`},
		"no object":                   {`["` + big(300) + `"]`, ""},
		"broken":                      {`{"requestParameters":{"a":"` + big(300) + `"}`, ""},
	} {
		want := c.want
		if want == "" {
			want = c.record
		}
		if got := string(shortEvent([]byte(c.record))); got != want {
			t.Errorf("%s: %.200q (%d bytes), want %.200q (%d bytes)", name, got, len(got), want, len(want))
		}
	}
	e, tables := open(t, nil)
	got := results(t, e, tables, `SELECT i, kiroku_short_event(CASE i WHEN 0 THEN NULL ELSE '{"annotation":"a"}' END) FROM range(2) r(i) ORDER BY i`)
	if want := `[0,null] [1,"{\"annotation\":\"a\"}"]`; strings.Join(got, " ") != want {
		t.Errorf("in SQL: %s", strings.Join(got, " "))
	}
}

// FuzzShortEvent: a record stays JSON with the same members, but for those that CloudTrail cuts, and never grows.
func FuzzShortEvent(f *testing.F) {
	f.Add(`{"a":"\"}","requestID":"x" , "eventContext":[1,{}]}`)
	f.Fuzz(func(t *testing.T, head string) {
		record := strings.TrimSuffix(strings.TrimSpace(head), "}") + `,"requestParameters":"` + strings.Repeat("x", shortEventBytes) + `"}`
		got := shortEvent([]byte(record))
		var before, after map[string]json.RawMessage
		if json.Unmarshal([]byte(record), &before) != nil {
			return
		}
		if err := json.Unmarshal(got, &after); err != nil || len(got) > len(record) {
			t.Fatalf("%.100q became %.100q: %v", record, got, err)
		}
		for k := range before {
			if _, ok := after[k]; !ok && !strings.Contains(strings.Join(shortened, " "), k) {
				t.Fatalf("%q was lost from %.100q", k, record)
			}
		}
	})
}

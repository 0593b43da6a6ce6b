package awsapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kiroku/internal/awsapi"
	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/meta"
	"kiroku/internal/query"
	"kiroku/internal/search"
	"kiroku/internal/source/cloudtrail"
)

// segments is a lake of files.
type segments []query.Part

func (s segments) Parts([]string) ([]query.Part, func(), error) { return s, func() {}, nil }

// trail writes CloudTrail records into a store as the pipeline would.
func trail(t testing.TB, store string, records []string) query.Part {
	t.Helper()
	b := segment.NewBuilder(search.HashTokens, segment.Fast)
	var e event.Event
	for i, text := range records {
		e.Reset()
		rec := event.Record{Data: []byte(text), Received: time.Now()}
		if err := cloudtrail.Source.Map(&rec, &e); err != nil {
			t.Fatal(err)
		}
		e.Str(event.ColSource, "", string(event.CloudTrail))
		e.Str(event.ColRawData, "", text)
		e.Str(event.ColEventUID, "", fmt.Sprintf("%s-%d", store, i))
		e.Time(event.ColIngestTime, "", rec.Received)
		b.Append(&e)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), store))
	if err != nil {
		t.Fatal(err)
	}
	w, err := segment.Assemble(f, []*segment.Group{b.Finish()}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := segment.Open(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return query.Part{Store: store, Rows: int64(w.Rows), MinTime: w.MinTime, MaxTime: w.MaxTime, Open: func() (*segment.File, error) { return file, nil }}
}

// call is a record; age is how long ago it happened.
func call(age time.Duration, id, more string) string {
	return fmt.Sprintf(`{"eventVersion":"1.08","eventTime":%q,"eventID":%q,"awsRegion":"us-east-1","recipientAccountId":"111122223333",%s}`,
		time.Now().UTC().Add(-age).Truncate(time.Second).Format(time.RFC3339), id, more)
}

func management(name, more string) string {
	return `"eventName":"` + name + `","eventSource":"iam.amazonaws.com","eventType":"AwsApiCall","eventCategory":"Management"` + more
}

const (
	byRole = `,"readOnly":true,"userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:deploy","accessKeyId":"ASIAEXAMPLE","arn":"arn:aws:sts::111122223333:assumed-role/Ops/deploy","sessionContext":{"sessionIssuer":{"userName":"Ops","type":"Role"}}}`
	byUser = `,"readOnly":false,"userIdentity":{"type":"IAMUser","userName":"alice","accessKeyId":"AKIAEXAMPLE"}`
)

func newTrailWorld(t *testing.T, parts ...query.Part) *world {
	return newWorld(t, func(o *awsapi.Options) {
		o.Events = query.New(segments(parts), nil, search.NewFields(cloudtrail.Source))
	})
}

// found returns the ids of all pages, "/" between pages.
func (w *world) found(input string) string {
	w.Helper()
	var ids []string
	token := ""
	for range 100 {
		in := input
		if token != "" {
			in = strings.TrimSuffix(input, "}")
			if in != "{" {
				in += ","
			}
			in += `"NextToken":"` + token + `"}`
		}
		a := w.op("LookupEvents", in)
		if a.status != http.StatusOK {
			w.Fatalf("LookupEvents %s: %s", in, a.body)
		}
		var out struct {
			Events    []struct{ EventId string }
			NextToken string
		}
		if err := json.Unmarshal([]byte(a.body), &out); err != nil || out.Events == nil {
			w.Fatalf("%v in %s", err, a.body)
		}
		for _, e := range out.Events {
			ids = append(ids, e.EventId)
		}
		if token = out.NextToken; token == "" {
			return strings.Join(ids, " ")
		}
		ids = append(ids, "/")
	}
	w.Fatal("the pages do not end")
	return ""
}

func TestLookupEvents(t *testing.T) {
	h := time.Hour
	w := newTrailWorld(t, trail(t, "default", []string{
		call(91*24*h, "old", management("ListUsers", byUser)),
		call(5*h, "five", management("ListUsers", byRole)),
		call(4*h, "four", management("CreateUser", byUser+`,"requestParameters":{"userName":"bob"}`)),
		call(3*h, "three", management("GetUser", byRole+`,"resources":[{"type":"AWS::IAM::User","ARN":"arn:aws:iam::111122223333:user/bob"}]`)),
		call(2*h, "data", `"eventName":"GetObject","eventSource":"s3.amazonaws.com","eventCategory":"Data"`),
		call(2*h, "insight", `"eventType":"AwsCloudTrailInsight","eventCategory":"Insight","sharedEventID":"s","insightDetails":{"state":"Start","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","insightType":"ApiCallRateInsight"}`),
		call(h, "one", management("DeleteUser", `,"userIdentity":{"type":"Root","accountId":"111122223333"}`)),
		strings.Replace(call(h, "stranger", management("DeleteUser", byUser)), "111122223333", "444455556666", 1),
		strings.Replace(call(h, "elsewhere", management("DeleteUser", byUser)), "us-east-1", "eu-west-1", 1),
	}))
	for attribute, want := range map[string]string{
		"":                                          "one three four five",
		"EventId four":                              "four",
		"EventName GetUser":                         "three",
		"EventName getuser":                         "",
		"ReadOnly true":                             "three five",
		"ReadOnly false":                            "four",
		"Username alice":                            "four",
		"Username deploy":                           "three five",
		"Username Ops/deploy":                       "",
		"Username root":                             "one",
		"Username *":                                "",
		"EventSource iam.amazonaws.com":             "one three four five",
		"EventSource ec2.amazonaws.com":             "",
		"AccessKeyId ASIAEXAMPLE":                   "three five",
		"ResourceName bob":                          "four",
		"ResourceType AWS::IAM::User":               "three four",
		"ResourceType AWS::S3::Bucket":              "",
		`ResourceName " OR source:"`:                "",
		"ResourceName " + strings.Repeat(`x`, 2000): "",
		"ResourceName arn:aws:iam::111122223333:user/bob": "three",
	} {
		input := "{}"
		if key, value, ok := strings.Cut(attribute, " "); ok {
			b, _ := json.Marshal(map[string]any{"LookupAttributes": []map[string]string{{"AttributeKey": key, "AttributeValue": value}}})
			input = string(b)
		}
		if got := w.found(input); got != want {
			t.Errorf("%.80s: %q, want %q", attribute, got, want)
		}
	}
	if got := w.found(`{"EventCategory":"insight"}`); got != "insight" {
		t.Errorf("insight: %q", got)
	}
	if got := w.found(`{"MaxResults":3}`); got != "one three four / five" {
		t.Errorf("two pages: %q", got)
	}
	at := func(age time.Duration) int64 { return time.Now().Add(-age).Unix() }
	if got := w.found(fmt.Sprintf(`{"StartTime":%d,"EndTime":%d}`, at(4*h)-30, at(3*h)+30)); got != "three four" {
		t.Errorf("within a time: %q", got)
	}
	if got := w.found(fmt.Sprintf(`{"MaxResults":1,"StartTime":%d,"EndTime":%d}`, at(4*h)-30, at(3*h)+30)); got != "three / four" {
		t.Errorf("pages within a time: %q", got)
	}
	if got := w.found(fmt.Sprintf(`{"StartTime":%d}`, at(1000*24*h))); got != "one three four five" {
		t.Errorf("from long ago: %q", got)
	}
}

// The answer has the members of the service model, and the record as it came.
func TestLookupEventsShape(t *testing.T) {
	text := call(time.Hour, "four", management("CreateUser", byUser+`,"requestParameters":{"userName":"bob","big":12345678901234567890}`))
	w := newTrailWorld(t, trail(t, "default", []string{text}))
	var out struct{ Events []map[string]any }
	if err := json.Unmarshal([]byte(w.op("LookupEvents", "{}").body), &out); err != nil || len(out.Events) != 1 {
		t.Fatalf("%v, %v", err, out)
	}
	e := out.Events[0]
	if when, ok := e["EventTime"].(float64); !ok || time.Since(time.Unix(int64(when), 0)) > 2*time.Hour {
		t.Errorf("EventTime is %v", e["EventTime"])
	}
	delete(e, "EventTime")
	want := map[string]any{"EventId": "four", "EventName": "CreateUser", "ReadOnly": "false", "AccessKeyId": "AKIAEXAMPLE", "EventSource": "iam.amazonaws.com",
		"Username": "alice", "CloudTrailEvent": text, "Resources": []any{map[string]any{"ResourceType": "AWS::IAM::User", "ResourceName": "bob"}}}
	a, _ := json.Marshal(e)
	b, _ := json.Marshal(want)
	if string(a) != string(b) {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}

// An event that is in several stores is shown once, also when a page ends between its copies.
func TestLookupEventsOnce(t *testing.T) {
	var records []string
	for i := range 7 {
		records = append(records, call(time.Hour, fmt.Sprint("e", i), management("ListUsers", byUser)))
	}
	w := newTrailWorld(t, trail(t, "a", records), trail(t, "b", records[3:]))
	for size := 1; size <= 8; size++ {
		w.full(size, 7)
	}
}

// full looks all events up in pages, and fails when one but the last is not full or an event comes not once.
func (w *world) full(size, want int) {
	w.Helper()
	seen := map[string]int{}
	for token, n := "", 0; ; n++ {
		var out struct {
			Events    []struct{ CloudTrailEvent string }
			NextToken string
		}
		a := w.op("LookupEvents", fmt.Sprintf(`{"MaxResults":%d,"NextToken":%q}`, size, token))
		if err := json.Unmarshal([]byte(a.body), &out); err != nil || n > 1000 {
			w.Fatalf("page %d: %s", n, a.body)
		}
		for _, e := range out.Events {
			seen[e.CloudTrailEvent]++
		}
		if token = out.NextToken; token == "" {
			break
		}
		if len(out.Events) != size {
			w.Errorf("page %d of %d has %d events", n, size, len(out.Events))
		}
	}
	for text, n := range seen {
		if n != 1 {
			w.Errorf("pages of %d: %d times %s", size, n, text)
		}
	}
	if len(seen) != want {
		w.Errorf("pages of %d: %d events, want %d", size, len(seen), want)
	}
}

// A page is full while there is more, though all events of one time are in three stores, and those of another have no id.
func TestLookupEventsFillsPages(t *testing.T) {
	var records []string
	for i := range 40 {
		records = append(records, call(time.Hour, fmt.Sprint("e", i), management("ListUsers", byUser)))
	}
	for i := range 40 {
		records = append(records, fmt.Sprintf(`{"eventVersion":"1.0","eventTime":%q,"awsRegion":"us-east-1","recipientAccountId":"111122223333","eventName":"ListUsers","eventSource":"iam.amazonaws.com","requestParameters":{"n":%d}}`,
			time.Now().UTC().Add(-2*time.Hour).Truncate(time.Hour).Format(time.RFC3339), i))
	}
	w := newTrailWorld(t, trail(t, "a", records), trail(t, "b", records), trail(t, "c", records[20:]))
	for _, size := range []int{1, 3, 7, 50} {
		w.full(size, len(records))
	}
}

func TestLookupEventsRefuses(t *testing.T) {
	w := newTrailWorld(t, trail(t, "default", []string{
		call(time.Hour, "a", management("ListUsers", byUser)), call(2*time.Hour, "b", management("ListUsers", byUser))}))
	token := w.must("LookupEvents", `{"MaxResults":1}`, "NextToken")
	if len(token) < 4 || len(token) > 1000 {
		t.Errorf("the token is %d long", len(token))
	}
	for input, code := range map[string]string{
		`{"MaxResults":0}`:  "InvalidMaxResultsException",
		`{"MaxResults":51}`: "InvalidMaxResultsException",
		`{"LookupAttributes":[{"AttributeKey":"EventId","AttributeValue":"a"},{"AttributeKey":"EventName","AttributeValue":"b"}]}`: "InvalidLookupAttributesException",
		`{"LookupAttributes":[{"AttributeKey":"Colour","AttributeValue":"a"}]}`:                                                    "InvalidLookupAttributesException",
		`{"LookupAttributes":[{"AttributeKey":"EventId","AttributeValue":""}]}`:                                                    "InvalidLookupAttributesException",
		`{"LookupAttributes":[{"AttributeKey":"EventId","AttributeValue":"` + strings.Repeat("a", 2001) + `"}]}`:                   "InvalidLookupAttributesException",
		`{"LookupAttributes":[{"AttributeKey":"EventId","AttributeValue":"` + strings.Repeat(`\\`, 2000) + `"}]}`:                  "InvalidLookupAttributesException",
		`{"LookupAttributes":[{}]}`:                               "InvalidLookupAttributesException",
		`{"StartTime":1700000000,"EndTime":1600000000}`:           "InvalidTimeRangeException",
		`{"EndTime":1600000000}`:                                  "InvalidTimeRangeException",
		`{"EventCategory":"data"}`:                                "InvalidEventCategoryException",
		`{"NextToken":"nonsense"}`:                                "InvalidNextTokenException",
		`{"EventCategory":"insight","NextToken":"` + token + `"}`: "InvalidNextTokenException",
	} {
		w.refuses("LookupEvents", input, code)
	}
}

// BenchmarkLookupEvents asks for the newest events of a user who is in one of a hundred, among a million that are in order.
func BenchmarkLookupEvents(b *testing.B) {
	const perSegment = 10_000
	var parts []query.Part
	for s := range 100 {
		records := make([]string, perSegment)
		for i := range records {
			n := s*perSegment + i
			records[i] = call(80*24*time.Hour-time.Duration(n)*6*time.Second, fmt.Sprint("e", n),
				management("ListUsers", fmt.Sprintf(`,"readOnly":true,"userIdentity":{"type":"IAMUser","userName":"user%d","accessKeyId":"AKIAEXAMPLE"}`, n%100)))
		}
		parts = append(parts, trail(b, fmt.Sprint("s", s), records))
	}
	w := newBenchService(b, parts)
	in := &awsapi.LookupEventsInput{LookupAttributes: []awsapi.LookupAttribute{{AttributeKey: "Username", AttributeValue: "user7"}}}
	b.ReportAllocs()
	for b.Loop() {
		if out, err := w.LookupEvents(b.Context(), awsapi.Caller{Account: owner, Region: region}, in); err != nil || len(out.Events) != 50 {
			b.Fatal(len(out.Events), err)
		}
	}
}

func newBenchService(b *testing.B, parts []query.Part) *awsapi.Service {
	b.Helper()
	db, err := meta.Open(b.Context(), filepath.Join(b.TempDir(), "meta.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return awsapi.New(awsapi.Options{DB: db, Log: discard, Events: query.New(segments(parts), nil, search.NewFields(cloudtrail.Source))})
}

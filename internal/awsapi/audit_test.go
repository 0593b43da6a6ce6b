package awsapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/awsapi"
	"kiroku/internal/event"
	"kiroku/internal/fault"
)

type outcome struct {
	Successful []awsapi.StoredEvent `json:"successful"`
	Failed     []awsapi.FailedEvent `json:"failed"`
}

// audit is eventData with changes: pairs of member and JSON; "" leaves the member out.
func audit(changes ...string) string {
	members := [][2]string{{"version", `"1"`}, {"userIdentity", `{"type":"employee","principalId":"kei"}`}, {"eventSource", `"door.example.com"`},
		{"eventName", `"Open"`}, {"eventTime", `"2026-11-01T09:00:00Z"`}, {"UID", `"u-1"`}, {"recipientAccountId", `"` + owner + `"`}}
	for i := 0; i < len(changes); i += 2 {
		found := false
		for j := range members {
			if members[j][0] == changes[i] {
				members[j][1], found = changes[i+1], true
			}
		}
		if !found {
			members = append(members, [2]string{changes[i], changes[i+1]})
		}
	}
	var b strings.Builder
	for _, m := range members {
		if m[1] != "" {
			fmt.Fprintf(&b, `,"%s":%s`, m[0], m[1])
		}
	}
	return "{" + b.String()[1:] + "}"
}

// body is a request with the given eventData, whose ids are e0, e1, …
func body(t testing.TB, datas ...string) string {
	t.Helper()
	type entry struct {
		ID        string `json:"id"`
		EventData string `json:"eventData"`
	}
	var entries []entry
	for i, d := range datas {
		entries = append(entries, entry{fmt.Sprintf("e%d", i), d})
	}
	b, err := json.Marshal(map[string]any{"auditEvents": entries})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (w *world) outcome(a answer) outcome {
	w.Helper()
	var o outcome
	if err := json.Unmarshal([]byte(a.body), &o); err != nil || a.status != http.StatusOK {
		w.Fatalf("%d %s, %v", a.status, a.body, err)
	}
	return o
}

func TestSampleRequest(t *testing.T) {
	w := newWorld(t, nil)
	w.owner, w.stranger = w.stranger, w.owner // the sample is of the other account
	store := w.newStore("audit")
	channel := w.newChannel("custom", "Custom", store)
	sent, err := os.ReadFile("testdata/audit/request-body-all-five.json")
	if err != nil {
		t.Fatal(err)
	}
	a := w.put(w.owner, channel, "", string(sent))
	o := w.outcome(a)
	if len(o.Successful) != 5 || len(o.Failed) != 0 || !strings.Contains(a.body, `"failed":[]`) || a.header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s", a.body)
	}
	records := w.lake.take()
	if len(records) != 5 {
		t.Fatalf("%d records", len(records))
	}
	for i, r := range records {
		var got struct {
			EventID, RecipientAccountID, AwsRegion, EventTime string
			Metadata                                          struct{ ChannelARN, ChannelSource, IngestionTime string }
			EventData                                         json.RawMessage
		}
		if err := json.Unmarshal(r.Data, &got); err != nil {
			t.Fatal(err)
		}
		if got.EventID != o.Successful[i].EventID || o.Successful[i].ID != fmt.Sprintf("sample-%d", i+1) || got.Metadata.ChannelARN != channel ||
			got.Metadata.ChannelSource != "Custom" || got.RecipientAccountID != stranger || got.AwsRegion != region || !strings.HasPrefix(got.EventTime, "2025-09-01T") {
			t.Errorf("record %d is %s, answered %+v", i, r.Data, o.Successful[i])
		}
		if from := r.From(); from.Source != event.AuditEvents || !strings.HasPrefix(from.Store, "eds_audit_") || !r.Peer.IsValid() {
			t.Errorf("record %d is from %+v, %v", i, from, r.Peer)
		}
	}
	status := w.op("GetChannel", `{"Channel":"`+channel+`"}`).body
	if !strings.Contains(status, `"LatestIngestionSuccessEventID":"`+o.Successful[4].EventID+`"`) || !strings.Contains(status, "LatestIngestionAttemptTime") || strings.Contains(status, "ErrorCode") {
		t.Errorf("GetChannel: %s", status)
	}
}

func TestEventsThatAreRefused(t *testing.T) {
	w := newWorld(t, nil)
	channel := w.newChannel("custom", "Custom", w.newStore("audit"))
	long := func(n int) string { return `"` + strings.Repeat("é", n) + `"` }
	object := func(n int) string { return `{"a":"` + strings.Repeat("x", n-8) + `"}` }
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for _, c := range []struct{ data, code string }{
		{"", "InvalidData"},
		{"null", "InvalidData"},
		{"[]", "InvalidData"},
		{`{"version":`, "InvalidData"},
		{`"text"`, "InvalidData"},
		{"{}", "FieldNotFound"},
		{audit("version", ""), "FieldNotFound"},
		{audit("version", "null"), "FieldNotFound"},
		{audit("version", `""`), "FieldNotFound"},
		{audit("version", "1"), "InvalidData"},
		{audit("version", "", "eventVersion", `"1"`), "FieldNotFound"},
		{audit("version", "", "VERSION", `"1"`), "FieldNotFound"},
		{audit("version", long(256)), ""},
		{audit("version", long(257)), "FieldTooLong"},
		{audit("userIdentity", ""), "FieldNotFound"},
		{audit("userIdentity", `"kei"`), "InvalidData"},
		{audit("userIdentity", `{"type":"x"}`), "FieldNotFound"},
		{audit("userIdentity", `{"type":"x","principalId":7}`), "InvalidData"},
		{audit("userIdentity", `{"type":`+long(129)+`,"principalId":"a"}`), "FieldTooLong"},
		{audit("userIdentity", `{"type":"x","principalId":`+long(1025)+`}`), "FieldTooLong"},
		{audit("userIdentity", `{"type":"x","principalId":"a","details":[]}`), "InvalidData"},
		{audit("userIdentity", `{"type":"x","principalId":"a","details":{"n":1,"b":[true]}}`), ""},
		{audit("eventSource", ""), "FieldNotFound"},
		{audit("eventSource", `"  "`), "InvalidEventSource"},
		{audit("eventSource", `"a\nb"`), "InvalidEventSource"},
		{audit("eventName", long(1024)), ""},
		{audit("eventName", long(1025)), "FieldTooLong"},
		{audit("eventTime", `"2026-11-01T09:00:00"`), ""},
		{audit("eventTime", `"2026-11-01T09:00:00.123Z"`), ""},
		{audit("eventTime", `"2026-11-01 09:00:00"`), "InvalidData"},
		{audit("eventTime", `"2026-11-01T09:00:00+09:00"`), "InvalidData"},
		{audit("eventTime", `"2026-13-01T09:00:00Z"`), "InvalidData"},
		{audit("eventTime", `1761987600`), "InvalidData"},
		{audit("eventTime", `"2026-11-01T9:00:00Z"`), "InvalidData"},
		{audit("eventTime", `"2026-11-01T9:00:00.5Z"`), "InvalidData"},
		{audit("eventTime", `"2026-11-01T09:00:00,5Z"`), "InvalidData"},
		{audit("eventTime", `"2026-11-01T09:00:00."`), "InvalidData"},
		{audit("UID", `"EXAMPLEdoc/Id=="`), ""},
		{audit("UID", ""), "FieldNotFound"},
		{audit("UID", long(1025)), "FieldTooLong"},
		{audit("requestParameters", object(100<<10)), ""},
		{audit("requestParameters", object(100<<10+1)), "FieldTooLong"},
		{audit("requestParameters", `"x"`), "InvalidData"},
		{audit("responseElements", object(100<<10+1)), "FieldTooLong"},
		{audit("responseElements", "null"), ""},
		{audit("responseElements", "[]"), "InvalidData"},
		{audit("additionalEventData", object(28<<10)), ""},
		{audit("additionalEventData", object(28<<10+1)), "FieldTooLong"},
		{audit("errorCode", `""`, "errorMessage", `""`, "userAgent", `""`), ""},
		{audit("errorCode", long(257)), "FieldTooLong"},
		{audit("errorMessage", long(257)), "FieldTooLong"},
		{audit("userAgent", long(1025)), "FieldTooLong"},
		{audit("sourceIPAddress", `"203.0.113.7"`), ""},
		{audit("sourceIPAddress", `"2001:db8::1"`), ""},
		{audit("sourceIPAddress", `"None"`), ""},
		{audit("sourceIPAddress", `"203.0.113.700"`), "InvalidData"},
		{audit("sourceIPAddress", `{}`), "InvalidData"},
		{audit("sourceIPAddress", "null", "userAgent", "null", "errorCode", "null", "errorMessage", "null", "requestParameters", "null", "additionalEventData", "null"), ""},
		{audit("eventName", "null"), "FieldNotFound"},
		{audit("recipientAccountId", "null"), "FieldNotFound"},
		{audit("requestParameters", deep(499)), ""},
		{audit("requestParameters", deep(500)), "InvalidData"},
		{audit("recipientAccountId", ""), "FieldNotFound"},
		{audit("recipientAccountId", `"`+stranger+`"`), "InvalidRecipient"},
		{audit("recipientAccountId", `111122223333`), "InvalidData"},
		{audit("more", `{"x":1}`), ""},
		{audit("UID", "", `\u0055ID`, `"u-2"`), ""},
	} {
		o := w.outcome(w.put(w.owner, channel, "", body(t, c.data)))
		got := ""
		if len(o.Failed) == 1 && len(o.Successful) == 0 {
			got = o.Failed[0].ErrorCode
			if o.Failed[0].ID != "e0" || o.Failed[0].ErrorMessage == "" || len(o.Failed[0].ErrorMessage) > 1024 {
				t.Errorf("%.80s: %+v", c.data, o.Failed[0])
			}
		}
		if got != c.code || len(o.Failed)+len(o.Successful) != 1 {
			t.Errorf("%.120s: %+v, want %q", c.data, o, c.code)
		}
	}
}

// What is wrong with an event is said as it is.
func TestWhatIsWrongWithNesting(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for data, want := range map[string]string{
		deep(3):                                 "eventData is not a JSON object.",
		deep(501):                               "eventData is nested more than 500 levels deep.",
		audit("more", deep(499), "version", ""): "version is required.",
		audit("more", deep(500)):                "eventData is nested more than 500 levels deep.",
		audit("more", deep(20_000)):             "eventData is nested more than 500 levels deep.",
		audit("more", `"`+strings.Repeat(`\"[`, 501)+`"`, "version", ""):                "version is required.",
		audit("more", `"`+strings.Repeat(`\"[`, 501)) + "}":                             "eventData is not JSON.",
		audit("userIdentity", `{"type":"x","principalId":"p","details":`+deep(499)+`}`): "eventData is nested more than 500 levels deep.",
	} {
		if got := awsapi.WhyRefused(data, owner); got != want {
			t.Errorf("%.60s: %q, want %q", data, got, want)
		}
	}
}

func TestChecksum(t *testing.T) {
	w := newWorld(t, nil)
	channel := w.newChannel("custom", "Custom", w.newStore("audit"))
	data := audit("eventName", `"経理 \u00e9"`)
	right := sha256.Sum256([]byte(data))
	for checksum, want := range map[string]string{base64.StdEncoding.EncodeToString(right[:]): "", "": "", "x": "InvalidChecksum",
		base64.StdEncoding.EncodeToString(right[:31]): "InvalidChecksum", base64.StdEncoding.EncodeToString(make([]byte, 32)): "InvalidChecksum"} {
		b, err := json.Marshal(map[string]any{"auditEvents": []map[string]string{{"id": "a", "eventData": data, "eventDataChecksum": checksum}}})
		if err != nil {
			t.Fatal(err)
		}
		o := w.outcome(w.put(w.owner, channel, "", string(b)))
		if want == "" && len(o.Successful) != 1 || want != "" && (len(o.Failed) != 1 || o.Failed[0].ErrorCode != want) {
			t.Errorf("checksum %q: %+v, want %q", checksum, o, want)
		}
	}
}

func TestRequestsOfEventsThatAreRefused(t *testing.T) {
	w := newWorld(t, nil)
	channel := w.newChannel("custom", "Custom", w.newStore("audit"))
	good := body(t, audit())
	many := make([]string, 101)
	for i := range many {
		many[i] = audit()
	}
	for name, c := range map[string]struct {
		channel, externalID, body string
		status                    int
		code                      string
	}{
		"not JSON":            {channel, "", "{", 400, "SerializationException"},
		"not UTF-8":           {channel, "", "{\"auditEvents\":[{\"id\":\"a\",\"eventData\":\"\xff\"}]}", 400, "SerializationException"},
		"no events":           {channel, "", "{}", 400, "ValidationException"},
		"no event":            {channel, "", `{"auditEvents":[]}`, 400, "ValidationException"},
		"101 events":          {channel, "", body(t, many...), 400, "ValidationException"},
		"100 events":          {channel, "", body(t, many[:100]...), 200, ""},
		"no id":               {channel, "", `{"auditEvents":[{"eventData":"{}"}]}`, 400, "ValidationException"},
		"bad id":              {channel, "", `{"auditEvents":[{"id":"a b","eventData":"{}"}]}`, 400, "ValidationException"},
		"long id":             {channel, "", `{"auditEvents":[{"id":"` + strings.Repeat("a", 129) + `","eventData":"{}"}]}`, 400, "ValidationException"},
		"no eventData":        {channel, "", `{"auditEvents":[{"id":"a"}]}`, 400, "ValidationException"},
		"eventData an object": {channel, "", `{"auditEvents":[{"id":"a","eventData":{}}]}`, 400, "SerializationException"},
		"the same id twice":   {channel, "", `{"auditEvents":[{"id":"a","eventData":"{}"},{"id":"a","eventData":"{}"}]}`, 400, "DuplicatedAuditEventId"},
		"too large":           {channel, "", body(t, audit("more", `"`+strings.Repeat("x", 1<<20)+`"`)), 413, "RequestEntityTooLargeException"},
		"id of the channel":   {arnID(channel), "", good, 200, ""},
		"external id":         {channel, "ab+c=d,e.f@g:h/i-j_k", good, 200, ""},
		"short external id":   {channel, "a", good, 400, "ValidationException"},
		"bad external id":     {channel, "a b", good, 400, "ValidationException"},
		"no channel":          {"", "", good, 400, "InvalidChannelARN"},
		"nonsense":            {"nonsense", "", good, 400, "InvalidChannelARN"},
		"a store":             {strings.Replace(channel, ":channel/", ":eventdatastore/", 1), "", good, 400, "InvalidChannelARN"},
		"unknown channel":     {"00000000-0000-4000-8000-000000000000", "", good, 400, "ChannelNotFound"},
		"another region":      {strings.Replace(channel, region, "eu-west-1", 1), "", good, 400, "ChannelNotFound"},
		"another account":     {strings.Replace(channel, owner, stranger, 1), "", good, 400, "ChannelNotFound"},
	} {
		if a := w.put(w.owner, c.channel, c.externalID, c.body); a.status != c.status || a.code != c.code {
			t.Errorf("%s: %d %.300s, want %d %s", name, a.status, a.body, c.status, c.code)
		}
	}
	if a := w.put(w.stranger, channel, "", good); a.code != "ChannelInsufficientPermission" || a.status != 400 {
		t.Errorf("the stranger: %d %s", a.status, a.body)
	}
}

// Every destination gets every event; nothing is answered as stored while it is not.
func TestDestinations(t *testing.T) {
	w := newWorld(t, nil)
	one, two := w.newStore("one"), w.newStore("two")
	channel := w.newChannel("custom", "Custom", one, arnID(two))
	w.outcome(w.put(w.owner, channel, "", body(t, audit(), "{}", audit("UID", `"u-2"`))))
	stores := map[string]int{}
	records := w.lake.take()
	for _, r := range records {
		stores[r.From().Store[:8]]++
	}
	if len(records) != 4 || stores["eds_one_"] != 2 || stores["eds_two_"] != 2 || !bytes.Equal(records[0].Data, records[1].Data) {
		t.Errorf("%d records in %v", len(records), stores)
	}
	w.lake.fail = fault.New(fault.Busy, errors.New("disk is full"), "")
	if a := w.put(w.owner, channel, "", body(t, audit())); a.status != 503 || a.code != "ServiceUnavailableException" {
		t.Errorf("while nothing can be stored: %d %s", a.status, a.body)
	}
	w.lake.fail = errors.New("boom")
	if a := w.put(w.owner, channel, "", body(t, audit("UID", `"u-3"`))); a.status != 500 || a.code != "InternalFailure" || strings.Contains(a.body, "boom") {
		t.Errorf("while storing fails: %d %s", a.status, a.body)
	}
	if status := w.op("GetChannel", `{"Channel":"`+channel+`"}`).body; !strings.Contains(status, `"LatestIngestionErrorCode":"FieldNotFound"`) {
		t.Errorf("GetChannel: %s", status)
	}
	w.refuses("DeleteEventDataStore", `{"EventDataStore":"`+one+`"}`, "ChannelExistsForEDSException")
}

// The same signed request is carried out once, and answered alike.
func TestReplayedRequest(t *testing.T) {
	w := newWorld(t, nil)
	channel := w.newChannel("custom", "Custom", w.newStore("audit"))
	b := []byte(body(t, audit()))
	r := w.signed(w.owner, "cloudtrail-data", region, "/PutAuditEvents?channelArn="+arnID(channel), b)
	again := func() *http.Request {
		c := r.Clone(t.Context())
		c.Body, _ = r.GetBody()
		return c
	}
	w.lake.fail = errors.New("boom")
	if a := w.send(again()); a.status != 500 {
		t.Errorf("while storing fails: %d %s", a.status, a.body)
	}
	w.lake.fail = nil
	first := w.send(again())
	if second := w.send(again()); first.status != 200 || second.body != first.body || len(w.lake.take()) != 1 {
		t.Errorf("first %s, second %s", first.body, second.body)
	}
}

// A call and what it tries again have one id; another call of the same second has the same signature and another id.
func TestCallsOfOneSecond(t *testing.T) {
	w := newWorld(t, nil)
	channel := w.newChannel("custom", "Custom", w.newStore("audit"))
	b := []byte(body(t, audit()))
	r := w.signed(w.owner, "cloudtrail-data", region, "/PutAuditEvents?channelArn="+arnID(channel), b)
	send := func(id string) answer {
		c := r.Clone(t.Context())
		c.Body, _ = r.GetBody()
		c.Header.Set("amz-sdk-invocation-id", id)
		return w.send(c)
	}
	first, second, again := send("one"), send("two"), send("one")
	if n := len(w.lake.take()); n != 2 {
		t.Errorf("%d records of two calls and one that was tried again", n)
	}
	if first.status != 200 || first.body == second.body || first.body != again.body {
		t.Errorf("first %s, second %s, first again %s", first.body, second.body, again.body)
	}
	// Who lost the permission is not answered from memory.
	w.must("PutResourcePolicy", fmt.Sprintf(`{"ResourceArn":%q,"ResourcePolicy":%q}`, channel, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":"`+owner+`"},`+
		`"Action":"cloudtrail-data:PutAuditEvents","Resource":"`+channel+`"}]}`), "")
	if a := send("one"); a.code != "ChannelInsufficientPermission" {
		t.Errorf("after it was denied: %d %s", a.status, a.body)
	}
	w.must("DeleteChannel", `{"Channel":"`+channel+`"}`, "")
	if a := send("one"); a.code != "ChannelNotFound" {
		t.Errorf("after the channel was deleted: %d %s", a.status, a.body)
	}
}

func TestDeduplicate(t *testing.T) {
	w := newWorld(t, nil)
	store := w.newStore("audit")
	c, err := w.s.CreateChannel(t.Context(), awsapi.Caller{Account: owner, Region: region}, &awsapi.CreateChannelInput{Name: "custom", Source: "Custom",
		Destinations: []awsapi.Destination{{Type: "EVENT_DATA_STORE", Location: store}}, Deduplicate: true})
	if err != nil {
		t.Fatal(err)
	}
	first := w.outcome(w.put(w.owner, c.ChannelArn, "", body(t, audit(), audit("UID", `"u-2"`), audit())))
	if len(first.Successful) != 3 || len(w.lake.take()) != 2 {
		t.Fatalf("%+v", first)
	}
	ids := map[string]string{}
	for _, e := range first.Successful {
		ids[e.ID] = e.EventID
	}
	if ids["e0"] != ids["e2"] || ids["e0"] == ids["e1"] {
		t.Errorf("%v", ids)
	}
	second := w.outcome(w.put(w.owner, c.ChannelArn, "", body(t, audit("eventName", `"Other"`), audit("UID", `"u-3"`))))
	for _, e := range second.Successful {
		if e.ID == "e0" && e.EventID != ids["e0"] {
			t.Errorf("%+v, before %v", second, ids)
		}
	}
	if n := len(w.lake.take()); n != 1 {
		t.Errorf("%d records of a UID that came and one that did not", n)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { w.put(w.owner, c.ChannelArn, "", body(t, audit("UID", `"u-4"`))) })
	}
	wg.Wait()
	if n := len(w.lake.take()); n != 1 {
		t.Errorf("%d records of one UID sent at once", n)
	}
	w.lake.fail = errors.New("boom")
	w.put(w.owner, c.ChannelArn, "", body(t, audit("UID", `"u-5"`)))
	w.lake.fail = nil
	w.put(w.owner, c.ChannelArn, "", body(t, audit("UID", `"u-5"`, "eventName", `"again"`)))
	if n := len(w.lake.take()); n != 1 {
		t.Errorf("%d records of a UID that could not be stored at first", n)
	}
}

func TestRejected(t *testing.T) {
	limits := awsapi.DefaultLimits()
	limits.Rejected, limits.RejectedBytes = 120, 4<<20
	w := newWorld(t, func(o *awsapi.Options) { o.Limits = limits })
	channel := w.newChannel("custom", "Custom", w.newStore("audit"))
	ctx, me := t.Context(), awsapi.Caller{Account: owner, Region: region, Principal: "arn:aws:iam::111122223333:user/root"}
	w.put(w.owner, channel, "", body(t, audit("UID", ""), audit(), "broken"))
	list, n, err := w.s.ListRejected(ctx, me, channel, "", 10)
	if err != nil || n != 2 || len(list) != 2 {
		t.Fatalf("%d of %d, %v", len(list), n, err)
	}
	if r := list[0]; r.Code != "FieldNotFound" || r.RequestID != "e0" || r.Principal != "arn:aws:iam::111122223333:user/alice" || r.EventData != audit("UID", "") || r.Tries != 1 || time.Since(r.Received) > time.Minute {
		t.Errorf("%+v", r)
	}
	w.lake.take()
	out, err := w.s.ReplayRejected(ctx, me, channel, nil, "")
	if err != nil || len(out.Failed) != 2 || len(out.Successful) != 0 {
		t.Errorf("replay as they are: %+v, %v", out, err)
	}
	if out, err = w.s.ReplayRejected(ctx, me, channel, []string{list[0].ID}, audit()); err != nil || len(out.Successful) != 1 || len(w.lake.take()) != 1 {
		t.Errorf("replay of a corrected one: %+v, %v", out, err)
	}
	left, n, err := w.s.ListRejected(ctx, me, channel, "", 10)
	if err != nil || n != 1 || left[0].ID != list[1].ID || left[0].Tries != 2 || left[0].EventData != "broken" {
		t.Errorf("left are %+v, %v", left, err)
	}
	if _, err := w.s.ReplayRejected(ctx, me, channel, nil, "x"); err == nil {
		t.Error("a correction for all was taken")
	}
	if err := w.s.DeleteRejected(ctx, awsapi.Caller{Account: stranger, Region: region}, channel, left[0].ID); err == nil {
		t.Error("a stranger deleted a rejected event")
	}
	if err := w.s.DeleteRejected(ctx, me, channel, left[0].ID); err != nil {
		t.Error(err)
	}
	for round := range 2 {
		bad := make([]string, 100)
		for i := range bad {
			bad[i] = fmt.Sprintf("broken %d", round) // another body, another signature
		}
		w.put(w.owner, channel, "", body(t, bad...))
	}
	if _, n, err := w.s.ListRejected(ctx, me, channel, "", 1); n != 120 || err != nil {
		t.Errorf("%d rejected events are kept, %v", n, err)
	}
	if out, err := w.s.ReplayRejected(ctx, me, channel, nil, ""); err != nil || len(out.Failed) != 120 {
		t.Errorf("replay of all: %d, %v", len(out.Failed), err)
	}
	for n := range 20 { // 18 MiB: more than may be on the list untrimmed
		w.put(w.owner, channel, "", body(t, fmt.Sprint(n, strings.Repeat("x", 900<<10))))
	}
	if list, _, err := w.s.ListRejected(ctx, me, channel, "", 1000); err != nil || len(list) > 14 {
		t.Errorf("%d rejected events of 900 KiB are kept, %v", len(list), err)
	}
}

// Property: what is taken has every required member, and the answer does not depend on what else stands in the object.
func FuzzCheckEvent(f *testing.F) {
	f.Add(audit(), "")
	f.Add(audit("requestParameters", `{"a":[1,{"b":"\ud800"}]}`), "x")
	f.Add(`{"version":"1","version":"2"}`, "")
	f.Fuzz(func(t *testing.T, data, checksum string) {
		code := awsapi.CheckEvent(data, checksum, owner)
		if code != "" {
			return
		}
		var e map[string]any
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatalf("taken although %v", err)
		}
		for _, name := range []string{"version", "eventSource", "eventName", "eventTime", "UID", "recipientAccountId"} {
			if s, ok := e[name].(string); !ok || s == "" {
				t.Fatalf("taken without %s: %q", name, data)
			}
		}
		if awsapi.CheckEvent(strings.Replace(data, "{", `{"x":{"y":[]},`, 1), "", owner) != "" && checksum == "" {
			t.Fatalf("refused with another member: %q", data)
		}
	})
}

func BenchmarkCheckEvent(b *testing.B) {
	data := audit("requestParameters", `{"reportId":"R-2025-0091","lines":[{"no":1,"memo":"a"},{"no":2,"memo":null}]}`, "sourceIPAddress", `"203.0.113.7"`)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if awsapi.CheckEvent(data, "", owner) != "" {
			b.Fatal("refused")
		}
	}
}

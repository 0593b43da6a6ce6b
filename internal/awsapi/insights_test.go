package awsapi_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kiroku/internal/awsapi"
	"kiroku/internal/meta"
)

const insightSelectors = `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Insight"]}]}]`

func (w *world) newInsightStore(name string) string {
	w.Helper()
	return w.must("CreateEventDataStore", `{"Name":"`+name+`","TerminationProtectionEnabled":false,"AdvancedEventSelectors":`+insightSelectors+`}`, "EventDataStoreArn")
}

// What can be found out can be switched on; the rest is refused under CloudTrail's names.
func TestInsightSelectors(t *testing.T) {
	w := newWorld(t, func(o *awsapi.Options) { o.SQL = &awsapi.SQL{} })
	arn := w.must("CreateEventDataStore", `{"Name":"trail","TerminationProtectionEnabled":false}`, "EventDataStoreArn")
	of := func(name, fields string) string {
		return w.must("CreateEventDataStore", `{"Name":"`+name+`","AdvancedEventSelectors":[{"FieldSelectors":[`+fields+`]}]}`, "EventDataStoreArn")
	}
	const management, data = `{"Field":"eventCategory","Equals":["Management"]}`, `{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]}`
	reads, objects := of("reads", management+`,{"Field":"readOnly","Equals":["true"]}`), of("objects", data)
	audit, to := w.newStore("audit"), w.newInsightStore("insights")
	stopped := w.must("CreateEventDataStore", `{"Name":"stopped","StartIngestion":false,"AdvancedEventSelectors":`+insightSelectors+`}`, "EventDataStoreArn")
	const calls, faults = `{"InsightType":"ApiCallRateInsight"}`, `{"InsightType":"ApiErrorRateInsight","EventCategories":["Management"]}`
	put := func(list, destination string) string {
		return `,"InsightSelectors":[` + list + `],"InsightsDestination":"` + destination + `"`
	}
	is := func(source, list string) string {
		return `{"EventDataStoreArn":"` + source + `","InsightsDestination":"` + to + `","InsightSelectors":[` + list + `]}`
	}
	off := `{"EventDataStoreArn":"` + arn + `","InsightSelectors":[]}`
	for _, c := range []struct{ op, store, rest, want string }{
		{"GetInsightSelectors", arn, ``, "InsightNotEnabledException"},
		{"GetInsightSelectors", "", ``, "InvalidParameterException"},
		{"GetInsightSelectors", arn, `,"TrailName":"t-1"`, "InvalidParameterCombinationException"},
		{"GetInsightSelectors", "", `,"TrailName":"t-1"`, "TrailNotFoundException"},
		{"@bob GetInsightSelectors", arn, ``, "EventDataStoreNotFoundException"},
		{"PutInsightSelectors", arn, ``, "InvalidParameterException"},
		{"PutInsightSelectors", arn, `,"InsightSelectors":[]`, off},
		{"PutInsightSelectors", arn, `,"InsightSelectors":[` + calls + `]`, "InvalidParameterException"},
		{"PutInsightSelectors", arn, put(`{"InsightType":"Other"}`, to), "InvalidInsightSelectorsException"},
		{"PutInsightSelectors", arn, put(calls+`,`+calls, to), "InvalidInsightSelectorsException"},
		{"PutInsightSelectors", arn, put(`{"InsightType":"ApiCallRateInsight","EventCategories":["Data"]}`, to), "InvalidInsightSelectorsException"},
		{"PutInsightSelectors", arn, put(calls, arn), "InvalidInsightSelectorsException"},
		{"PutInsightSelectors", arn, put(calls, audit), "InvalidInsightSelectorsException"},
		{"PutInsightSelectors", arn, put(calls, stopped), "InvalidInsightSelectorsException"},
		{"PutInsightSelectors", arn, put(calls, "?"), "EventDataStoreARNInvalidException"},
		{"PutInsightSelectors", arn, put(calls, "11111111-2222-3333-4444-555555555555"), "EventDataStoreNotFoundException"},
		{"@bob PutInsightSelectors", arn, put(calls, to), "EventDataStoreNotFoundException"},
		{"PutInsightSelectors", audit, `,"InsightSelectors":[]`, "InvalidEventDataStoreCategoryException"},
		{"PutInsightSelectors", objects, put(faults, to), "InvalidInsightSelectorsException"},
		{"PutInsightSelectors", reads, put(calls, to), "InvalidInsightSelectorsException"},
		{"PutInsightSelectors", reads, put(faults, to), is(reads, faults)},
		{"PutInsightSelectors", arn, put(calls+`,`+faults, arnID(to)), is(arn, calls+`,`+faults)},
		{"GetInsightSelectors", arnID(arn), ``, is(arn, calls+`,`+faults)},
		{"UpdateEventDataStore", arn, `,"AdvancedEventSelectors":[{"FieldSelectors":[` + management + `,{"Field":"readOnly","Equals":["true"]}]}]`, "InvalidInsightSelectorsException"},
		{"UpdateEventDataStore", arn, `,"AdvancedEventSelectors":[{"FieldSelectors":[` + data + `]}]`, "InvalidInsightSelectorsException"},
		{"PutInsightSelectors", arn, put(calls, to), is(arn, calls)},
		{"GetInsightSelectors", arn, ``, is(arn, calls)},
		{"PutInsightSelectors", arn, `,"InsightSelectors":[]`, off},
		{"GetInsightSelectors", arn, ``, "InsightNotEnabledException"},
		{"PutInsightSelectors", arn, put(calls, to), is(arn, calls)},
	} {
		input := fmt.Sprintf(`{"EventDataStore":%q%s}`, c.store, c.rest)
		if a := w.op(c.op, input); a.body != c.want && a.code != c.want {
			t.Errorf("%s %.220s: %s, want %s", c.op, input, a.body, c.want)
		}
	}
	// The end of either store ends the insights; a store that is restored has none.
	w.must("DeleteEventDataStore", `{"EventDataStore":"`+to+`"}`, "")
	w.refuses("GetInsightSelectors", `{"EventDataStore":"`+arn+`"}`, "InsightNotEnabledException")
	w.refuses("PutInsightSelectors", `{"EventDataStore":"`+arn+`"`+put(calls, to)+`}`, "InactiveEventDataStoreException")
	w.must("RestoreEventDataStore", `{"EventDataStore":"`+to+`"}`, "")
	w.must("PutInsightSelectors", `{"EventDataStore":"`+arn+`"`+put(calls, to)+`}`, "")
	w.must("DeleteEventDataStore", `{"EventDataStore":"`+arn+`"}`, "")
	w.refuses("GetInsightSelectors", `{"EventDataStore":"`+arn+`"}`, "InactiveEventDataStoreException")
	w.must("RestoreEventDataStore", `{"EventDataStore":"`+arn+`"}`, "")
	w.refuses("GetInsightSelectors", `{"EventDataStore":"`+arn+`"}`, "InsightNotEnabledException")
}

// A made Insights event as far as tests look at it.
type madeInsight struct {
	EventTime, AWSRegion, EventID, EventType, RecipientAccountID, SharedEventID, EventCategory string
	InsightDetails                                                                             struct {
		State, EventSource, EventName, ErrorCode, InsightType string
		InsightContext                                        struct {
			Statistics struct {
				Baseline, Insight                 struct{ Average float64 }
				InsightDuration, BaselineDuration int
			}
			Attributions []struct {
				Attribute         string
				Insight, Baseline []struct {
					Value   string
					Average float64
				}
			}
		}
	}
}

// weekOfCalls is a week of calls up to a time, one RunInstances every ten minutes, and in a burst of 20 minutes that begins three
// hours before the end, 6 a minute more; each of them is refused.
func weekOfCalls(end time.Time) (records []json.RawMessage) {
	add := func(at time.Time, name, role, code, readOnly string) {
		records = append(records, json.RawMessage(fmt.Sprintf(`{"eventVersion":"1.08","eventTime":%q,"eventID":"call-%d","awsRegion":"us-east-1","recipientAccountId":"111122223333",`+
			`"eventSource":"ec2.amazonaws.com","eventName":%q,"eventType":"AwsApiCall","eventCategory":"Management","readOnly":%s,"userAgent":"%s-agent",%s`+
			`"userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:s","arn":"arn:aws:sts::111122223333:assumed-role/%s/s-%d"}}`,
			at.UTC().Format(time.RFC3339), len(records), name, readOnly, role, code, role, len(records))))
	}
	for at := end.Add(-7 * 24 * time.Hour); at.Before(end); at = at.Add(10 * time.Minute) {
		add(at, "RunInstances", "deploy", "", "false")
	}
	for i := range 20 {
		for k := range 6 {
			at := end.Add(-3*time.Hour + time.Duration(i)*time.Minute + time.Duration(k)*time.Second)
			add(at, "RunInstances", "intruder", `"errorCode":"Client.UnauthorizedOperation",`, "false")
			for range 5 { // reads are no calls that are counted
				add(at, "DescribeInstances", "intruder", "", "true")
			}
		}
	}
	return records
}

// A burst in a week of calls is told once, whatever happens in between, as CloudTrail tells it.
func TestInsights(t *testing.T) {
	q := newQueryWorld(t, nil)
	now := time.Now().Truncate(time.Hour)
	fill := func(store string, records []json.RawMessage) {
		t.Helper()
		row, err := meta.GetEventDataStore(t.Context(), q.db.Read(), arnID(store))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(q.dir, "insights-"+row.Store+".parquet")
		writeTrail(t, path, records)
		q.mu.Lock()
		defer q.mu.Unlock()
		q.files[row.Store] = []string{path}
	}
	to := q.newInsightStore("insights")
	fill(q.store, weekOfCalls(now))
	q.must("PutInsightSelectors", `{"EventDataStore":"`+q.store+`","InsightsDestination":"`+to+`","InsightSelectors":[{"InsightType":"ApiCallRateInsight"},{"InsightType":"ApiErrorRateInsight"}]}`, "")
	var made []json.RawMessage
	step := func(at time.Time) (states string) {
		t.Helper()
		if err := q.s.MakeInsights(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		for _, r := range q.lake.take() {
			made = append(made, r.Data)
			var m madeInsight
			if err := json.Unmarshal(r.Data, &m); err != nil {
				t.Fatal(err)
			}
			states += m.InsightDetails.InsightType[3:7] + m.InsightDetails.State + " "
			if from := r.From(); from.Source != "cloudtrail" || !strings.HasPrefix(from.Store, "eds_insights_") {
				t.Errorf("origin %+v", from)
			}
			if also := q.s.StoresFor(&r); len(also) > 0 {
				t.Errorf("also stored in %q", also)
			}
		}
		return states
	}
	burst := now.Add(-3 * time.Hour)
	settle := 15 * time.Minute
	var row meta.InsightSelectors
	for _, c := range []struct {
		at   time.Time
		want string
		back bool // before it, the process ends between the events and how far they are
	}{
		{burst.Add(settle), "", false},
		{burst.Add(settle + 3*time.Minute), "", false},
		{burst.Add(settle + 10*time.Minute), "CallStart ErroStart ", false},
		{burst.Add(settle + 10*time.Minute), "", true},
		{burst.Add(settle + 25*time.Minute), "", false},
		{burst.Add(settle + 60*time.Minute), "CallEnd ErroEnd ", false},
		{now.Add(settle), "", true},
		{now.Add(settle + time.Hour), "", false},
	} {
		if c.back {
			if err := q.db.Write(t.Context(), func(tx *sql.Tx) error { return meta.PutInsightSelectors(t.Context(), tx, row) }); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if row, err = meta.GetInsightSelectors(t.Context(), q.db.Read(), q.store); err != nil {
			t.Fatal(err)
		}
		if got := step(c.at); got != c.want {
			t.Errorf("%v after the burst began: %q, want %q", c.at.Sub(burst), got, c.want)
		}
	}
	if len(made) != 4 {
		t.Fatalf("made %s", made)
	}
	var start, end, fault madeInsight
	for i, m := range []*madeInsight{&start, &fault, &end} {
		if err := json.Unmarshal(made[i], m); err != nil {
			t.Fatal(err)
		}
	}
	if start.SharedEventID != end.SharedEventID || start.EventID == end.EventID || start.SharedEventID == fault.SharedEventID {
		t.Errorf("ids of %s", made)
	}
	if start.EventTime != burst.UTC().Format(time.RFC3339) || end.EventTime != burst.Add(20*time.Minute).UTC().Format(time.RFC3339) {
		t.Errorf("from %s to %s, burst at %s", start.EventTime, end.EventTime, burst.UTC())
	}
	s := end.InsightDetails.InsightContext.Statistics
	if s.InsightDuration != 20 || s.BaselineDuration < 9800 || s.BaselineDuration > 10080 || s.Insight.Average != 6.1 || s.Baseline.Average < 0.099 || s.Baseline.Average > 0.101 {
		t.Errorf("statistics %+v", s)
	}
	who := end.InsightDetails.InsightContext.Attributions[0]
	if len(who.Insight) != 2 || who.Insight[0].Value != "arn:aws:sts::111122223333:assumed-role/intruder" || who.Insight[0].Average != 6 || len(who.Baseline) != 1 ||
		who.Baseline[0].Value != "arn:aws:sts::111122223333:assumed-role/deploy" {
		t.Errorf("attributions %+v", who)
	}
	if f := fault.InsightDetails; f.ErrorCode != "Client.UnauthorizedOperation" || f.InsightContext.Statistics.Baseline.Average != 0 || f.EventName != "RunInstances" {
		t.Errorf("error %+v", f)
	}

	fill(to, made)
	q.run()
	id := q.start("SELECT insightEventName, insightState, insightErrorCode, insightContext.insightDuration FROM " + arnID(to) + " ORDER BY insightType, eventTime")
	if d := q.ended(id); d.QueryStatus != "FINISHED" {
		t.Fatalf("%+v", d)
	}
	var rows []string
	for _, r := range q.page(id, "", 0).QueryResultRows {
		rows = append(rows, r[0]["insightEventName"]+" "+r[1]["insightState"]+" "+r[2]["insightErrorCode"]+" "+r[3]["insightDuration"])
	}
	if got, want := strings.Join(rows, "; "), "RunInstances Start  4; RunInstances End  20; RunInstances Start Client.UnauthorizedOperation 4; RunInstances End Client.UnauthorizedOperation 20"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
}

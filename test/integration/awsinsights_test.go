//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// AWS's CLI switches Insights on over a week of calls with a burst, and finds its start and end by LookupEvents and StartQuery, once,
// also after a restart and after they were switched off and on.
func TestAWSCLIInsights(t *testing.T) {
	data := t.TempDir()
	s := start(t, data)
	creds := newKey(s, owner, "alice")
	c := newCLI(t, s, creds)
	var source, to struct{ EventDataStoreArn string }
	c.must(&source, "cloudtrail", "create-event-data-store", "--name", "calls")
	c.must(&to, "cloudtrail", "create-event-data-store", "--name", "insights", "--advanced-event-selectors", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Insight"]}]}]`)
	var records []string
	add := func(at time.Time, user, code string) {
		records = append(records, fmt.Sprintf(`{"eventVersion":"1.08","eventTime":%q,"eventID":"e-%d","eventSource":"iam.amazonaws.com","eventName":"CreateUser","readOnly":false,"awsRegion":%q,`+
			`"recipientAccountId":%q,"eventCategory":"Management","eventType":"AwsApiCall",%s"userAgent":"example","userIdentity":{"type":"IAMUser","userName":%q,"arn":"arn:aws:iam::%s:user/%s"}}`,
			at.Format(time.RFC3339), len(records), region, owner, code, user, owner, user))
	}
	now := time.Now().UTC().Truncate(time.Minute)
	for at := now.Add(-7 * 24 * time.Hour); at.Before(now); at = at.Add(5 * time.Minute) {
		add(at, "deploy", "")
	}
	burst := now.Add(-2*time.Hour - 2*time.Minute)
	for i := range 120 {
		add(burst.Add(time.Duration(i)*5*time.Second), "mallory", `"errorCode":"AccessDenied",`)
	}
	s.kiroku("import", write(t, t.TempDir(), "records.json", strings.Join(records, "\n")))
	s.await("source:cloudtrail", len(records), 30*time.Second)
	c.refuses("InsightNotEnabledException", "cloudtrail", "get-insight-selectors", "--event-data-store", source.EventDataStoreArn)
	on := []string{"cloudtrail", "put-insight-selectors", "--event-data-store", source.EventDataStoreArn, "--insights-destination", to.EventDataStoreArn,
		"--insight-selectors", `[{"InsightType":"ApiCallRateInsight"},{"InsightType":"ApiErrorRateInsight"}]`}
	c.must(nil, on...)

	var events struct {
		Events []struct{ EventId, EventName, CloudTrailEvent string }
	}
	for end := time.Now().Add(60 * time.Second); len(events.Events) < 4 && time.Now().Before(end); {
		c.must(&events, "cloudtrail", "lookup-events", "--event-category", "insight")
	}
	shared := map[string]string{}
	for _, e := range events.Events {
		var r struct {
			EventTime, SharedEventID string
			InsightDetails           struct{ State, InsightType string }
		}
		if err := json.Unmarshal([]byte(e.CloudTrailEvent), &r); err != nil || e.EventName != "CreateUser" {
			t.Fatalf("%v: %+v", err, e)
		}
		shared[r.SharedEventID] = r.InsightDetails.State + " " + r.EventTime + " " + shared[r.SharedEventID] // newest first
	}
	want := fmt.Sprintf("Start %s End %s ", burst.Format(time.RFC3339), burst.Add(10*time.Minute).Format(time.RFC3339))
	for _, got := range shared {
		if got != want {
			t.Errorf("insight %q, want %q", got, want)
		}
	}
	if len(shared) != 2 || len(events.Events) != 4 {
		t.Errorf("%d insights in %d events", len(shared), len(events.Events))
	}

	s.stop()
	s = start(t, data)
	c = newCLI(t, s, creds)
	c.must(nil, "cloudtrail", "put-insight-selectors", "--event-data-store", source.EventDataStoreArn, "--insight-selectors", "[]")
	c.must(nil, on...)
	time.Sleep(2 * time.Second) // in which nothing is to happen
	var started struct{ QueryId string }
	c.must(&started, "cloudtrail", "start-query", "--query-statement", "SELECT insightState, insightErrorCode, insightContext.attributions[1].insight[1].value AS who FROM "+
		to.EventDataStoreArn[strings.LastIndexByte(to.EventDataStoreArn, '/')+1:]+" ORDER BY insightType, eventTime")
	c.ended(started.QueryId)
	var result struct{ QueryResultRows [][]map[string]string }
	c.must(&result, "cloudtrail", "get-query-results", "--query-id", started.QueryId)
	who := "map[who:arn:aws:iam::" + owner + ":user/mallory]"
	if got, want := fmt.Sprint(result.QueryResultRows), "[[map[insightState:Start] map[insightErrorCode:] "+who+"] [map[insightState:End] map[insightErrorCode:] "+who+
		"] [map[insightState:Start] map[insightErrorCode:AccessDenied] "+who+"] [map[insightState:End] map[insightErrorCode:AccessDenied] "+who+"]]"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
}

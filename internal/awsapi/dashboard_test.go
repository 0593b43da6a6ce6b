package awsapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"kiroku/internal/awsapi"
)

// runner stands for what runs queries: it keeps the statements.
type runner struct {
	statements []string
	status     string
	refuse     string
}

type startIn struct{ QueryStatement string }
type queryID struct{ QueryId string }
type queryState struct{ QueryId, QueryString, QueryStatus, ErrorMessage string }

func (r *runner) operations() map[string]awsapi.Operation {
	return map[string]awsapi.Operation{
		"StartQuery": awsapi.Op(func(_ context.Context, _ awsapi.Caller, in *startIn) (queryID, error) {
			if r.refuse != "" {
				return queryID{}, &awsapi.Error{Code: r.refuse, Message: "no"}
			}
			r.statements = append(r.statements, in.QueryStatement)
			return queryID{fmt.Sprint("q", len(r.statements)-1)}, nil
		}),
		"DescribeQuery": awsapi.Op(func(_ context.Context, _ awsapi.Caller, in *queryID) (queryState, error) {
			var n int
			if _, err := fmt.Sscanf(in.QueryId, "q%d", &n); err != nil || n >= len(r.statements) {
				return queryState{}, &awsapi.Error{Code: "QueryIdNotFoundException", Message: "none"}
			}
			return queryState{in.QueryId, r.statements[n], r.status, "text"}, nil
		}),
	}
}

type dashboardWorld struct {
	*world
	runner *runner
	store  string // id
}

func newDashboardWorld(t *testing.T) *dashboardWorld {
	r := &runner{status: "FINISHED"}
	d := &dashboardWorld{runner: r, world: newWorld(t, func(o *awsapi.Options) { o.Operations = r.operations() })}
	d.store = arnID(d.must("CreateEventDataStore", `{"Name":"trail-events"}`, "EventDataStoreArn"))
	return d
}

// widget is the JSON of a widget with parameters.
func (d *dashboardWorld) widget(condition string, parameters ...string) string {
	b, _ := json.Marshal(map[string]any{"QueryStatement": "SELECT eventName FROM " + d.store + " WHERE " + condition, "QueryParameters": parameters,
		"ViewProperties": map[string]string{"View": "Table", "Title": "calls"}})
	return strings.Replace(string(b), `"QueryParameters":null,`, "", 1)
}

func (d *dashboardWorld) get(name string) awsapi.Dashboard {
	d.Helper()
	a := d.op("GetDashboard", `{"DashboardId":"`+name+`"}`)
	var out awsapi.Dashboard
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.code != "" {
		d.Fatalf("GetDashboard: %s", a.body)
	}
	return out
}

func TestDashboardLife(t *testing.T) {
	d := newDashboardWorld(t)
	widget := d.widget("eventTime > '?' AND eventTime < '?'", "$StartTime$", "$EndTime$")
	a := d.op("CreateDashboard", `{"Name":"calls","Widgets":[`+widget+`],"TerminationProtectionEnabled":true,"TagsList":[{"Key":"k","Value":"v"}],
		"RefreshSchedule":{"Frequency":{"Unit":"HOURS","Value":6},"Status":"ENABLED","TimeOfDay":"03:15"}}`)
	var made awsapi.Dashboard
	if err := json.Unmarshal([]byte(a.body), &made); err != nil || made.DashboardArn != "arn:aws:cloudtrail:us-east-1:111122223333:dashboard/calls" || made.Type != "CUSTOM" ||
		made.Name != "calls" || len(made.Widgets) != 1 || made.Widgets[0].QueryAlias == "" || made.RefreshSchedule.TimeOfDay != "03:15" || len(made.TagsList) != 1 {
		t.Fatalf("CreateDashboard: %s", a.body)
	}
	d.refuses("CreateDashboard", `{"Name":"calls"}`, "ConflictException")
	if got := d.get("calls"); got.Status != "CREATED" || got.CreatedTimestamp == nil || got.Widgets[0].QueryAlias != made.Widgets[0].QueryAlias || got.LastRefreshId != "" || got.Name != "" {
		t.Errorf("GetDashboard: %+v", got)
	}
	if got := d.op("ListTags", `{"ResourceIdList":["`+made.DashboardArn+`"]}`).body; !strings.Contains(got, `{"Key":"k","Value":"v"}`) {
		t.Errorf("ListTags: %s", got)
	}
	policy, _ := json.Marshal(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"cloudtrail:StartDashboardRefresh","Resource":"` + made.DashboardArn + `"}]}`)
	d.must("PutResourcePolicy", `{"ResourceArn":"`+made.DashboardArn+`","ResourcePolicy":`+string(policy)+`}`, "ResourceArn")

	refresh := d.must("StartDashboardRefresh", `{"DashboardId":"`+made.DashboardArn+`","QueryParameterValues":{"$StartTime$":"2026-01-01T00:00:00Z","$EndTime$":"2026-01-03"}}`, "RefreshId")
	if len(refresh) < 10 || len(refresh) > 20 || len(d.runner.statements) != 1 ||
		!strings.HasSuffix(d.runner.statements[0], "eventTime > '2026-01-01 00:00:00.000' AND eventTime < '2026-01-03 00:00:00.000'") {
		t.Errorf("refresh %q ran %q", refresh, d.runner.statements)
	}
	alias := `"QueryAlias":"` + made.Widgets[0].QueryAlias + `"`
	second := d.must("StartDashboardRefresh", `{"DashboardId":"calls"}`, "RefreshId")
	for input, id := range map[string]string{`{` + alias + `}`: "q1", `{` + alias + `,"RefreshId":"` + refresh + `"}`: "q0", `{"QueryId":"q1"}`: "q1"} {
		if got := d.must("DescribeQuery", input, "QueryId"); got != id {
			t.Errorf("DescribeQuery %s: %s, want %s", input, got, id)
		}
	}
	d.refuses("DescribeQuery", `{`+alias+`,"RefreshId":"1234567890"}`, "QueryIdNotFoundException")
	d.must("StartQuery", `{`+alias+`,"QueryParameters":["2026-01-01","O'Brien"]}`, "QueryId")
	if got := d.runner.statements[2]; !strings.HasSuffix(got, "eventTime > '2026-01-01' AND eventTime < 'O''Brien'") {
		t.Errorf("the widget's query ran as %q", got)
	}
	d.refuses("StartQuery", `{`+alias+`,"QueryParameters":["2026-01-01"]}`, "InvalidQueryStatementException")
	for _, more := range []string{alias, `"QueryParameters":["2026-01-01"]`} {
		d.refuses("StartQuery", `{"QueryStatement":"SELECT 1",`+more+`}`, "InvalidParameterException")
	}
	if got := d.get("calls"); got.LastRefreshId != second || got.LastRefreshFailureReason != "" {
		t.Errorf("after refreshes: %+v", got)
	}
	d.runner.status = "FAILED"
	if got := d.get("calls"); got.LastRefreshFailureReason != "A query is FAILED: text" {
		t.Errorf("after a failure: %+v", got)
	}
	d.runner.refuse = "MaxConcurrentQueriesException"
	d.must("StartDashboardRefresh", `{"DashboardId":"calls"}`, "RefreshId")
	if got := d.get("calls"); got.LastRefreshFailureReason != "MaxConcurrentQueriesException: no" {
		t.Errorf("after a refusal: %+v", got)
	}

	d.refuses("DeleteDashboard", `{"DashboardId":"calls"}`, "ConflictException")
	d.must("UpdateDashboard", `{"DashboardId":"calls","TerminationProtectionEnabled":false,"Widgets":[]}`, "DashboardArn")
	if got := d.get("calls"); got.Status != "UPDATED" || len(got.Widgets) != 0 || *got.TerminationProtectionEnabled || got.RefreshSchedule == nil {
		t.Errorf("after the update: %+v", got)
	}
	d.must("DeleteDashboard", `{"DashboardId":"calls"}`, "")
	for _, op := range []string{"GetDashboard", "UpdateDashboard", "DeleteDashboard", "StartDashboardRefresh"} {
		d.refuses(op, `{"DashboardId":"calls"}`, "ResourceNotFoundException")
	}
	d.refuses("GetResourcePolicy", `{"ResourceArn":"`+made.DashboardArn+`"}`, "ResourceNotFoundException")
}

func TestDashboardRefuses(t *testing.T) {
	d := newDashboardWorld(t)
	with := func(widget string) string { return `{"Name":"calls","Widgets":[` + widget + `]}` }
	for input, code := range map[string]string{
		`{}`:                                  "InvalidParameterException",
		`{"Name":"a b c"}`:                    "InvalidParameterException",
		`{"Name":"AWSCloudTrail-Highlights"}`: "UnsupportedOperationException",
		with(strings.Repeat(d.widget("true")+",", 10) + d.widget("true")):                                "ServiceQuotaExceededException",
		with(d.widget("eventTime > '?'")):                                                                "InvalidQueryStatementException",
		with(d.widget("eventTime > '?'", "$StartTime$", "$EndTime$")):                                    "InvalidQueryStatementException",
		with(d.widget("nonsense(")):                                                                      "InvalidQueryStatementException",
		with(d.widget("eventTime > '?'", "$Colour$")):                                                    "InvalidParameterException",
		strings.Replace(with(d.widget("true")), d.store, "00000000-0000-0000-0000-000000000000", 1):      "EventDataStoreNotFoundException",
		`{"Name":"calls","Widgets":[{"QueryStatement":"SELECT 1"}]}`:                                     "InvalidParameterException",
		`{"Name":"calls","RefreshSchedule":{"Frequency":{"Unit":"HOURS","Value":5}}}`:                    "InvalidParameterException",
		`{"Name":"calls","RefreshSchedule":{"Frequency":{"Unit":"DAYS","Value":1},"TimeOfDay":"25:00"}}`: "InvalidParameterException",
		`{"Name":"calls","RefreshSchedule":{"Status":"ON"}}`:                                             "InvalidParameterException",
	} {
		d.refuses("CreateDashboard", input, code)
	}
	d.must("CreateDashboard", `{"Name":"calls"}`, "DashboardArn")
	for input, code := range map[string]string{
		`{"DashboardId":"calls","QueryParameterValues":{"$Colour$":"red"}}`:                                    "InvalidParameterException",
		`{"DashboardId":"calls","QueryParameterValues":{"$StartTime$":"yesterday"}}`:                           "InvalidParameterException",
		`{"DashboardId":"calls","QueryParameterValues":{"$StartTime$":"2026-01-02","$EndTime$":"2026-01-01"}}`: "InvalidParameterException",
		`{"DashboardId":"arn:aws:cloudtrail:eu-west-1:111122223333:dashboard/calls"}`:                          "ResourceNotFoundException",
	} {
		d.refuses("StartDashboardRefresh", input, code)
	}
	d.refuses("@bob GetDashboard", `{"DashboardId":"calls"}`, "ResourceNotFoundException")
	d.refuses("ListDashboards", `{"Type":"ALL"}`, "InvalidParameterException")
	for i := range 99 {
		d.must("CreateDashboard", fmt.Sprintf(`{"Name":"more%02d"}`, i), "DashboardArn")
	}
	d.refuses("CreateDashboard", `{"Name":"one-more"}`, "ServiceQuotaExceededException")
	for input, n := range map[string]int{`{}`: 100, `{"NamePrefix":"more0"}`: 10, `{"Type":"MANAGED"}`: 0, `{"Type":"CUSTOM","MaxResults":7}`: 7} {
		if got := strings.Count(d.op("ListDashboards", input).body, `"Type":"CUSTOM"}`); got != n {
			t.Errorf("ListDashboards %s: %d, want %d", input, got, n)
		}
	}
}

// A dashboard is refreshed at its times, and once when times passed while nobody was there.
func TestDashboardSchedule(t *testing.T) {
	d := newDashboardWorld(t)
	d.must("CreateDashboard", `{"Name":"calls","Widgets":[`+d.widget("eventTime > '?' AND eventName = '?'", "$StartTime$", "$Period$")+`],
		"RefreshSchedule":{"Frequency":{"Unit":"HOURS","Value":1},"Status":"ENABLED","TimeOfDay":"00:30"}}`, "DashboardArn")
	now := time.Now()
	next, err := d.s.RefreshDue(t.Context(), now)
	if err != nil || len(d.runner.statements) != 0 || next.Minute() != 30 || !next.After(now) || next.Sub(now) > time.Hour {
		t.Fatalf("next %v, %v, %q", next, err, d.runner.statements)
	}
	late := next.Add(5*time.Hour + time.Minute)
	again, err := d.s.RefreshDue(t.Context(), late)
	if err != nil || len(d.runner.statements) != 1 || !again.Equal(next.Add(6*time.Hour)) {
		t.Errorf("after some hours: next %v, %v, %q", again, err, d.runner.statements)
	}
	if want := "eventTime > '" + late.UTC().Add(-7*24*time.Hour).Format("2006-01-02 15:04:05.000") + "' AND eventName = 'day'"; !strings.HasSuffix(d.runner.statements[0], want) {
		t.Errorf("ran %q, want %q", d.runner.statements[0], want)
	}
	if got := d.get("calls"); got.LastRefreshId == "" {
		t.Errorf("no refresh: %+v", got)
	}
	d.must("UpdateDashboard", `{"DashboardId":"calls","RefreshSchedule":{"Frequency":{"Unit":"HOURS","Value":1},"Status":"DISABLED"}}`, "DashboardArn")
	if next, err := d.s.RefreshDue(t.Context(), late.Add(24*time.Hour)); err != nil || !next.IsZero() || len(d.runner.statements) != 1 {
		t.Errorf("disabled: next %v, %v", next, err)
	}
}

func TestRefreshTimes(t *testing.T) {
	for _, c := range []struct {
		unit   string
		value  int
		at     string
		after  string
		wanted string
	}{
		{"HOURS", 1, "", "2026-01-01 10:20:00", "2026-01-01 11:00:00"},
		{"HOURS", 1, "07:45", "2026-01-01 10:20:00", "2026-01-01 10:45:00"},
		{"HOURS", 1, "07:45", "2026-01-01 10:45:00", "2026-01-01 11:45:00"},
		{"HOURS", 6, "08:10", "2026-01-01 10:20:00", "2026-01-01 14:10:00"},
		{"HOURS", 12, "20:00", "2026-01-01 01:00:00", "2026-01-01 08:00:00"},
		{"HOURS", 24, "20:00", "2026-01-01 20:00:01", "2026-01-02 20:00:00"},
		{"DAYS", 1, "00:00", "2025-12-31 23:59:59", "2026-01-01 00:00:00"},
	} {
		after, err := time.Parse(time.DateTime, c.after)
		if err != nil {
			t.Fatal(err)
		}
		r := awsapi.RefreshSchedule{Frequency: &awsapi.RefreshFrequency{Unit: c.unit, Value: c.value}, TimeOfDay: c.at}
		if got := r.Next(after).Format(time.DateTime); got != c.wanted {
			t.Errorf("every %d %s at %s after %s: %s, want %s", c.value, c.unit, c.at, c.after, got, c.wanted)
		}
	}
}

func TestWidgetParameters(t *testing.T) {
	values := map[string]string{"a": "1", "b": "it's"}
	for statement, want := range map[string]string{
		"x > '?' AND y = ?":              "x > '1' AND y =  'it''s' ",
		"'a''?''b', '?' -- '?'\n, ?":     "'a''?''b', '1' -- '?'\n,  'it''s' ",
		`"?" /* ? '?' */ = ? OR ? = 'é'`: `"?" /* ? '?' */ =  '1'  OR  'it''s'  = 'é'`,
		"LIKE '%?%' OR ? = '?":           "",
		"x = ?":                          "",
		"? ? ?":                          "",
		"? ? /*":                         " '1'   'it''s'  /*",
	} {
		w := awsapi.Widget{QueryStatement: statement, QueryParameters: []string{"a", "b"}}
		if got, ok := w.FilledIn(values); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s, %v", statement, got, ok)
		}
	}
}

// FuzzWidgetParameters holds that only places change, and that a value never ends its text.
func FuzzWidgetParameters(f *testing.F) {
	for _, seed := range []string{"x > '?' AND y = ?", "'a''?''b', '?' -- '?'\n, ?", `"?" /* ? '?' */ = ?`, "'", "/*", "--?", "'?'?''?'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, statement string) {
		places := 0
		for range 100 { // how many there are is how many it takes
			w := awsapi.Widget{QueryStatement: statement, QueryParameters: make([]string, places)}
			if _, ok := w.FilledIn(map[string]string{}); ok {
				break
			}
			places++
		}
		w := awsapi.Widget{QueryStatement: statement, QueryParameters: make([]string, places)}
		same, ok := w.FilledIn(map[string]string{"": "?"})
		if !ok {
			return // more than a hundred places
		}
		if places == 0 && same != statement {
			t.Errorf("%q became %q without a place", statement, same)
		}
		// Every place is a text now, so there are as many, and filling them in once more changes nothing.
		w.QueryStatement = same
		if again, ok := w.FilledIn(map[string]string{"": "?"}); !ok || again != same {
			t.Errorf("%q became %q, then %q", statement, same, again)
		}
		quoted, _ := w.FilledIn(map[string]string{"": "' OR '"})
		if want := strings.Count(same, "'") + 4*places; strings.Count(quoted, "'") != want {
			t.Errorf("%q has %d quotes, want %d", quoted, strings.Count(quoted, "'"), want)
		}
	})
}

func BenchmarkWidgetParameters(b *testing.B) {
	w := awsapi.Widget{QueryStatement: strings.Repeat("SELECT eventName /* all */ FROM x WHERE eventTime > 'a' -- then\n", 100) + "'?'", QueryParameters: []string{"a"}}
	values := map[string]string{"a": "2026-01-01"}
	b.SetBytes(int64(len(w.QueryStatement)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := w.FilledIn(values); !ok {
			b.Fatal("there is one place")
		}
	}
}

// The quotas are those of the configuration.
func TestDashboardLimits(t *testing.T) {
	limits := awsapi.DefaultLimits()
	limits.Dashboards, limits.Widgets = 1, 2
	r := &runner{status: "FINISHED"}
	d := &dashboardWorld{runner: r, world: newWorld(t, func(o *awsapi.Options) { o.Operations, o.Limits = r.operations(), limits })}
	d.store = arnID(d.must("CreateEventDataStore", `{"Name":"trail-events"}`, "EventDataStoreArn"))
	w := d.widget("true")
	d.refuses("CreateDashboard", `{"Name":"wide","Widgets":[`+w+`,`+w+`,`+w+`]}`, "ServiceQuotaExceededException")
	d.must("CreateDashboard", `{"Name":"one","Widgets":[`+w+`,`+w+`]}`, "DashboardArn")
	d.refuses("CreateDashboard", `{"Name":"two"}`, "ServiceQuotaExceededException")
}

//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAWSCLILookup finds events, shows them on a dashboard and lists public keys with AWS's CLI.
func TestAWSCLILookup(t *testing.T) {
	data := t.TempDir()
	s := start(t, data)
	c := newCLI(t, s, newKey(s, owner, "alice"))
	var store struct{ EventDataStoreArn string }
	c.must(&store, "cloudtrail", "create-event-data-store", "--name", "calls")
	var records []string
	for i := range 5 {
		records = append(records, fmt.Sprintf(`{"eventVersion":"1.11","eventTime":%q,"eventID":"e-%d","eventSource":"iam.amazonaws.com","eventName":%q,"readOnly":%v,"awsRegion":%q,`+
			`"recipientAccountId":%q,"eventCategory":"Management","eventType":"AwsApiCall","userIdentity":{"type":"IAMUser","userName":"alice"},"requestParameters":{"userName":"user-%d"}}`,
			time.Now().UTC().Add(time.Duration(i-60)*time.Minute).Format(time.RFC3339), i, []string{"GetUser", "CreateUser"}[i%2], i%2 == 0, region, owner, i))
	}
	s.kiroku("import", write(t, t.TempDir(), "records.json", strings.Join(records, "\n")))
	s.await("source:cloudtrail", 5, 30*time.Second)

	// The CLI goes through all pages by itself.
	var found struct {
		Events []struct {
			EventId, EventName, ReadOnly, Username, CloudTrailEvent string
			EventTime                                               float64
			Resources                                               []struct{ ResourceType, ResourceName string }
		}
	}
	c.must(&found, "cloudtrail", "lookup-events", "--lookup-attributes", "AttributeKey=EventName,AttributeValue=GetUser", "--page-size", "2")
	if len(found.Events) != 3 || found.Events[0].EventId != "e-4" || found.Events[2].CloudTrailEvent != records[0] || found.Events[0].ReadOnly != "true" || found.Events[0].Username != "alice" {
		t.Errorf("looked up %+v", found)
	}
	c.must(&found, "cloudtrail", "lookup-events", "--lookup-attributes", "AttributeKey=ResourceName,AttributeValue=user-3")
	if len(found.Events) != 1 || found.Events[0].Resources[0].ResourceType != "AWS::IAM::User" {
		t.Errorf("looked up %+v", found)
	}
	c.refuses("InvalidTimeRangeException", "cloudtrail", "lookup-events", "--start-time", "2026-01-02", "--end-time", "2026-01-01")

	id := store.EventDataStoreArn[strings.LastIndexByte(store.EventDataStoreArn, '/')+1:]
	widgets := write(t, t.TempDir(), "widgets.json", `[{"QueryStatement":"SELECT eventName, count(*) AS n FROM `+id+` WHERE eventTime > '?' GROUP BY eventName ORDER BY n DESC",
		"QueryParameters":["$StartTime$"],"ViewProperties":{"View":"Table","Title":"calls"}}]`)
	var board struct {
		DashboardArn, LastRefreshId, LastRefreshFailureReason, Status string
		Widgets                                                       []struct{ QueryAlias string }
	}
	c.must(&board, "cloudtrail", "create-dashboard", "--name", "calls", "--widgets", "file://"+widgets, "--refresh-schedule", "Frequency={Unit=HOURS,Value=6},Status=ENABLED,TimeOfDay=01:30")
	var refresh struct{ RefreshId string }
	c.must(&refresh, "cloudtrail", "start-dashboard-refresh", "--dashboard-id", board.DashboardArn)
	var query struct{ QueryId, QueryStatus, ErrorMessage string }
	for end := time.Now().Add(30 * time.Second); query.QueryStatus != "FINISHED" && time.Now().Before(end); {
		c.must(&query, "cloudtrail", "describe-query", "--query-alias", board.Widgets[0].QueryAlias, "--refresh-id", refresh.RefreshId)
	}
	var result struct{ QueryResultRows [][]map[string]string }
	c.must(&result, "cloudtrail", "get-query-results", "--query-id", query.QueryId)
	if got := fmt.Sprint(result.QueryResultRows); got != "[[map[eventName:GetUser] map[n:3]] [map[eventName:CreateUser] map[n:2]]]" {
		t.Errorf("the widget's rows are %s (%+v)", got, query)
	}
	c.must(&board, "cloudtrail", "get-dashboard", "--dashboard-id", "calls")
	if board.LastRefreshId != refresh.RefreshId || board.LastRefreshFailureReason != "" || board.Status != "CREATED" {
		t.Errorf("after the refresh %+v", board)
	}
	c.must(nil, "cloudtrail", "list-dashboards", "--type", "CUSTOM")
	c.must(nil, "cloudtrail", "delete-dashboard", "--dashboard-id", "calls")
	c.refuses("ResourceNotFoundException", "cloudtrail", "get-dashboard", "--dashboard-id", "calls")

	keys := `{"PublicKeyList":[{"Fingerprint":"f","Value":"AQID","ValidityStartTime":1767225600,"ValidityEndTime":1769904000}]}`
	if err := os.WriteFile(filepath.Join(data, "cloudtrail-keys.json"), []byte(keys), 0o600); err != nil {
		t.Fatal(err)
	}
	var listed struct {
		PublicKeyList []struct{ Fingerprint, Value string }
	}
	c.must(&listed, "cloudtrail", "list-public-keys", "--start-time", "2026-01-15", "--end-time", "2026-01-16")
	if len(listed.PublicKeyList) != 1 || listed.PublicKeyList[0].Value != "AQID" {
		t.Errorf("public keys %+v", listed)
	}
	c.refuses("ImportNotFoundException", "cloudtrail", "get-import", "--import-id", "00000000-0000-0000-0000-000000000000")
}

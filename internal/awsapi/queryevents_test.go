package awsapi_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"kiroku/internal/meta"
)

// fillWith gives the store's only file these records.
func (q *queryWorld) fillWith(records ...string) {
	q.Helper()
	row, err := meta.GetEventDataStore(q.Context(), q.db.Read(), q.store)
	if err != nil {
		q.Fatal(err)
	}
	var raw []json.RawMessage
	for _, r := range records {
		raw = append(raw, json.RawMessage(r))
	}
	path := filepath.Join(q.dir, "given.parquet")
	writeTrail(q, path, raw)
	q.files[row.Store] = []string{path}
}

// rows runs a query and returns the cells of its rows.
func (q *queryWorld) rows(statement string) string {
	q.Helper()
	id := q.start(statement)
	if d := q.ended(id); d.QueryStatus != "FINISHED" {
		q.Fatalf("%s: %+v", statement, d)
	}
	var out []string
	for _, r := range q.page(id, "", 0).QueryResultRows {
		for _, cell := range r {
			for _, v := range cell {
				out = append(out, v)
			}
		}
	}
	return strings.Join(out, " | ")
}

// With MaxEventSize Standard queries show a large event as CloudTrail cuts it, with Large whole again: nothing of it was lost.
func TestQueryOfShortEvents(t *testing.T) {
	q := newQueryWorld(t, nil)
	q.run()
	record := func(id string, kb int) string {
		return `{"eventVersion":"1.11","userIdentity":{"type":"Root"},"eventTime":"2026-01-05T10:00:00Z","eventSource":"iam.amazonaws.com","eventName":"PutRolePolicy","awsRegion":"us-east-1",` +
			`"userAgent":"agent-` + id + `","errorCode":"E","requestID":"r-` + id + `","errorMessage":"m","requestParameters":{"roleName":"admin","policy":"` + strings.Repeat("p", kb<<10) + `"},"responseElements":null,` +
			`"eventID":"` + id + `","eventType":"AwsApiCall","eventCategory":"Management","recipientAccountId":"111122223333"}`
	}
	q.fillWith(record("small", 1), record("large", 300))
	const facts = `SELECT eventID, eventName, userAgent, errorCode, errorMessage, requestID, element_at(requestParameters, 'roleName'), element_at(requestParameters, 'omitted'), element_at(requestParameters, 'originalSize'),
		length(eventJson) > 262144, json_extract_scalar(eventJson, '$.requestParameters.reason') FROM trail ORDER BY 1`
	whole := q.rows(facts)
	if want := "large | PutRolePolicy | agent-large | E | m | r-large | admin |  |  | true |  | small | PutRolePolicy | agent-small | E | m | r-small | admin |  |  | false | "; whole != want {
		t.Errorf("by default: %s", whole)
	}
	set := func(size string) {
		q.must("PutEventConfiguration", `{"EventDataStore":"`+q.store+`","MaxEventSize":"`+size+`"}`, "MaxEventSize")
	}
	set("Standard")
	short := q.rows(facts)
	if want := fmt.Sprintf("large | PutRolePolicy |  |  | m |  |  | true | %d | false | requestParameters too large | small | PutRolePolicy | agent-small | E | m | r-small | admin |  |  | false | ", 300<<10+32); short != want {
		t.Errorf("with Standard: %s, want %s", short, want)
	}
	if got := q.rows(`SELECT count(*) FROM trail WHERE errorCode = 'E' AND userAgent LIKE 'agent%'`); got != "1" {
		t.Errorf("%s events have what was cut", got)
	}
	set("Large")
	if again := q.rows(facts); again != whole {
		t.Errorf("with Large again: %s", again)
	}
}

// The context that AWS adds to events of event data stores has a column of its own.
func TestQueryOfEventContext(t *testing.T) {
	q := newQueryWorld(t, nil)
	q.run()
	const head = `{"eventVersion":"1.11","eventTime":"2026-01-05T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventCategory":"Data","recipientAccountId":"111122223333","eventID":`
	q.fillWith(head+`"with","eventContext":{"requestContext":{"aws:PrincipalOrgID":"o-exampleorgid"},"tagContext":{"resourceTags":[{"arn":"arn:aws:s3:::example","tags":{"team":"red","cost":"47"}}],"principalTags":{"team":"audit"}}}}`,
		head+`"without"}`)
	got := q.rows(`SELECT eventID, element_at(eventContext.requestContext, 'aws:PrincipalOrgID'), element_at(eventcontext.tagcontext.principaltags, 'team'), r.arn, element_at(r.tags, 'cost')
		FROM trail LEFT JOIN UNNEST(eventContext.tagContext.resourceTags) AS r (arn, tags) ON TRUE ORDER BY eventID`)
	if want := "with | o-exampleorgid | audit | arn:aws:s3:::example | 47 | without |  |  |  | "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The id of a store is a name as others: in any case.
func TestQueryOfStoreInCapitals(t *testing.T) {
	q := newQueryWorld(t, nil)
	q.run()
	arn := "arn:aws:cloud" + "trail:us-east-1:" + owner + ":eventdatastore/" + q.store
	q.store = strings.ToUpper(q.store)
	for _, table := range []string{"trail", `"trail"`, strings.ToUpper(arn)} {
		if got := q.rows("SELECT count(*) FROM " + table); got != fmt.Sprint(q.size.Events) {
			t.Errorf("%s: %s events", table, got)
		}
	}
}

package awsapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// What can be set is kept and told; what would do nothing is refused.
func TestEventConfiguration(t *testing.T) {
	w := newWorld(t, nil)
	arn := w.must("CreateEventDataStore", `{"Name":"trail","TerminationProtectionEnabled":false}`, "EventDataStoreArn")
	audit := w.newStore("audit")
	is := `{"EventDataStoreArn":"` + arn + `","MaxEventSize":"Large","ContextKeySelectors":[]}`
	short := strings.Replace(is, "Large", "Standard", 1)
	keys := func(n int) string { return `["` + strings.Repeat(`k","`, n-1) + `k"]` }
	for _, c := range []struct{ op, store, rest, want string }{
		{"GetEventConfiguration", arn, ``, is},
		{"GetEventConfiguration", arnID(arn), ``, is},
		{"GetEventConfiguration", audit, ``, "InvalidEventDataStoreCategoryException"},
		{"GetEventConfiguration", "", ``, "InvalidParameterException"},
		{"GetEventConfiguration", "", `,"TrailName":"t-1"`, "TrailNotFoundException"},
		{"GetEventConfiguration", arn, `,"TrailName":"t-1"`, "InvalidParameterCombinationException"},
		{"GetEventConfiguration", "11111111-2222-3333-4444-555555555555", ``, "EventDataStoreNotFoundException"},
		{"GetEventConfiguration", "?", ``, "EventDataStoreARNInvalidException"},
		{"@bob GetEventConfiguration", arn, ``, "EventDataStoreNotFoundException"},
		{"PutEventConfiguration", arn, `,"MaxEventSize":"Large"`, is},
		{"PutEventConfiguration", arn, `,"MaxEventSize":"Large","ContextKeySelectors":[]`, is},
		{"PutEventConfiguration", arn, ``, "InvalidParameterException"},
		{"PutEventConfiguration", arn, `,"MaxEventSize":"Huge"`, "InvalidParameterException"},
		{"PutEventConfiguration", arn, `,"MaxEventSize":"Standard"`, short},
		{"GetEventConfiguration", arn, ``, short},
		{"PutEventConfiguration", arn, `,"ContextKeySelectors":[]`, short},
		{"@bob PutEventConfiguration", arn, `,"MaxEventSize":"Large"`, "EventDataStoreNotFoundException"},
		{"GetEventConfiguration", arn, ``, short},
		{"PutEventConfiguration", arn, `,"MaxEventSize":"Large"`, is},
		{"GetEventConfiguration", arn, ``, is},
		{"PutEventConfiguration", arn, `,"MaxEventSize":"Large","ContextKeySelectors":[{"Type":"TagContext","Equals":` + keys(50) + `}]`, "UnsupportedOperationException"},
		{"PutEventConfiguration", arn, `,"MaxEventSize":"Large","ContextKeySelectors":[{"Type":"TagContext","Equals":` + keys(51) + `}]`, "InvalidParameterException"},
		{"PutEventConfiguration", arn, `,"MaxEventSize":"Large","ContextKeySelectors":[{"Type":"TagContext","Equals":[]}]`, "InvalidParameterException"},
		{"PutEventConfiguration", arn, `,"MaxEventSize":"Large","ContextKeySelectors":[{"Type":"Other","Equals":["k"]}]`, "InvalidParameterException"},
		{"PutEventConfiguration", arn, `,"MaxEventSize":"Large","ContextKeySelectors":[{"Type":"TagContext","Equals":["k"]},{"Type":"TagContext","Equals":["k"]}]`, "InvalidParameterException"},
		{"PutEventConfiguration", arn, `,"AggregationConfigurations":[{"EventCategory":"Data","Templates":["API_ACTIVITY"]}]`, "UnsupportedOperationException"},
	} {
		input := fmt.Sprintf(`{"EventDataStore":%q%s}`, c.store, c.rest)
		if a := w.op(c.op, input); a.body != c.want && a.code != c.want {
			t.Errorf("%s %.120s: %s, want %s", c.op, input, a.body, c.want)
		}
	}
	w.must("DeleteEventDataStore", `{"EventDataStore":"`+arn+`"}`, "")
	w.refuses("GetEventConfiguration", `{"EventDataStore":"`+arn+`"}`, "InactiveEventDataStoreException")
}

package awsapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"kiroku/internal/awsapi"
)

func TestEventDataStoreLife(t *testing.T) {
	w := newWorld(t, nil)
	a := w.op("CreateEventDataStore", `{"Name":"My.Store","RetentionPeriod":90,"TagsList":[{"Key":"env","Value":"prod"}]}`)
	var made map[string]any
	if err := json.Unmarshal([]byte(a.body), &made); err != nil {
		t.Fatal(err)
	}
	arn, _ := made["EventDataStoreArn"].(string)
	if !strings.HasPrefix(arn, "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/") {
		t.Fatalf("made %s", a.body)
	}
	for member, want := range map[string]any{"Name": "My.Store", "Status": "ENABLED", "MultiRegionEnabled": true, "OrganizationEnabled": false, "RetentionPeriod": 90.,
		"TerminationProtectionEnabled": true, "BillingMode": "EXTENDABLE_RETENTION_PRICING", "TagsList": []any{map[string]any{"Key": "env", "Value": "prod"}},
		"AdvancedEventSelectors": []any{map[string]any{"Name": "Default management events", "FieldSelectors": []any{map[string]any{"Field": "eventCategory", "Equals": []any{"Management"}}}}}} {
		if fmt.Sprint(made[member]) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", member, made[member], want)
		}
	}
	if at, _ := made["CreatedTimestamp"].(float64); time.Since(time.UnixMilli(int64(at*1000))).Abs() > time.Minute {
		t.Errorf("CreatedTimestamp is %v", made["CreatedTimestamp"])
	}
	name := slices.Collect(maps.Keys(w.lake.stores))[0]
	if want := "eds_my_store_" + arnID(arn)[:8]; name != want || w.lake.stores[name] != 90*24*time.Hour || !strings.Contains(w.lake.about[name], arn) {
		t.Errorf("the lake has %q with %v, %q", name, w.lake.stores[name], w.lake.about[name])
	}
	in := `{"EventDataStore":"` + arn + `"}`
	if a := w.op("GetEventDataStore", `{"EventDataStore":"`+arnID(arn)+`"}`); !strings.Contains(a.body, `"FederationStatus":"DISABLED"`) || !strings.Contains(a.body, `"calendarday"`) || strings.Contains(a.body, "TagsList") {
		t.Errorf("Get by id: %s", a.body)
	}
	if a := w.op("ListEventDataStores", `{}`); a.body != `{"EventDataStores":[{"EventDataStoreArn":"`+arn+`","Name":"My.Store"}]}` {
		t.Errorf("List: %s", a.body)
	}
	w.refuses("DeleteEventDataStore", in, "EventDataStoreTerminationProtectedException")
	w.refuses("UpdateEventDataStore", in, "InvalidParameterException")
	w.must("UpdateEventDataStore", `{"EventDataStore":"`+arn+`","Name":"renamed","RetentionPeriod":400,"TerminationProtectionEnabled":false}`, "")
	if w.lake.stores[name] != 400*24*time.Hour || !strings.Contains(w.lake.about[name], "renamed") {
		t.Errorf("after the update the lake has %v, %q", w.lake.stores[name], w.lake.about[name])
	}
	w.must("StopEventDataStoreIngestion", in, "")
	w.refuses("StopEventDataStoreIngestion", in, "InvalidEventDataStoreStatusException")
	if s := w.must("GetEventDataStore", in, "Status"); s != "STOPPED_INGESTION" {
		t.Errorf("stopped: %s", s)
	}
	w.must("StartEventDataStoreIngestion", in, "")
	w.refuses("StartEventDataStoreIngestion", in, "InvalidEventDataStoreStatusException")
	w.refuses("RestoreEventDataStore", in, "InvalidEventDataStoreStatusException")
	if a := w.op("DeleteEventDataStore", in); a.body != "{}" {
		t.Errorf("Delete: %s", a.body)
	}
	if s := w.must("GetEventDataStore", in, "Status"); s != "PENDING_DELETION" {
		t.Errorf("deleted: %s", s)
	}
	if a := w.op("CreateEventDataStore", `{"Name":"renamed"}`); !strings.Contains(a.body, "EventDataStoreAlreadyExistsException") || !strings.Contains(a.body, "RestoreEventDataStore") {
		t.Errorf("a name that waits to be deleted: %s", a.body)
	}
	for _, op := range []string{"DeleteEventDataStore", "UpdateEventDataStore"} {
		w.refuses(op, in, "InactiveEventDataStoreException")
	}
	w.refuses("AddTags", `{"ResourceId":"`+arn+`","TagsList":[{"Key":"a"}]}`, "InactiveEventDataStoreException")
	w.refuses("ListTags", `{"ResourceIdList":["`+arn+`"]}`, "InactiveEventDataStoreException")
	w.refuses("PutResourcePolicy", `{"ResourceArn":"`+arn+`","ResourcePolicy":"{}"}`, "OperationNotPermittedException")
	w.refuses("DeleteResourcePolicy", `{"ResourceArn":"`+arn+`"}`, "OperationNotPermittedException")
	w.refuses("GetResourcePolicy", `{"ResourceArn":"`+arn+`"}`, "ResourcePolicyNotFoundException")
	if s := w.must("RestoreEventDataStore", in, "Status"); s != "ENABLED" {
		t.Errorf("restored: %s", s)
	}
}

func TestEventDataStoreIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	arn := w.newStore("one")
	other := strings.Replace(arn, owner, stranger, 1)
	for _, c := range []struct{ op, input, code string }{
		{"CreateEventDataStore", `{}`, "InvalidParameterException"},
		{"CreateEventDataStore", `{"Name":"ab"}`, "InvalidParameterException"},
		{"CreateEventDataStore", `{"Name":"a b c"}`, "InvalidParameterException"},
		{"CreateEventDataStore", `{"Name":"one"}`, "EventDataStoreAlreadyExistsException"},
		{"CreateEventDataStore", `{"Name":"two","RetentionPeriod":6}`, "InvalidParameterException"},
		{"CreateEventDataStore", `{"Name":"two","RetentionPeriod":3654}`, "InvalidParameterException"},
		{"CreateEventDataStore", `{"Name":"two","BillingMode":"FIXED_RETENTION_PRICING","RetentionPeriod":2558}`, "InvalidParameterException"},
		{"CreateEventDataStore", `{"Name":"two","BillingMode":"FREE"}`, "InvalidParameterException"},
		{"CreateEventDataStore", `{"Name":"two","KmsKeyId":"alias/x"}`, "UnsupportedOperationException"},
		{"CreateEventDataStore", `{"Name":"two","MultiRegionEnabled":true,"AdvancedEventSelectors":` + activity + `}`, "InvalidParameterException"},
		{"CreateEventDataStore", `{"Name":"two","OrganizationEnabled":true}`, "OrganizationsNotInUseException"},
		{"CreateEventDataStore", `{"Name":"two","StartIngestion":false,"MultiRegionEnabled":false,"AdvancedEventSelectors":` + activity + `}`, "InvalidParameterException"},
		{"CreateEventDataStore", `{"Name":"two","TagsList":[{"Key":""}]}`, "InvalidTagParameterException"},
		{"GetEventDataStore", `{}`, "EventDataStoreARNInvalidException"},
		{"GetEventDataStore", `{"EventDataStore":"x"}`, "EventDataStoreARNInvalidException"},
		{"GetEventDataStore", `{"EventDataStore":"` + strings.Replace(arn, "eventdatastore", "channel", 1) + `"}`, "EventDataStoreARNInvalidException"},
		{"GetEventDataStore", `{"EventDataStore":"` + strings.Replace(arn, "arn:aws:", "arn:aws-cn:", 1) + `"}`, "EventDataStoreARNInvalidException"},
		{"GetEventDataStore", `{"EventDataStore":"00000000-0000-4000-8000-000000000000"}`, "EventDataStoreNotFoundException"},
		{"GetEventDataStore", `{"EventDataStore":"` + strings.Replace(arn, region, "eu-west-1", 1) + `"}`, "EventDataStoreNotFoundException"},
		{"GetEventDataStore", `{"EventDataStore":"` + other + `"}`, "EventDataStoreNotFoundException"},
		{"@bob GetEventDataStore", `{"EventDataStore":"` + other + `"}`, "EventDataStoreNotFoundException"},
		{"@bob GetEventDataStore", `{"EventDataStore":"` + arn + `"}`, "EventDataStoreNotFoundException"},
		{"@bob DeleteEventDataStore", `{"EventDataStore":"` + arn + `"}`, "EventDataStoreNotFoundException"},
		{"@bob UpdateEventDataStore", `{"EventDataStore":"` + arnID(arn) + `","Name":"mine"}`, "EventDataStoreNotFoundException"},
		{"ListEventDataStores", `{"MaxResults":0}`, "InvalidMaxResultsException"},
		{"ListEventDataStores", `{"MaxResults":1001}`, "InvalidMaxResultsException"},
		{"ListEventDataStores", `{"NextToken":"garbage"}`, "InvalidNextTokenException"},
		{"StopEventDataStoreIngestion", `{"EventDataStore":"` + arn + `"}`, "InvalidEventDataStoreCategoryException"},
		{"UpdateEventDataStore", `{"EventDataStore":"` + arn + `","AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]}`, "InvalidEventSelectorsException"},
		{"UpdateEventDataStore", `{"EventDataStore":"` + arn + `","BillingMode":"FIXED_RETENTION_PRICING"}`, "InvalidParameterException"},
		{"UpdateEventDataStore", `{"EventDataStore":"` + arn + `","MultiRegionEnabled":true}`, "InvalidParameterException"},
	} {
		w.refuses(c.op, c.input, c.code)
	}
	if a := w.op("@bob ListEventDataStores", `{}`); a.body != `{"EventDataStores":[]}` {
		t.Errorf("the stranger sees %s", a.body)
	}
}

func TestEventDataStoreLimits(t *testing.T) {
	w := newWorld(t, nil)
	var last string
	for n := range 10 {
		last = w.newStore(fmt.Sprintf("store-%d", n))
	}
	w.refuses("CreateEventDataStore", `{"Name":"one-more"}`, "EventDataStoreMaxLimitExceededException")
	w.must("DeleteEventDataStore", `{"EventDataStore":"`+last+`"}`, "")
	w.refuses("CreateEventDataStore", `{"Name":"one-more"}`, "EventDataStoreMaxLimitExceededException")
	w.must("@bob CreateEventDataStore", `{"Name":"one-more"}`, "")
	// Pages, whatever their size.
	for size := 1; size <= 11; size += 3 {
		var names []string
		token := ""
		for range 20 {
			a := w.op("ListEventDataStores", fmt.Sprintf(`{"MaxResults":%d%s}`, size, token))
			var out struct {
				EventDataStores []struct{ Name string }
				NextToken       string
			}
			if err := json.Unmarshal([]byte(a.body), &out); err != nil || len(out.EventDataStores) > size {
				t.Fatalf("%v: %s", err, a.body)
			}
			for _, s := range out.EventDataStores {
				names = append(names, s.Name)
			}
			if out.NextToken == "" {
				break
			}
			if len(out.NextToken) < 4 {
				t.Errorf("token %q", out.NextToken)
			}
			token = `,"NextToken":"` + out.NextToken + `"`
		}
		if len(names) != 10 || names[0] != "store-0" || names[9] != "store-9" {
			t.Errorf("pages of %d: %v", size, names)
		}
	}
	limits := awsapi.DefaultLimits()
	limits.EventDataStores, limits.CountPending = 1, false
	w = newWorld(t, func(o *awsapi.Options) { o.Limits = limits })
	first := w.newStore("first")
	w.must("DeleteEventDataStore", `{"EventDataStore":"`+first+`"}`, "")
	w.newStore("second")
	w.refuses("RestoreEventDataStore", `{"EventDataStore":"`+first+`"}`, "EventDataStoreMaxLimitExceededException")
}

// A store that the lake cannot make leaves nothing behind.
func TestEventDataStoreFails(t *testing.T) {
	w := newWorld(t, nil)
	w.lake.fail = fmt.Errorf("no room")
	if a := w.op("CreateEventDataStore", `{"Name":"one"}`); a.status != 500 || a.code != "InternalFailure" || strings.Contains(a.body, "room") {
		t.Errorf("%d %s", a.status, a.body)
	}
	w.lake.fail = nil
	w.newStore("one")
}

func TestTags(t *testing.T) {
	w := newWorld(t, nil)
	store := w.newStore("one")
	channel := w.newChannel("two", "Custom", store)
	for _, r := range []string{store, channel, arnID(store), arnID(channel)} {
		w.must("AddTags", `{"ResourceId":"`+r+`","TagsList":[{"Key":"a","Value":"1"},{"Key":"b"}]}`, "")
	}
	w.must("RemoveTags", `{"ResourceId":"`+channel+`","TagsList":[{"Key":"a"},{"Key":"none"}]}`, "")
	want := `{"ResourceTagList":[{"ResourceId":"` + store + `","TagsList":[{"Key":"a","Value":"1"},{"Key":"b","Value":""}]},{"ResourceId":"` + channel + `","TagsList":[{"Key":"b","Value":""}]}]}`
	if a := w.op("ListTags", `{"ResourceIdList":["`+store+`","`+arnID(channel)+`"]}`); a.body != want {
		t.Errorf("ListTags: %s\nwant %s", a.body, want)
	}
	var many []string
	for n := range 49 {
		many = append(many, fmt.Sprintf(`{"Key":"k%d"}`, n))
	}
	for _, c := range []struct{ op, input, code string }{
		{"AddTags", `{"ResourceId":"` + store + `","TagsList":[` + strings.Join(many, ",") + `]}`, "TagsLimitExceededException"},
		{"AddTags", `{"ResourceId":"` + store + `","TagsList":[` + strings.Join(many, ",") + `,{"Key":"x"},{"Key":"y"}]}`, "TagsLimitExceededException"},
		{"AddTags", `{"ResourceId":"` + store + `","TagsList":[{"Key":"aws:x"}]}`, "InvalidTagParameterException"},
		{"AddTags", `{"ResourceId":"` + store + `","TagsList":[{"Key":"x"},{"Key":"x"}]}`, "InvalidTagParameterException"},
		{"AddTags", `{"ResourceId":"` + store + `","TagsList":[{"Key":"` + strings.Repeat("x", 129) + `"}]}`, "InvalidTagParameterException"},
		{"AddTags", `{"ResourceId":"` + store + `"}`, "InvalidTagParameterException"},
		{"AddTags", `{"ResourceId":"nonsense","TagsList":[{"Key":"x"}]}`, "CloudTrailARNInvalidException"},
		{"AddTags", `{"ResourceId":"arn:aws:cloudtrail:us-east-1:111122223333:trail/x","TagsList":[{"Key":"x"}]}`, "ResourceNotFoundException"},
		{"AddTags", `{"ResourceId":"arn:aws:cloudtrail:us-east-1:111122223333:import/x","TagsList":[{"Key":"x"}]}`, "ResourceTypeNotSupportedException"},
		{"AddTags", `{"ResourceId":"arn:aws:s3:::bucket","TagsList":[{"Key":"x"}]}`, "CloudTrailARNInvalidException"},
		{"@bob AddTags", `{"ResourceId":"` + store + `","TagsList":[{"Key":"x"}]}`, "EventDataStoreNotFoundException"},
		{"@bob RemoveTags", `{"ResourceId":"` + channel + `","TagsList":[{"Key":"x"}]}`, "ChannelNotFoundException"},
		{"ListTags", `{}`, "InvalidParameterException"},
		{"ListTags", `{"ResourceIdList":["` + store + `"],"NextToken":"abcd"}`, "InvalidTokenException"},
	} {
		w.refuses(c.op, c.input, c.code)
	}
}

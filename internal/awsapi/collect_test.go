package awsapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kiroku/internal/awsapi"
	"kiroku/internal/event"
)

const record = `{"eventVersion":"1.10","eventCategory":"%s","eventName":"%s","eventSource":"s3.amazonaws.com","readOnly":%s,"awsRegion":"%s","recipientAccountId":"%s",` +
	`"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333"},"requestParameters":{"deep":{"readOnly":"x","resources":[{"type":"no"}]}},` +
	`"resources":[{"ARNPrefix":"arn:aws:s3:::b/","type":"AWS::S3::Object"},{"ARN":"arn:aws:s3:::b","type":"AWS::S3::Bucket","accountId":"111122223333"}]}`

// A store takes the records that its selectors keep, of its account and region, while it is enabled.
func TestStoresFor(t *testing.T) {
	w := newWorld(t, func(o *awsapi.Options) { o.ManagementAccount = owner })
	selectors := func(fields ...string) string {
		var b []string
		for i := 0; i < len(fields); i += 3 {
			b = append(b, fmt.Sprintf(`{"Field":%q,%q:[%q]}`, fields[i], fields[i+1], fields[i+2]))
		}
		return `[{"FieldSelectors":[` + strings.Join(b, ",") + `]}]`
	}
	create := func(name, rest string) string {
		return w.must("CreateEventDataStore", `{"Name":"`+name+`","TerminationProtectionEnabled":false`+rest+`}`, "EventDataStoreArn")
	}
	management := create("management", "")
	create("one-region", `,"MultiRegionEnabled":false`)
	create("organization", `,"OrganizationEnabled":true`)
	create("writes", `,"AdvancedEventSelectors":`+selectors("eventCategory", "Equals", "Management", "readOnly", "Equals", "false"))
	create("objects", `,"AdvancedEventSelectors":`+selectors("eventCategory", "Equals", "Data", "resources.type", "Equals", "AWS::S3::Object", "resources.ARN", "StartsWith", "arn:aws:s3:::b/"))
	create("alice", `,"AdvancedEventSelectors":`+selectors("eventCategory", "Equals", "Management", "userIdentity.arn", "EndsWith", ":user/alice", "eventName", "NotEquals", "Get"))
	w.newStore("activity")
	f := func(want string, category, name, readOnly, region, account string) {
		t.Helper()
		var got []string
		for _, s := range w.s.StoresFor(&event.Record{Data: fmt.Appendf(nil, record, category, name, readOnly, region, account)}) {
			got = append(got, s[len("eds_"):len(s)-9])
		}
		slices.Sort(got)
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s %s in %s of %s goes to %q, want %q", category, name, region, account, g, want)
		}
	}
	f("alice management one_region organization writes", "Management", "Put", "false", region, owner)
	f("alice management one_region organization", "Management", "Put", "true", region, owner)
	f("management one_region organization", "Management", "Get", `"true"`, region, owner)
	f("management organization writes", "Management", "Get", "false", "eu-west-1", owner)
	f("organization", "Management", "Put", "false", region, stranger)
	f("objects", "Data", "GetObject", "true", region, owner)
	f("", "Insight", "x", "null", region, owner)
	f("", "ActivityAuditLog", "x", "null", region, owner)
	w.must("StopEventDataStoreIngestion", `{"EventDataStore":"`+management+`"}`, "")
	f("one_region organization", "Management", "Get", "true", region, owner)
	w.must("StartEventDataStoreIngestion", `{"EventDataStore":"`+management+`"}`, "")
	f("management one_region organization", "Management", "Get", "true", region, owner)
	w.must("DeleteEventDataStore", `{"EventDataStore":"`+management+`"}`, "")
	f("one_region organization", "Management", "Get", "true", region, owner)
	w.must("RestoreEventDataStore", `{"EventDataStore":"`+management+`"}`, "")
	f("management one_region organization", "Management", "Get", "true", region, owner)
	if got := w.s.StoresFor(&event.Record{Data: []byte("{")}); got != nil {
		t.Errorf("a broken record goes to %v", got)
	}
	if got := w.s.StoresFor(&event.Record{Data: []byte(`{"eventVersion":"1.0","awsRegion":"us-east-1","userIdentity":{"accountId":"111122223333"}}`)}); len(got) != 3 {
		t.Errorf("a record of version 1.0 goes to %v", got)
	}
}

// Property: any bytes are read without growing beyond their size.
func FuzzStoresFor(f *testing.F) {
	f.Add(fmt.Appendf(nil, record, "Management", "Put", "false", region, owner))
	f.Add([]byte(`{"resources":[{"type":"a"}],"resources.999":"x","resources.1000000000.type":"y"}`))
	w := newWorldB(f)
	f.Fuzz(func(t *testing.T, record []byte) {
		if got := w.StoresFor(&event.Record{Data: record}); len(got) > 1 {
			t.Errorf("%q goes to %v, there is one store", record, got)
		}
	})
}

func BenchmarkStoresFor(b *testing.B) {
	s := newWorldB(b)
	r := fmt.Appendf(nil, record, "Management", "Put", "false", region, owner)
	b.SetBytes(int64(len(r)))
	b.ReportAllocs()
	for b.Loop() {
		if len(s.StoresFor(&event.Record{Data: r})) != 1 {
			b.Fatal("it goes nowhere")
		}
	}
}

package selector

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// one is a list of one selector with these fields.
func one(fields ...string) string {
	return `[{"Name":"n","FieldSelectors":[` + strings.Join(fields, ",") + `]}]`
}

const (
	management = `{"Field":"eventCategory","Equals":["Management"]}`
	data       = `{"Field":"eventCategory","Equals":["Data"]}`
	network    = `{"Field":"eventCategory","Equals":["NetworkActivity"]}`
	objects    = `{"Field":"resources.type","Equals":["AWS::S3::Object"]}`
)

// Events of each category.
var (
	startInstances = Event{Category: Management, ReadOnly: "false", Source: "ec2.amazonaws.com", Name: "StartInstances", Type: "AwsApiCall", FromConsole: "true",
		UserARN: "arn:aws:iam::111122223333:user/alice"}
	decrypt   = Event{ReadOnly: "true", Source: "kms.amazonaws.com", Name: "Decrypt", Type: "AwsApiCall", UserARN: "arn:aws:sts::111122223333:assumed-role/app/i-1"}
	getObject = Event{Category: Data, ReadOnly: "true", Source: "s3.amazonaws.com", Name: "GetObject", Type: "AwsApiCall", Resources: []Resource{
		{Type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::example"}, {Type: "AWS::S3::Object", ARN: "arn:aws:s3:::example/logs/a.gz"}}}
	invoke = Event{Category: Data, ReadOnly: "false", Source: "lambda.amazonaws.com", Name: "Invoke", Type: "AwsApiCall", Resources: []Resource{
		{Type: "AWS::Lambda::Function", ARN: "arn:aws:lambda:us-east-1:111122223333:function:f"}}}
	denied   = Event{Category: NetworkActivity, Source: "ec2.amazonaws.com", Name: "StopInstances", Type: "AwsVpceEvent", ErrorCode: "VpceAccessDenied", VPCEndpointID: "vpce-1"}
	allowed  = Event{Category: NetworkActivity, Source: "ec2.amazonaws.com", Name: "DescribeInstances", Type: "AwsVpceEvent", VPCEndpointID: "vpce-2"}
	insight  = Event{Category: Insight, Type: "AwsCloudTrailInsight"}
	activity = Event{Category: ActivityAuditLog, Source: "okta.example.com", Name: "user.session.start"}
)

var events = map[string]*Event{"startInstances": &startInstances, "decrypt": &decrypt, "getObject": &getObject, "invoke": &invoke, "denied": &denied, "allowed": &allowed,
	"insight": &insight, "activity": &activity}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name, selectors string
		keeps           string
	}{
		{"all management events", one(management), "decrypt startInstances"},
		{"writes", one(management, `{"Field":"readOnly","Equals":["false"]}`), "startInstances"},
		{"without KMS", one(management, `{"Field":"eventSource","NotEquals":["kms.amazonaws.com","rdsdata.amazonaws.com"]}`), "startInstances"},
		{"case matters", one(management, `{"Field":"eventName","Equals":["decrypt","STARTINSTANCES"]}`), ""},
		{"beginning or end", one(management, `{"Field":"eventName","StartsWith":["Start"],"EndsWith":["crypt"]}`), "decrypt startInstances"},
		{"beginning but not end", one(management, `{"Field":"eventName","StartsWith":["Start","De"],"NotEndsWith":["crypt"]}`), "startInstances"},
		{"not the beginning", one(management, `{"Field":"eventName","NotStartsWith":["Start"]}`), "decrypt"},
		{"the same field twice", one(management, `{"Field":"eventName","NotStartsWith":["Start"]}`, `{"Field":"eventName","NotEquals":["Decrypt"]}`), ""},
		{"from the console", one(management, `{"Field":"sessionCredentialFromConsole","Equals":["true"]}`), "startInstances"},
		{"not from the console", one(management, `{"Field":"sessionCredentialFromConsole","NotEquals":["true"]}`), "decrypt"},
		{"by user", one(management, `{"Field":"userIdentity.arn","StartsWith":["arn:aws:sts::111122223333:assumed-role/"]}`), "decrypt"},
		{"by type", one(management, `{"Field":"eventType","NotEquals":["AwsServiceEvent"]}`), "decrypt startInstances"},
		{"a star is a star", one(management, `{"Field":"eventName","Equals":["*"]}`), ""},
		{"objects of S3", one(data, objects), "getObject"},
		{"objects below a prefix", one(data, objects, `{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::example/logs/"]}`), "getObject"},
		{"the prefix of the bucket, which is another resource", one(data, objects, `{"Field":"resources.ARN","Equals":["arn:aws:s3:::example"]}`), ""},
		{"objects, not below a prefix", one(data, objects, `{"Field":"resources.ARN","NotStartsWith":["arn:aws:s3:::example/logs/"]}`), ""},
		{"functions", one(data, `{"Field":"resources.type","Equals":["AWS::Lambda::Function"]}`, `{"Field":"readOnly","Equals":["false"]}`), "invoke"},
		{"denied at the endpoint", one(network, `{"Field":"eventSource","Equals":["ec2.amazonaws.com"]}`, `{"Field":"errorCode","Equals":["VpceAccessDenied"]}`), "denied"},
		{"at one endpoint", one(network, `{"Field":"eventSource","Equals":["ec2.amazonaws.com"]}`, `{"Field":"vpcEndpointId","NotEquals":["vpce-1"]}`), "allowed"},
		{"insights", one(`{"Field":"eventCategory","Equals":["Insight"]}`), "insight"},
		{"integrations", one(`{"Field":"eventCategory","Equals":["ActivityAuditLog"]}`), "activity"},
		{"one or the other", `[{"FieldSelectors":[` + data + `,` + objects + `]},{"FieldSelectors":[` + management + `,{"Field":"eventName","Equals":["Decrypt"]}]}]`, "decrypt getObject"},
	} {
		set, err := Parse([]byte(c.selectors))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		keeps := map[string]bool{}
		for _, name := range strings.Fields(c.keeps) {
			keeps[name] = true
		}
		for name, e := range events {
			x := set.Explain(e)
			if set.Match(e) != keeps[name] || x.Kept != keeps[name] {
				t.Errorf("%s, %s: Match %v, Explain %+v, want %v", c.name, name, set.Match(e), x, keeps[name])
			}
		}
	}
}

func TestDefault(t *testing.T) {
	if !Default().Match(&decrypt) || !Default().Match(&startInstances) || Default().Match(&getObject) || (Set{}).Match(&decrypt) {
		t.Error("the default is all management events, and no selector keeps nothing")
	}
	text, err := json.Marshal(Default())
	if want := `[{"Name":"Default management events","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]`; err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
	set, err := Parse([]byte(`[{"FieldSelectors":[` + management + `]},{"FieldSelectors":[` + data + `,` + objects + `]},{"FieldSelectors":[` + management + `]}]`))
	if diff := cmp.Diff([]Category{Management, Data}, set.Categories()); err != nil || diff != "" {
		t.Errorf("categories: %v %s", err, diff)
	}
}

func TestExplain(t *testing.T) {
	set, err := Parse([]byte(`[{"Name":"objects","FieldSelectors":[` + objects + `,` + data + `,{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::other/"]}]},
		{"Name":"functions","FieldSelectors":[` + data + `,{"Field":"resources.type","Equals":["AWS::Lambda::Function"]}]},
		{"Name":"writes","FieldSelectors":[` + management + `,{"Field":"readOnly","Equals":["false"]}]},
		{"FieldSelectors":[` + data + `,` + objects + `,{"Field":"userIdentity.arn","StartsWith":["arn"]}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	want := Explanation{Selectors: []Answer{
		{Name: "objects", Field: "resources.ARN", Reason: `the event has resources.ARN "arn:aws:s3:::example", "arn:aws:s3:::example/logs/a.gz"`},
		{Name: "functions", Field: "resources.type", Reason: `the event has resources.type "AWS::S3::Bucket", "AWS::S3::Object"`},
		{Name: "writes", Field: "eventCategory", Reason: `the event has eventCategory "Data"`},
		{Field: "userIdentity.arn", Reason: "the event has no userIdentity.arn"},
	}}
	if diff := cmp.Diff(want, set.Explain(&getObject)); diff != "" {
		t.Error(diff)
	}
	if x := set.Explain(&startInstances); !x.Kept || !x.Selectors[2].Kept || x.Selectors[2].Field != "" {
		t.Errorf("%+v", x)
	}
}

func TestParseRefuses(t *testing.T) {
	many := func(n int) string {
		values := make([]string, n)
		for i := range values {
			values[i] = fmt.Sprintf("%q", fmt.Sprint("v", i))
		}
		return `{"Field":"eventName","Equals":[` + strings.Join(values, ",") + `]}`
	}
	selector := `{"FieldSelectors":[` + management + `]}`
	for _, c := range []struct{ text, want string }{
		{``, "not valid JSON"},
		{`{}`, "not valid JSON"},
		{`null`, "1 to 5 selectors, not 0"},
		{`[]`, "1 to 5 selectors, not 0"},
		{`[` + selector + `] []`, "something follows"},
		{`[` + strings.Repeat(selector+",", 5) + selector + `]`, "1 to 5 selectors, not 6"},
		{`[{"Name":"x"}]`, `selector 1 ("x"): it has no FieldSelectors`},
		{`[{"Name":"` + strings.Repeat("x", 1001) + `","FieldSelectors":[` + management + `]}]`, "its name has 1001 characters"},
		{`[{"FieldSelectors":[` + management + `],"Extra":1}]`, "unknown field"},
		{one(`{"Field":"eventCategory","Equal":["Management"]}`), "unknown field"},
		{one(`{"Field":"readOnly","Equals":["true"]}`), "eventCategory is missing"},
		{one(management, management), "eventCategory stands twice"},
		{one(`{"Field":"eventCategory","Equals":["Management","Data"]}`), "Equals with one value and nothing else"},
		{one(`{"Field":"eventCategory","Equals":["Management"],"NotEquals":["Data"]}`), "Equals with one value and nothing else"},
		{one(`{"Field":"eventCategory","StartsWith":["Management"]}`), "Equals with one value and nothing else"},
		{one(`{"Field":"eventCategory","Equals":["management"]}`), `"management" is no category`},
		{one(management, `{"Field":"resources.type","Equals":["AWS::S3::Object"]}`), `field "resources.type" cannot be used with events of category Management; use eventName, eventSource`},
		{one(management, `{"Field":"errorCode","Equals":["VpceAccessDenied"]}`), "cannot be used with events of category Management"},
		{one(`{"Field":"eventCategory","Equals":["ActivityAuditLog"]}`, `{"Field":"eventName","Equals":["x"]}`), "events of category ActivityAuditLog are kept as a whole"},
		{one(`{"Field":"eventCategory","Equals":["Insight"]}`, `{"Field":"eventSource","Equals":["x"]}`), "are kept as a whole"},
		{one(data), "events of category Data need field resources.type"},
		{one(network), "events of category NetworkActivity need field eventSource"},
		{one(network, `{"Field":"eventSource","StartsWith":["ec2"]}`), "field eventSource: StartsWith cannot be used; use Equals"},
		{one(network, `{"Field":"eventSource","Equals":["ec2.amazonaws.com","s3.amazonaws.com"]}`), "must have one value, not 2"},
		{one(network, `{"Field":"eventSource","Equals":["ec2.amazonaws.com"]}`, `{"Field":"errorCode","Equals":["AccessDenied"]}`), `"AccessDenied" is no value of it; use VpceAccessDenied`},
		{one(network, `{"Field":"eventSource","Equals":["ec2.amazonaws.com"]}`, `{"Field":"readOnly","Equals":["true"]}`), "cannot be used with events of category NetworkActivity"},
		{one(management, `{"Field":"readOnly","NotEquals":["true"]}`), "field readOnly: NotEquals cannot be used; use Equals"},
		{one(management, `{"Field":"readOnly","Equals":["yes"]}`), "use true or false"},
		{one(management, `{"Field":"readOnly","Equals":["true","false"]}`), "must have one value"},
		{one(management, `{"Field":"readOnly","Equals":["true"]}`, `{"Field":"readOnly","Equals":["true"]}`), "field readOnly stands twice"},
		{one(management, `{"Field":"sessionCredentialFromConsole","Equals":["false"]}`), "use true"},
		{one(data, objects, objects), "field resources.type stands twice"},
		{one(data, `{"Field":"resources.type","Equals":["AWS::S3::Object","AWS::S3::Bucket"]}`), "must have one value, not 2; use another selector"},
		{one(data, `{"Field":"resources.type","Equals":["S3"]}`), "use a type such as AWS::S3::Object"},
		{one(data, `{"Field":"resources.type","StartsWith":["AWS::S3"]}`), "StartsWith cannot be used"},
		{one(management, `{"Field":"eventName"}`), "it has no operator with a value"},
		{one(management, `{"Field":"eventName","Equals":[]}`), "it has no operator with a value"},
		{one(management, `{"Field":"eventName","Equals":["x"],"NotEquals":[]}`), "NotEquals is empty"},
		{one(management, `{"Field":"eventName","Equals":[""]}`), "has 0 characters"},
		{one(management, `{"Field":"eventName","Equals":["`+strings.Repeat("x", 2049)+`"]}`), "has 2049 characters"},
		{one(management, `{"Field":"eventName","Equals":"x"}`), "not valid JSON"},
		{one(management, many(500)), "501 values together, and 500 is the most"},
	} {
		if set, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.200s: %+v, %v; want an error with %q", c.text, set, err, c.want)
		}
	}
	if _, err := Parse([]byte(one(management, many(499)))); err != nil {
		t.Errorf("500 values: %v", err)
	}
}

// Selectors that are taken keep the same after they were written and read again, and Explain agrees with Match.
func FuzzParse(f *testing.F) {
	f.Add([]byte(one(management, `{"Field":"eventName","NotStartsWith":["Start"],"Equals":["Decrypt"]}`)), "Decrypt", "AWS::S3::Object", "arn:aws:s3:::x/y")
	f.Add([]byte(one(data, objects, `{"Field":"resources.ARN","EndsWith":["/y"]}`)), "GetObject", "AWS::S3::Object", "arn:aws:s3:::x/y")
	f.Add([]byte(one(network, `{"Field":"eventSource","Equals":["ec2.amazonaws.com"]}`, `{"Field":"vpcEndpointId","NotEquals":["vpce-1"]}`)), "", "", "")
	f.Add([]byte(`[{"FieldSelectors":[`+management+`]},{"FieldSelectors":[{"Field":"eventCategory","Equals":["Insight"]}]}]`), "", "", "")
	f.Fuzz(func(t *testing.T, text []byte, name, kind, arn string) {
		set, err := Parse(text)
		if err != nil {
			if set.selectors != nil {
				t.Fatal("a set and an error")
			}
			return
		}
		written, err := json.Marshal(set)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(written)
		if err != nil {
			t.Fatalf("Parse(%s), written from %s: %v", written, text, err)
		}
		all := []*Event{{}, {Name: name}, {Category: Data, Name: name, Resources: []Resource{{Type: kind, ARN: arn}, {ARN: name}}}, {Category: Category(kind), Source: name, VPCEndpointID: arn}}
		for _, e := range events {
			all = append(all, e)
		}
		for _, e := range all {
			x := set.Explain(e)
			if set.Match(e) != x.Kept || again.Match(e) != x.Kept || len(x.Selectors) != len(set.selectors) {
				t.Fatalf("%+v: Match %v, written again %v, Explain %+v", e, set.Match(e), again.Match(e), x)
			}
			for _, a := range x.Selectors {
				if a.Kept == (a.Reason != "") {
					t.Fatalf("%+v: %+v", e, a)
				}
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	set, err := Parse([]byte(`[{"FieldSelectors":[` + data + `,` + objects + `,{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::a/","arn:aws:s3:::b/","arn:aws:s3:::example/"]},
		{"Field":"eventName","NotEquals":["ListObjects","HeadObject"]}]},{"FieldSelectors":[` + management + `,{"Field":"eventSource","NotEquals":["kms.amazonaws.com","rdsdata.amazonaws.com"]}]}]`))
	if err != nil {
		b.Fatal(err)
	}
	for name, e := range map[string]*Event{"management": &startInstances, "data": &getObject, "refused": &decrypt} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set.Match(e)
			}
		})
	}
}

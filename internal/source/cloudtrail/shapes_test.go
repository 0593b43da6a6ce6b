package cloudtrail_test

import (
	"fmt"
	"strings"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/source/cloudtrail"
	"kiroku/internal/source/sourcetest"
)

func TestRecognise(t *testing.T) {
	for text, want := range map[string]bool{
		`{"eventVersion":"1.11","awsRegion":"us-east-1","eventName":"X"}`:              true,
		`{"awsRegion":"us-east-1","eventType":"AwsServiceEvent","eventVersion":"1.0"}`: true,
		// S3's notifications.
		`{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-east-1","eventName":"ObjectCreated:Put"}`: false,
		// The events of channels.
		`{"eventVersion":"1.10","eventCategory":"ActivityAuditLog","eventType":"ActivityLog","awsRegion":"us-east-1"}`: false,
		// A whole file, an event of EventBridge: their records are further in.
		`{"Records":[{"eventVersion":"1.11","awsRegion":"us-east-1","eventName":"X"}]}`:                false,
		`{"detail-type":"x","detail":{"eventVersion":"1.11","awsRegion":"us-east-1","eventName":"X"}}`: false,
		`{"eventVersion":1.1,"awsRegion":"us-east-1","eventName":"X"}`:                                 false,
		`{"eventVersion":"1.1","eventName":"X"}`:                                                       false,
		`{"message":"\"eventVersion\" \"awsRegion\"","eventVersion":"1.1","awsRegion":"x"}`:            false,
		`{"eventVersion":"1.1","awsRegion":"x"`:                                                        false,
		`[{"eventVersion":"1.11","awsRegion":"us-east-1","eventName":"X"}]`:                            false,
		``: false,
	} {
		if got := cloudtrail.Recognise(sourcetest.Record([]byte(text))); got != want {
			t.Errorf("Recognise(%s) = %v", text, got)
		}
	}
}

func TestCallsByVerb(t *testing.T) {
	for call, want := range map[string]int64{
		"DescribeInstances": 2, "GetObject": 2, "ListBuckets": 2, "HeadObject": 2, "LookupEvents": 2, "BatchGetItem": 2,
		"Get": 2, "Decrypt:true": 2, "AssumeRole:true": 2, "GetObject:false": 2,
		"CreateBucket": 1, "RunInstances": 1, "PutObject": 1, "RegisterImage": 1,
		"DeleteBucket": 4, "TerminateInstances": 4, "RemoveTags": 4, "DeregisterImage": 4, "BatchDeleteImage": 4,
		"PutBucketPolicy": 3, "StartInstances": 3, "ModifyVpc": 3, "Createless": 3, "Batch": 3, "": 0,
	} {
		name, readOnly, _ := strings.Cut(call, ":")
		if readOnly == "" {
			readOnly = "null"
		}
		record := fmt.Sprintf(`{"eventVersion":"1.08","eventSource":"x.amazonaws.com","eventName":%q,"readOnly":%s}`, name, readOnly)
		e := new(event.Event)
		if err := cloudtrail.Source.Map(sourcetest.Record([]byte(record)), e); err != nil {
			t.Fatal(err)
		}
		if class, got := e.GetInt(event.ColClassUID), e.GetInt(event.ColActivityID); class != event.ClassAPIActivity || got != want {
			t.Errorf("%s: class %d, activity %d, want %d", call, class, got, want)
		}
	}
}

// What is no record is refused with words that say why; the pipeline keeps it.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                    "without eventVersion",
		`{"a":1}`:                               "without eventVersion",
		`{"Records":[{"eventVersion":"1.08"}]}`: "log file",
		`{"eventVersion":"1.08"`:                "at byte 22",
		`{"eventVersion":"1.08"} x`:             "text after the value",
		`text`:                                  "expected a value",
		`{"eventVersion":"1.08","x":` + strings.Repeat("[", 1000): "nested too deeply",
	} {
		err := cloudtrail.Source.Map(sourcetest.Record([]byte(text)), new(event.Event))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Map(%.60s): %v, want %q", text, err, want)
		}
	}
}

// Hostile records take little more than their own size.
func TestHostileRecords(t *testing.T) {
	long := strings.Repeat("k", 20_000)
	for name, params := range map[string]string{
		"many values under a long name": fmt.Sprintf(`{%q:[%s0]}`, long, strings.Repeat("1,", 50_000)),
		"many members":                  `{` + strings.Repeat(`"a":1,`, 100_000) + `"b":2}`,
		"deep":                          strings.Repeat(`{"a":`, 400) + "1" + strings.Repeat("}", 400),
		"resources":                     `1,"resources":[` + strings.Repeat(`{"ARN":"a"},`, 20_000) + `{}]`,
	} {
		record := `{"eventVersion":"1.08","requestParameters":` + params + `,"eventName":"Last"}`
		e := new(event.Event)
		if err := cloudtrail.Source.Map(sourcetest.Record([]byte(record)), e); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := e.GetStr(event.ColAPIOperation); got != "Last" {
			t.Errorf("%s: operation %q", name, got)
		}
		size := 0
		for _, p := range e.Unmapped() {
			size += len(p.Key) + len(p.Value)
		}
		if limit := 20*len(record) + 100_000; size > limit {
			t.Errorf("%s: %d bytes of unmapped from %d", name, size, len(record))
		}
	}
}

func TestLeavesBeyondTheLimitAreCounted(t *testing.T) {
	record := `{"eventVersion":"1.08","requestParameters":{"list":[` + strings.Repeat("1,", 10_499) + `1]},"eventName":"Last"}`
	e := new(event.Event)
	if err := cloudtrail.Source.Map(sourcetest.Record([]byte(record)), e); err != nil {
		t.Fatal(err)
	}
	if n, _ := e.Unmapped1("_leaves_left_out"); n == "" || e.GetStr(event.ColAPIOperation) != "Last" {
		t.Errorf("_leaves_left_out is %q, operation %q", n, e.GetStr(event.ColAPIOperation))
	}
}

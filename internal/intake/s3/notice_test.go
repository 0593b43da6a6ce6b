package s3

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sampleKey = "pre fix/AWSLogs/o-exampleorgid/444455556666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T0000Z_EXAMPLEuniq16chr.json.gz"

func (n notice) text() string {
	var b strings.Builder
	for _, o := range n.objects {
		fmt.Fprintf(&b, "%s %s %s\n", o.bucket, o.key, o.etag)
	}
	for _, u := range n.unknown {
		fmt.Fprintf(&b, "unknown: %s\n", u)
	}
	return b.String()
}

// One file each for the forms as AWS sends them.
func TestNoticeSamples(t *testing.T) {
	etag := "d41d8cd98f00b204e9800998ecf8427e"
	for name, want := range map[string]string{
		"cloudtrail-notification-raw-delivery.json": "example-trail-bucket " + sampleKey + " \n",
		"eventbridge-object-created.json":           "example-trail-bucket " + sampleKey + " " + etag + "\n",
		"s3-event.json":                             "example-trail-bucket " + sampleKey + " " + etag + "\n",
		"s3-test-event.json":                        "",
		"sns-wrapped-cloudtrail-notification.json":  "example-trail-bucket " + sampleKey + " \n",
		"sns-wrapped-s3-event.json":                 "example-trail-bucket " + sampleKey + " " + etag + "\n",
	} {
		body, err := os.ReadFile(filepath.Join("testdata", "notices", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, parseNotice(body).text()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestNotice(t *testing.T) {
	s3 := func(records ...string) string { return `{"Records":[` + strings.Join(records, ",") + `]}` }
	created := `{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"%s"}}}`
	sns := func(message string) string {
		text, err := json.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		return `{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:us-east-1:111122223333:t","Message":` + string(text) + `,"Timestamp":"2026-06-05T00:00:00.000Z"}`
	}
	deep := "{}"
	for range maxWrapped + 2 {
		deep = sns(deep)
	}
	for _, tt := range []struct{ name, body, want string }{
		{"several records, one twice", s3(fmt.Sprintf(created, "x"), fmt.Sprintf(created, "y"), fmt.Sprintf(created, "x")), "b x \nb y \n"},
		{"space, plus and percent in a key", s3(fmt.Sprintf(created, "a+b%2Bc%25%C3%A9")), "b a b+c%é \n"},
		{"MinIO", s3(`{"eventSource":"minio:s3","eventName":"s3:ObjectCreated:CompleteMultipartUpload","s3":{"bucket":{"name":"b"},"object":{"key":"a%2Fb","eTag":"e"}}}`), "b a/b e\n"},
		{"removed, restored, tagged", s3(`{"eventName":"ObjectRemoved:Delete","s3":{}}`, `{"eventName":"ObjectRestore:Completed","s3":{}}`, `{"eventName":"ObjectTagging:Put","s3":{}}`), ""},
		{"a bad record among good ones", s3(fmt.Sprintf(created, "x"), `{"eventName":"ObjectCreated:Put"}`, fmt.Sprintf(created, "y")), "b x \nb y \nunknown: {\"eventName\":\"ObjectCreated:Put\"}\n"},
		{"a record that is text", s3(`"x"`, fmt.Sprintf(created, "x")), "b x \nunknown: \"x\"\n"},
		{"a key that cannot be decoded", s3(fmt.Sprintf(created, "a%zz")), "unknown: " + fmt.Sprintf(created, "a%zz") + "\n"},
		{"no records", s3(), ""},
		{"CloudTrail, several keys as they are", `{"s3Bucket":"b","s3ObjectKey":["a+b%20","c"]}`, "b a+b%20 \nb c \n"},
		{"CloudTrail, one key", `{"s3Bucket":"b","s3ObjectKey":"a"}`, "b a \n"},
		{"CloudTrail, a number", `{"s3Bucket":"b","s3ObjectKey":1}`, "unknown: {\"s3Bucket\":\"b\",\"s3ObjectKey\":1}\n"},
		{"CloudTrail's validation message", sns("CloudTrail validation message."), ""},
		{"EventBridge, key as it is", `{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"b"},"object":{"key":"a+b"}}}`, "b a+b \n"},
		{"EventBridge, deleted", `{"detail-type":"Object Deleted","source":"aws.s3","detail":{"bucket":{"name":"b"},"object":{"key":"a"}}}`, ""},
		{"EventBridge in SNS", sns(`{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"b"},"object":{"key":"a"}}}`), "b a \n"},
		{"test event in SNS", sns(`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`), ""},
		{"SNS in SNS", sns(sns(s3(fmt.Sprintf(created, "x")))), "b x \n"},
		{"text in SNS", sns("hello"), "unknown: hello\n"},
		{"subscription", `{"Type":"SubscriptionConfirmation","Message":"x"}`, "unknown: {\"Type\":\"SubscriptionConfirmation\",\"Message\":\"x\"}\n"},
		{"something else", `{"a":1}`, "unknown: {\"a\":1}\n"},
		{"another event", `{"detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","detail":{}}`, "unknown: {\"detail-type\":\"AWS API Call via CloudTrail\",\"source\":\"aws.ec2\",\"detail\":{}}\n"},
		{"text", "hello", "unknown: hello\n"},
		{"list", "[]", "unknown: []\n"},
		{"nothing", "", "unknown: \n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, parseNotice([]byte(tt.body)).text()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if n := parseNotice([]byte(deep)); len(n.unknown) != 1 || n.why == "" {
		t.Errorf("wrapped too often: %+v", n)
	}
}

// FuzzNotice: a message names objects, or says nothing, or stays in parts that are in it; keys and buckets are never empty,
// and no object is there twice.
func FuzzNotice(f *testing.F) {
	files, err := filepath.Glob("testdata/notices/*")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n := parseNotice(body)
		seen := map[ref]bool{}
		for _, o := range n.objects {
			if o.bucket == "" || o.key == "" || seen[o] {
				t.Fatalf("object %+v", o)
			}
			seen[o] = true
		}
		if (len(n.unknown) > 0) != (n.why != "") {
			t.Fatalf("%d unknown parts, reason %q", len(n.unknown), n.why)
		}
		if !json.Valid(body) && (len(n.unknown) != 1 || string(n.unknown[0]) != string(body)) {
			t.Fatalf("a message that is no JSON is not kept: %q", n.unknown)
		}
	})
}

func BenchmarkNotice(b *testing.B) {
	body, err := os.ReadFile("testdata/notices/sns-wrapped-s3-event.json")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		parseNotice(body)
	}
}

package awsapi_test

import (
	"net/http"
	"testing"
	"time"

	"kiroku/internal/awsapi"
)

// BenchmarkDescribeQuery asks for a query that has ended, which is not in memory any more: with its signature, over HTTP, and
// as an operation alone.
func BenchmarkDescribeQuery(b *testing.B) {
	w := newWorld(b, func(o *awsapi.Options) { o.SQL = &awsapi.SQL{Dir: b.TempDir()} })
	store := w.must("CreateEventDataStore", `{"Name":"trail-events"}`, "EventDataStoreArn")
	id := w.must("StartQuery", `{"QueryStatement":"SELECT eventName FROM `+arnID(store)+`"}`, "QueryId")
	w.must("CancelQuery", `{"QueryId":"`+id+`"}`, "QueryId")
	ctx := b.Context()
	go func() { _ = w.s.Run(ctx) }()
	time.Sleep(200 * time.Millisecond) // until the end of the query is stored
	body := []byte(`{"QueryId":"` + id + `"}`)
	b.Run("http", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			r := w.signed(w.owner, "cloudtrail", region, "/", body, "X-Amz-Target", "CloudTrail_20131101.DescribeQuery")
			b.StartTimer()
			if a := w.send(r); a.status != http.StatusOK {
				b.Fatal(a.body)
			}
		}
	})
	b.Run("operation", func(b *testing.B) {
		b.ReportAllocs()
		c := awsapi.Caller{Account: owner, Region: region, Principal: "arn:aws:iam::" + owner + ":user/alice"}
		for b.Loop() {
			if _, err := w.s.DescribeQuery(ctx, c, &awsapi.QueryInput{QueryId: id}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

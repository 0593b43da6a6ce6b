package awsapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/aws"
	"kiroku/internal/awsapi"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// bucket is a bucket in memory that lists two keys at a time.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	denied  map[string]bool
	opened  []string // region and role
}

func (b *bucket) open(_ context.Context, region, role string) (awsapi.Bucket, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened = append(b.opened, region+" "+role)
	return b, nil
}

func (b *bucket) List(_ context.Context, name, prefix, delimiter, next string) (aws.Listing, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if name != "trail-bucket" {
		return aws.Listing{}, fault.New(fault.Invalid, errors.New("NoSuchBucket"), "")
	}
	keys := []string{}
	for key := range b.objects {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if i := strings.Index(key[len(prefix):], "/"); delimiter != "" && i >= 0 {
			key = key[:len(prefix)+i+1]
		}
		if key > next && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var l aws.Listing
	for i, key := range keys {
		if i == 2 {
			l.Next = keys[1]
			break
		}
		if strings.HasSuffix(key, "/") {
			l.Prefixes = append(l.Prefixes, key)
		} else {
			l.Objects = append(l.Objects, aws.ObjectInfo{Key: key})
		}
	}
	return l, nil
}

func (b *bucket) Get(_ context.Context, _, key string) (*aws.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.denied[key] {
		return nil, fault.New(fault.Denied, errors.New("s3:GetObject"), "")
	}
	data, ok := b.objects[key]
	if !ok {
		return nil, fault.New(fault.NotFound, errors.New("NoSuchKey"), "")
	}
	return &aws.Object{ObjectInfo: aws.ObjectInfo{Key: key, ETag: fmt.Sprint(len(data))}, Body: io.NopCloser(bytes.NewReader(data))}, nil
}

func (b *bucket) put(key string, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[key] = data
}

func zipped(records ...string) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = io.WriteString(z, `{"Records":[`+strings.Join(records, ",")+`]}`)
	_ = z.Close()
	return buf.Bytes()
}

// trailRecord is a small record of some hours ago.
func trailRecord(id string, age time.Duration) string {
	return fmt.Sprintf(`{"eventVersion":"1.08","eventTime":%q,"eventID":%q,"eventName":"N"}`, time.Now().UTC().Add(-age).Format(time.RFC3339), id)
}

const (
	inLogs = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/"
	role   = "arn:aws:iam::111122223333:role/import"
)

type importWorld struct {
	*world
	bucket *bucket
	store  string
	stop   func()
}

func newImportWorld(t *testing.T) *importWorld {
	t.Helper()
	b := &bucket{objects: map[string][]byte{}, denied: map[string]bool{}}
	iw := &importWorld{bucket: b, world: newWorld(t, func(o *awsapi.Options) {
		o.Buckets, o.ImportBuckets = b.open, []string{"trail-bucket", "no-such-bucket"}
	})}
	iw.store = iw.must("CreateEventDataStore", `{"Name":"trail-events","TerminationProtectionEnabled":false}`, "EventDataStoreArn")
	return iw
}

// run runs the service until stop or the end of the test.
func (iw *importWorld) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s := iw.s
	go func() { defer close(done); _ = s.Run(ctx) }()
	iw.stop = sync.OnceFunc(func() { cancel(); <-done })
	iw.Cleanup(iw.stop)
}

func (iw *importWorld) startInput(location string) string {
	return `{"Destinations":["` + iw.store + `"],"ImportSource":{"S3":{"S3LocationUri":"` + location + `","S3BucketRegion":"eu-west-1","S3BucketAccessRoleArn":"` + role + `"}}}`
}

// wait waits until an import has a status, and returns its statistics.
func (iw *importWorld) wait(id, status string) string {
	iw.Helper()
	var out struct {
		ImportStatus     string
		ImportStatistics map[string]int
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		a := iw.op("GetImport", `{"ImportId":"`+id+`"}`)
		if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.status != http.StatusOK {
			iw.Fatalf("GetImport: %s", a.body)
		}
		if out.ImportStatus == status {
			n := out.ImportStatistics
			return fmt.Sprintf("%d/%d prefixes, %d files, %d events, %d failed", n["PrefixesCompleted"], n["PrefixesFound"], n["FilesCompleted"], n["EventsCompleted"], n["FailedEntries"])
		}
	}
	iw.Fatalf("the import is %s, never %s", out.ImportStatus, status)
	return ""
}

// ids are the events that came into the lake, in order of their ids.
func (iw *importWorld) ids() string {
	iw.Helper()
	var ids []string
	for _, r := range iw.lake.take() {
		var rec struct {
			EventID string `json:"eventID"`
		}
		if err := json.Unmarshal(r.Data, &rec); err != nil {
			iw.Error(err)
		}
		if o := r.From(); o.Source != event.CloudTrail || !awsapi.Imported(o) || !strings.HasPrefix(o.Store, "eds_trail_events_") {
			iw.Errorf("record of %+v", o)
		}
		ids = append(ids, rec.EventID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// failures are the files that failed: location, status and type.
func (iw *importWorld) failures(id string) string {
	iw.Helper()
	var out struct{ Failures []map[string]any }
	a := iw.op("ListImportFailures", `{"ImportId":"`+id+`"}`)
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || out.Failures == nil {
		iw.Fatalf("ListImportFailures: %s", a.body)
	}
	var all []string
	for _, f := range out.Failures {
		all = append(all, fmt.Sprint(f["Location"], " ", f["Status"], " ", f["ErrorType"]))
	}
	return strings.Join(all, "\n")
}

func TestImport(t *testing.T) {
	iw := newImportWorld(t)
	h := time.Hour
	b := iw.bucket
	b.put(inLogs+"01/01/a.json.gz", zipped(trailRecord("a1", h), trailRecord("a2", h)))
	b.put(inLogs+"01/01/b.json.gz", zipped(trailRecord("b1", h), trailRecord("old", 400*24*h)))
	b.put(inLogs+"01/01/c.json.gz", zipped())
	b.put(inLogs+"01/02/d.json.gz", zipped(trailRecord("d1", h))[:40])
	b.put(inLogs+"01/02/e.json.gz", zipped(trailRecord("e1", h)))
	b.put(inLogs+"01/02/notes.txt", []byte("hello"))
	b.denied[inLogs+"01/02/e.json.gz"] = true
	for _, other := range []string{"CloudTrail-Digest", "CloudTrail-Insight", "Config"} {
		b.put("AWSLogs/111122223333/"+other+"/us-east-1/2026/01/01/x.json.gz", zipped(trailRecord(other, h)))
	}
	a := iw.op("StartImport", iw.startInput("s3://trail-bucket"))
	var started awsapi.Import
	if err := json.Unmarshal([]byte(a.body), &started); err != nil || started.ImportStatus != "INITIALIZING" || started.Destinations[0] != iw.store ||
		started.ImportSource.S3.S3LocationUri != "s3://trail-bucket" || started.ImportStatistics != nil {
		t.Fatalf("StartImport: %s", a.body)
	}
	id := started.ImportId
	iw.refuses("StartImport", iw.startInput("s3://trail-bucket"), "AccountHasOngoingImportException")
	iw.refuses("UpdateEventDataStore", `{"EventDataStore":"`+iw.store+`","RetentionPeriod":30}`, "EventDataStoreHasOngoingImportException")
	iw.refuses("DeleteEventDataStore", `{"EventDataStore":"`+iw.store+`"}`, "EventDataStoreHasOngoingImportException")
	iw.run()
	if got := iw.wait(id, "FAILED"); got != "2/2 prefixes, 3 files, 3 events, 2 failed" {
		t.Error(got)
	}
	if got := iw.ids(); got != "a1 a2 b1" {
		t.Errorf("imported %q", got)
	}
	if got, want := iw.failures(id), "s3://trail-bucket/"+inLogs+"01/02/d.json.gz FAILED InvalidFileFormat\ns3://trail-bucket/"+inLogs+"01/02/e.json.gz FAILED AccessDenied"; got != want {
		t.Errorf("failures\n%s\nwant\n%s", got, want)
	}
	if len(b.opened) == 0 || b.opened[0] != "eu-west-1 "+role {
		t.Errorf("opened %q", b.opened)
	}

	// What failed is tried again, and nothing else.
	b.mu.Lock()
	clear(b.denied)
	b.mu.Unlock()
	iw.must("StartImport", `{"ImportId":"`+id+`"}`, "ImportId")
	if got := iw.wait(id, "FAILED"); got != "2/2 prefixes, 4 files, 4 events, 1 failed" {
		t.Error(got)
	}
	b.put(inLogs+"01/02/d.json.gz", zipped(trailRecord("d1", h)))
	iw.must("StartImport", `{"ImportId":"`+id+`"}`, "ImportId")
	if got := iw.wait(id, "COMPLETED"); got != "2/2 prefixes, 5 files, 5 events, 0 failed" {
		t.Error(got)
	}
	if got := iw.ids(); got != "d1 e1" {
		t.Errorf("imported the second and third time %q", got)
	}
	if got := iw.failures(id); strings.Count(got, " SUCCEEDED ") != 2 {
		t.Errorf("failures %s", got)
	}
	if n, err := meta.CountObjects(t.Context(), iw.db.Read()); n != 0 || err != nil {
		t.Errorf("%d objects are remembered, %v", n, err)
	}
	iw.refuses("StartImport", `{"ImportId":"`+id+`"}`, "InvalidParameterException")
	iw.refuses("StopImport", `{"ImportId":"`+id+`"}`, "InvalidParameterException")
}

// A prefix that leads into another folder imports that, and times leave events and days out.
func TestImportOfATimeAndAPrefix(t *testing.T) {
	iw := newImportWorld(t)
	now := time.Now().UTC()
	day := func(age int) string { return now.AddDate(0, 0, -age).Format("2006/01/02/") }
	d := 24 * time.Hour
	const insight = "AWSLogs/111122223333/CloudTrail-Insight/us-east-1/"
	const logs = "x/AWSLogs/o-exampleorgid/111122223333/CloudTrail/us-east-1/"
	iw.bucket.put(insight+day(1)+"i.json.gz", zipped(trailRecord("insight", d)))
	iw.bucket.put("copy/j.json.gz", zipped(trailRecord("copy", d)))
	iw.bucket.put(logs+day(300)+"z.json.gz", []byte("days that are out of the time are not read"))
	iw.bucket.put(logs+day(60)+"a.json.gz", zipped(trailRecord("before", 62*d), trailRecord("within", 60*d)))
	iw.bucket.put(logs+day(40)+"b.json.gz", zipped(trailRecord("late", 59*d), trailRecord("after", 40*d)))
	iw.bucket.put(logs+day(2)+"c.json.gz", []byte("neither"))
	iw.run()
	start := func(location, more string) string {
		in := iw.startInput(location)
		return iw.must("StartImport", in[:len(in)-1]+more+"}", "ImportId")
	}
	for _, c := range []struct{ location, more, stats, ids string }{
		{"s3://trail-bucket/" + insight, "", "1/1 prefixes, 1 files, 1 events, 0 failed", "insight"},
		{"s3://trail-bucket/copy", "", "1/1 prefixes, 1 files, 1 events, 0 failed", "copy"},
		{"s3://trail-bucket/copy/j.json.gz", "", "1/1 prefixes, 1 files, 1 events, 0 failed", "copy"},
		{"s3://trail-bucket/nothing/", "", "0/0 prefixes, 0 files, 0 events, 0 failed", ""},
		{"s3://trail-bucket/x/AWSLogs", fmt.Sprintf(`,"StartEventTime":%d,"EndEventTime":%d`, now.Add(-61*d).Unix(), now.Add(-50*d).Unix()),
			"2/2 prefixes, 2 files, 2 events, 0 failed", "late within"},
	} {
		id := start(c.location, c.more)
		if got := iw.wait(id, "COMPLETED"); got != c.stats {
			t.Errorf("%s: %s, want %s", c.location, got, c.stats)
		}
		if got := iw.ids(); got != c.ids {
			t.Errorf("%s: imported %q, want %q", c.location, got, c.ids)
		}
	}
}

// An import that was stopped, or whose process ended, goes on where it was: every event comes once and is counted once.
func TestImportGoesOn(t *testing.T) {
	iw := newImportWorld(t)
	var want []string
	for i := range 9 {
		var records []string
		for k := range 3 {
			id := fmt.Sprintf("f%d-%d", i, k)
			want = append(want, id)
			records = append(records, strings.TrimSuffix(trailRecord(id, time.Hour), "}")+`,"x":"`+strings.Repeat("x", 600_000)+`"}`) // a batch each
		}
		iw.bucket.put(fmt.Sprintf("%s01/%02d/f%d.json.gz", inLogs, i/3+1, i), zipped(records...))
	}
	iw.lake.failAfter = 4
	iw.run()
	id := iw.must("StartImport", iw.startInput("s3://trail-bucket/AWSLogs/"), "ImportId")
	seen := 0
	for iw.op("GetImport", `{"ImportId":"`+id+`"}`); seen < 4; { // until the lake is busy
		iw.lake.mu.Lock()
		seen = len(iw.lake.records)
		iw.lake.mu.Unlock()
	}
	iw.stop() // the process ends
	iw.s = awsapi.New(awsapi.Options{DB: iw.db, Lake: iw.lake, Ingest: iw.lake, Keys: iw.keys, Log: discard, Buckets: iw.bucket.open})
	iw.server.Config.Handler = iw.s
	iw.lake.mu.Lock()
	iw.lake.failAfter = 12
	iw.lake.mu.Unlock()
	iw.run()
	for seen < 12 {
		iw.lake.mu.Lock()
		seen = len(iw.lake.records)
		iw.lake.mu.Unlock()
	}
	if a := iw.op("StopImport", `{"ImportId":"`+id+`"}`); !strings.Contains(a.body, `"STOPPED"`) {
		t.Errorf("StopImport: %s", a.body)
	}
	iw.lake.mu.Lock()
	iw.lake.failAfter = 0
	iw.lake.mu.Unlock()
	iw.must("StartImport", `{"ImportId":"`+id+`"}`, "ImportId")
	if got := iw.wait(id, "COMPLETED"); got != "3/3 prefixes, 9 files, 27 events, 0 failed" {
		t.Error(got)
	}
	if got := iw.ids(); got != strings.Join(want, " ") {
		t.Errorf("imported %s", got)
	}
}

func TestImportRefuses(t *testing.T) {
	iw := newImportWorld(t)
	audit := iw.newStore("audit")
	in := iw.startInput("s3://trail-bucket/")
	for input, code := range map[string]string{
		`{}`: "InvalidParameterException",
		strings.Replace(in, `"Destinations":["`, `"Destinations":["`+iw.store+`","`, 1):         "InvalidParameterException",
		strings.Replace(in, iw.store, audit, 1):                                                 "InvalidEventDataStoreCategoryException",
		strings.Replace(in, iw.store, "nonsense", 1):                                            "EventDataStoreARNInvalidException",
		strings.Replace(in, arnID(iw.store), "00000000-0000-0000-0000-000000000000", 1):         "EventDataStoreNotFoundException",
		iw.startInput("s3://no-such-bucket/"):                                                   "InvalidImportSourceException",
		iw.startInput("https://trail-bucket/"):                                                  "InvalidImportSourceException",
		strings.Replace(in, role, "root", 1):                                                    "InvalidImportSourceException",
		strings.Replace(in, "eu-west-1", "", 1):                                                 "InvalidImportSourceException",
		`{"Destinations":["` + iw.store + `"]}`:                                                 "InvalidParameterException",
		strings.TrimSuffix(in, "}") + `,"StartEventTime":1700000000,"EndEventTime":1600000000}`: "InvalidParameterException",
		`{"ImportId":"00000000-0000-0000-0000-000000000000"}`:                                   "ImportNotFoundException",
		`{"ImportId":"nonsense"}`:                                                               "ImportNotFoundException",
	} {
		iw.refuses("StartImport", input, code)
	}
	iw.refuses("StartImport", iw.startInput("s3://other-bucket/"), "InvalidImportSourceException")
	id := iw.must("StartImport", in, "ImportId")
	iw.refuses("StartImport", strings.Replace(in, "{", `{"ImportId":"`+id+`",`, 1), "InvalidParameterException")
	for _, op := range []string{"GetImport", "StopImport", "ListImportFailures"} {
		iw.refuses("@bob "+op, `{"ImportId":"`+id+`"}`, "ImportNotFoundException")
	}
	iw.must("StopImport", `{"ImportId":"`+id+`"}`, "ImportId")
	second := iw.must("StartImport", in, "ImportId")
	list := func(input string) string {
		var out struct {
			Imports   []struct{ ImportId string }
			NextToken string
		}
		a := iw.op("ListImports", input)
		if err := json.Unmarshal([]byte(a.body), &out); err != nil || out.Imports == nil {
			t.Fatalf("ListImports: %s", a.body)
		}
		var ids []string
		for _, i := range out.Imports {
			ids = append(ids, i.ImportId)
		}
		return strings.Join(ids, " ") + out.NextToken
	}
	if got := list(`{}`); got != second+" "+id {
		t.Errorf("imports %s", got)
	}
	first := list(`{"MaxResults":1}`)
	if !strings.HasPrefix(first, second) || list(`{"MaxResults":1,"NextToken":"`+first[len(second):]+`"}`) != id {
		t.Errorf("pages: %s", first)
	}
	if got := list(`{"ImportStatus":"STOPPED","Destination":"` + arnID(iw.store) + `"}`); got != id {
		t.Errorf("stopped: %s", got)
	}
	if got := list(`{"Destination":"` + audit + `"}`); got != "" {
		t.Errorf("of another store: %s", got)
	}
	iw.refuses("ListImports", `{"ImportStatus":"LOST"}`, "InvalidParameterException")
	iw.refuses("ListImports", `{"Destination":"x y"}`, "EventDataStoreARNInvalidException")
	iw.refuses("ListImports", `{"MaxResults":0}`, "InvalidMaxResultsException")
	iw.refuses("ListImportFailures", `{"ImportId":"`+id+`","NextToken":"x"}`, "InvalidNextTokenException")
}

// Locations are up to 1,100 characters long; the token of a page stays within the 1,000 that clients may send.
func TestImportFailurePages(t *testing.T) {
	iw := newImportWorld(t)
	long := strings.Repeat("x", 900)
	var want []string
	for _, name := range []string{"a", long + "1", long + "2", long + "3", "b"} {
		key := inLogs + "01/01/" + name + ".json.gz"
		iw.bucket.put(key, []byte("no gzip"))
		want = append(want, "s3://trail-bucket/"+key)
	}
	iw.run()
	id := iw.must("StartImport", iw.startInput("s3://trail-bucket"), "ImportId")
	iw.wait(id, "FAILED")
	var got []string
	for token := ""; ; {
		var out struct {
			Failures  []struct{ Location string }
			NextToken string
		}
		a := iw.op("ListImportFailures", `{"ImportId":"`+id+`","MaxResults":1,"NextToken":"`+token+`"}`)
		if err := json.Unmarshal([]byte(a.body), &out); err != nil || len(out.Failures) != 1 || len(out.NextToken) > 1000 || len(got) > len(want) {
			t.Fatalf("page after %d: a token of %d characters, %.200s", len(got), len(out.NextToken), a.body)
		}
		got = append(got, out.Failures[0].Location)
		if token = out.NextToken; token == "" {
			break
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d failures, want %d", len(got), len(want))
	}
}

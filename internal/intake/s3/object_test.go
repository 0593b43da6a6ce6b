package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/aws"
	"kiroku/internal/event"
)

func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// big is a file of several batches.
func big(records int) (body []byte, want []string) {
	for i := range records {
		want = append(want, fmt.Sprintf(`{"eventID":"%06d","pad":"%s"}`, i, strings.Repeat("x", 900)))
	}
	return zipped(`{"Records":[` + strings.Join(want, ",") + `]}`), want
}

// The process ends at any batch of a big object: the next one goes on there, and stores nothing twice.
func TestObjectGoesOn(t *testing.T) {
	body, want := big(9000)
	for stopAt := range 8 {
		c, l := newCloud(), newLake(t)
		key := keyOf("", account, "us-east-1", noon, "big")
		c.put(bucket, key, body)
		var n atomic.Int64
		l.fail = func(event.Batch) error {
			if n.Add(1) == int64(stopAt)+1 {
				return errors.New("killed")
			}
			return nil
		}
		first := New(Config{Origin: &event.Origin{}}, Cloud{c, c, c}, NewProgress(l.db), l, discard())
		if _, err := first.read(t.Context(), ref{bucket: bucket, key: key}); err == nil {
			t.Fatalf("batch %d did not fail", stopAt)
		}
		l.fail = nil
		second := New(Config{Origin: &event.Origin{}}, Cloud{c, c, c}, NewProgress(l.db), l, discard())
		for _, what := range []outcome{stored, already} {
			got, err := second.read(t.Context(), ref{bucket: bucket, key: key})
			if err != nil || got != what {
				t.Fatalf("outcome %d, %v; want %d", got, err, what)
			}
		}
		if !slices.Equal(l.texts(), want) {
			t.Errorf("stopped at batch %d: %d records are stored, want each of %d once", stopAt, l.count(), len(want))
		}
	}
}

// An object that was replaced is another one.
func TestObjectReplaced(t *testing.T) {
	c, l := newCloud(), newLake(t)
	key := keyOf("", account, "us-east-1", noon, "a")
	in := New(Config{Origin: &event.Origin{}}, Cloud{c, c, c}, NewProgress(l.db), l, discard())
	c.put(bucket, key, file("a", 2))
	old := c.buckets[bucket][key].etag()
	for _, r := range []ref{{bucket, key, old}, {bucket, key, old}, {bucket, key, ""}} {
		if _, err := in.read(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if l.count() != 2 || c.gets != 2 {
		t.Errorf("%d records with %d requests, want 2 with 2", l.count(), c.gets)
	}
	c.put(bucket, key, file("b", 3))
	for _, etag := range []string{"another", "", c.buckets[bucket][key].etag()} { // a message may speak of the one before
		if _, err := in.read(t.Context(), ref{bucket, key, etag}); err != nil {
			t.Fatal(err)
		}
	}
	if l.count() != 5 {
		t.Errorf("%d records, want those of both contents", l.count())
	}
}

// A file of 50 MB on one line goes through in far less than 64 MB.
func TestObjectMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("50 MB")
	}
	record := `{"eventVersion":"1.11","pad":"` + strings.Repeat("abcdefghij", 100) + `"}`
	n := 50 << 20 / len(record)
	body := zipped(`{"Records":[` + strings.Repeat(record+",", n-1) + record + `]}`)
	key := keyOf("", account, "us-east-1", noon, "big")
	c, l := newCloud(), newLake(t)
	c.put(bucket, key, body)
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	peak, records := uint64(0), 0
	in := New(Config{Origin: &event.Origin{}}, Cloud{c, c, c}, NewProgress(l.db), slowly{func(b event.Batch) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak, records = max(peak, m.HeapInuse), records+len(b.Records)
	}}, discard())
	if _, err := in.read(t.Context(), ref{bucket: bucket, key: key}); err != nil {
		t.Fatal(err)
	}
	if extra := int64(peak) - int64(before.HeapInuse); records != n || extra > 48<<20 {
		t.Errorf("%d records took %d MB, want %d in at most 48 MB", records, extra>>20, n)
	}
}

// slowly is a sink that needs time for each batch.
type slowly struct{ see func(event.Batch) }

var turn = make(chan struct{}, 1)

func (s slowly) Accept(_ context.Context, b event.Batch) error {
	turn <- struct{}{}
	defer func() { <-turn }()
	time.Sleep(2 * time.Millisecond)
	s.see(b)
	if b.Release != nil {
		b.Release()
	}
	return nil
}

// A connection that breaks is no damage of the object.
func TestObjectConnectionBreaks(t *testing.T) {
	c, l := newCloud(), newLake(t)
	key := keyOf("", account, "us-east-1", noon, "a")
	body, want := big(4000)
	c.put(bucket, key, body)
	in := New(Config{Origin: &event.Origin{}}, Cloud{broken{c}, c, c}, NewProgress(l.db), l, discard())
	if _, err := in.read(t.Context(), ref{bucket: bucket, key: key}); err == nil || !strings.Contains(err.Error(), "unexpected EOF") {
		t.Errorf("error %v", err)
	}
	in.cloud.Buckets = c
	if _, err := in.read(t.Context(), ref{bucket: bucket, key: key}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(l.texts(), want) || in.Status().CloudTrail.Objects.Damaged != 0 {
		t.Errorf("%d records, want %d", l.count(), len(want))
	}
}

// broken is a connection that ends within a body.
type broken struct{ *cloud }

func (b broken) Get(ctx context.Context, bucket, key string) (*aws.Object, error) {
	o, err := b.cloud.Get(ctx, bucket, key)
	if err == nil {
		o.Body = io.NopCloser(io.MultiReader(io.LimitReader(o.Body, o.Size*2/3), unexpected{}))
	}
	return o, err
}

type unexpected struct{}

func (unexpected) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Our own reads in the trail of the bucket that we read are noticed.
func TestRecursion(t *testing.T) {
	var r recursion
	r.log = discard()
	id, _ := newCloud().Identity(t.Context())
	own := `{"userIdentity":{"arn":"arn:aws:sts::111122223333:assumed-role/kiroku/other-session"},"eventSource":"s3.amazonaws.com","eventName":"GetObject","requestParameters":{"bucketName":"` + bucket + `","key":"x"}}`
	r.look(t.Context(), bucket, []byte(own))
	if r.own.Load() != 0 {
		t.Error("noticed before we know who we are")
	}
	r.principal.Store(&id)
	for record, want := range map[string]uint64{
		own: 1,
		strings.ReplaceAll(own, "role/kiroku", "role/kiroku2"):                                     0,
		strings.ReplaceAll(own, bucket, bucket+"-2"):                                               0,
		strings.ReplaceAll(own, "s3.amazonaws.com", "ec2.amazonaws.com"):                           0,
		strings.ReplaceAll(own, `"bucketName":"`, `"bucketName" : "`):                              1,
		strings.ReplaceAll(own, `"requestParameters":{`, `"requestParameters":{"bucketName":"x",`): 1,
	} {
		r.own.Store(0)
		r.look(t.Context(), bucket, []byte(record))
		if got := r.own.Load(); got != want {
			t.Errorf("%s: noticed %d times, want %d", record, got, want)
		}
	}
}

// While nothing can be stored, objects that were found wait without a buffer of their own.
func TestWaitingObjectsHoldNoBuffers(t *testing.T) {
	const objects, room = 100, 4
	c, l := newCloud(), newLake(t)
	body, want := big(700) // more than half a buffer
	stored := make(chan struct{})
	l.fail = func(event.Batch) error {
		<-stored
		return nil
	}
	in := New(Config{Origin: &event.Origin{}, InFlight: room * blockSize}, Cloud{c, c, c}, NewProgress(l.db), l, discard())
	var buffers atomic.Int64
	in.buffers.New = func() any { buffers.Add(1); return make([]byte, 0, blockSize) }
	var all errgroup.Group
	for i := range objects {
		key := keyOf("", account, "us-east-1", noon, fmt.Sprintf("o%03d", i))
		c.put(bucket, key, body)
		all.Go(func() error {
			_, err := in.read(t.Context(), ref{bucket: bucket, key: key})
			return err
		})
	}
	for ctx := deadline(t, time.Minute); buffers.Load() < room+maxReaders && ctx.Err() == nil; {
		runtime.Gosched()
	}
	time.Sleep(200 * time.Millisecond) // whoever could read more would do so now
	if n := buffers.Load(); n != room+maxReaders {
		t.Errorf("%d buffers are in use, want those of %d batches and of %d readers", n, room, maxReaders)
	}
	close(stored)
	if err := all.Wait(); err != nil || l.count() != objects*len(want) {
		t.Errorf("%d records are stored, %v; want %d", l.count(), err, objects*len(want))
	}
}

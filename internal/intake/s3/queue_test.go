package s3

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/event"
	"kiroku/internal/meta"
)

const (
	queueURL = "https://sqs.us-east-1.amazonaws.com/111122223333/trail"
	bucket   = "example-trail-bucket"
)

var noon = time.Date(2026, 6, 5, 12, 0, 0, 0, time.UTC)

// told is CloudTrail's own notification.
func told(keys ...string) string {
	return fmt.Sprintf(`{"s3Bucket":%q,"s3ObjectKey":["%s"]}`, bucket, strings.Join(keys, `","`))
}

// All six forms tell of the same object: it is stored once, and no message stays.
func TestQueueForms(t *testing.T) {
	c, l := newCloud(), newLake(t)
	body, err := os.ReadFile("testdata/444455556666_CloudTrail_us-east-1_20250605T0000Z_EXAMPLEuniq16chr.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	c.put(bucket, sampleKey, body)
	files, err := os.ReadDir("testdata/notices")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile("testdata/notices/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		// The samples were made for another content of the object.
		c.send(strings.ReplaceAll(string(text), "d41d8cd98f00b204e9800998ecf8427e", stone{body: body}.etag()))
	}
	in, stop := start(t, c, l, Config{Queue: queueURL})
	until(t, "queue is empty", func() bool { return c.left() == 0 && in.Status().CloudTrail.Queue.Deleted == uint64(len(files)) })
	stop()
	if l.count() != 11 {
		t.Errorf("%d records are stored, want 11", l.count())
	}
	st := in.Status().CloudTrail
	if st.Objects.Stored != 1 || st.Objects.Already != uint64(len(files)-2) || st.Queue.Nothing != 1 {
		t.Errorf("status %+v %+v", st.Objects, st.Queue)
	}
}

// One bad part of a message neither loses the others nor keeps them from being stored; what cannot be understood is
// stored before the message goes.
func TestQueueBadParts(t *testing.T) {
	c, l := newCloud(), newLake(t)
	good := keyOf("", account, "us-east-1", noon, "good")
	damaged := keyOf("", account, "us-east-1", noon, "damaged")
	absent := keyOf("", account, "us-east-1", noon, "absent")
	c.put(bucket, good, file("good", 3))
	whole := file("damaged", 5000)
	c.put(bucket, damaged, whole[:len(whole)/2])
	digestKey := "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/06/05/111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20260605T120000Z.json.gz"
	c.send(told(absent, damaged, digestKey, "some/other.txt", good))
	c.send("not JSON", `{"Records":[{"eventName":"ObjectCreated:Put"}]}`)
	in, stop := start(t, c, l, Config{Queue: queueURL})
	until(t, "queue is empty", func() bool { return c.left() == 0 })
	stop()
	st := in.Status().CloudTrail
	if got := c.messages[0].received; got != goneAfter {
		t.Errorf("the message about an absent object was received %d times, want %d", got, goneAfter)
	}
	if n := l.count(); n < 3+1000 || n > 3+4999 {
		t.Errorf("%d records are stored, want 3 and those before the damage", n)
	}
	if !slices.Contains(l.texts(), `{"eventID":"good-0"}`) {
		t.Error("the good object is not stored")
	}
	if diff := cmp.Diff([]string{"not JSON", `{"eventName":"ObjectCreated:Put"}`}, l.labels); diff != "" && len(l.labels) != 2 {
		t.Errorf("parked: -want +got:\n%s", diff)
	}
	o := st.Objects
	if o.Stored != 2 || o.Damaged != 1 || o.Gone != 1 || o.Digests == 0 || o.Foreign == 0 || st.Queue.Parked != 2 || len(st.Problems) != 4 {
		t.Errorf("status %+v %+v %+v", o, st.Queue, st.Problems)
	}
}

// What is refused is no fault of the message: it stays until it can be read.
func TestQueueRefused(t *testing.T) {
	c, l := newCloud(), newLake(t)
	key := keyOf("", account, "us-east-1", noon, "a")
	c.put(bucket, key, file("a", 2))
	c.denied[bucket+"/"+key] = true
	c.send(told(key))
	in, stop := start(t, c, l, Config{Queue: queueURL})
	until(t, "message came often", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.messages[0].received > goneAfter+2
	})
	if st := in.Status(); st.State != stateError || !strings.Contains(st.Error, "AccessDenied") || c.left() != 1 {
		t.Errorf("state %s, %q, %d messages left", st.State, st.Error, c.left())
	}
	// A message may name any bucket: what nothing was read from is not kept as a folder.
	if folders, err := meta.ListFolders(t.Context(), l.db.Read()); err != nil || len(folders) != 0 {
		t.Errorf("folders %+v, %v", folders, err)
	}
	c.mu.Lock()
	c.denied = map[string]bool{}
	c.mu.Unlock()
	until(t, "queue is empty", func() bool { return c.left() == 0 })
	stop()
	if l.count() != 2 {
		t.Errorf("%d records, want 2", l.count())
	}
}

// Servers that speak like S3 often have no STS; it is asked only to recognise own reads.
func TestNobodyKnowsWho(t *testing.T) {
	c, l := newCloud(), newLake(t)
	c.refuse["identity"] = errors.New("no such host")
	key := keyOf("", account, "us-east-1", noon, "a")
	c.put(bucket, key, file("a", 2))
	c.send(told(key))
	in, stop := start(t, c, l, Config{Queue: queueURL})
	until(t, "queue is empty", func() bool { return c.left() == 0 })
	until(t, "the problem is told", func() bool { return len(in.Status().CloudTrail.Problems) == 1 })
	if st := in.Status(); st.State != stateReading || st.Error != "" || st.CloudTrail.Problems[0].Place != "credentials" {
		t.Errorf("state %s, %q, problems %+v", st.State, st.Error, st.CloudTrail.Problems)
	}
	stop()
}

// Nothing is deleted before it is durable.
func TestQueueWaitsForDisk(t *testing.T) {
	c, l := newCloud(), newLake(t)
	key := keyOf("", account, "us-east-1", noon, "a")
	c.put(bucket, key, file("a", 2))
	c.send(told(key), "not JSON")
	block := make(chan struct{})
	l.fail = func(event.Batch) error {
		<-block
		return errors.New("disk is full")
	}
	_, stop := start(t, c, l, Config{Queue: queueURL})
	time.Sleep(50 * time.Millisecond)
	if c.left() != 2 {
		t.Error("a message was deleted before anything was stored")
	}
	close(block)
	until(t, "messages came again", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.messages[0].received > 1 && c.messages[1].received > 1
	})
	l.mu.Lock()
	l.fail = nil
	l.mu.Unlock()
	until(t, "queue is empty", func() bool { return c.left() == 0 })
	stop()
	if l.count() != 2 || len(l.labels) != 1 {
		t.Errorf("%d records and %d parked, want 2 and 1", l.count(), len(l.labels))
	}
}

// The same object is spoken of by messages and listings at the same time, by two inputs: it is stored once.
func TestQueueAndPolling(t *testing.T) {
	c, l := newCloud(), newLake(t)
	var want []string
	now := time.Now().UTC()
	for i := range 60 {
		name := fmt.Sprintf("f%02d", i)
		key := keyOf("p/", account, "eu-west-1", now.Add(-time.Duration(i)*17*time.Hour), name)
		c.put(bucket, key, file(name, 2))
		want = append(want, fmt.Sprintf(`{"eventID":"%s-0"}`, name), fmt.Sprintf(`{"eventID":"%s-1"}`, name))
		c.send(told(key), told(key))
	}
	var inputs []*Input
	for range 2 {
		in, _ := start(t, c, l, Config{Bucket: bucket, Prefix: "p", Queue: queueURL})
		inputs = append(inputs, in)
	}
	slices.Sort(want)
	until(t, "everything is read", func() bool {
		b := inputs[0].Status().CloudTrail.Buckets
		return c.left() == 0 && len(b) == 1 && b[0].History == 0 && len(l.texts()) >= len(want)
	})
	time.Sleep(50 * time.Millisecond)
	if diff := cmp.Diff(want, l.texts()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A message is kept hidden while it is worked on, however long that takes.
func TestVisibility(t *testing.T) {
	c := newCloud()
	in := New(Config{Queue: queueURL, Visibility: 30 * time.Millisecond, Origin: &event.Origin{}}, Cloud{c, c, c}, nil, nil, discard())
	q := newQueue(in)
	c.send("x")
	q.hold("0")
	_ = q.extendAll(deadline(t, 200*time.Millisecond))
	if c.messages[0].visible.IsZero() {
		t.Error("the message was not kept hidden")
	}
	q.letGo("0")
	c.messages[0].visible = time.Time{}
	_ = q.extendAll(deadline(t, 100*time.Millisecond))
	if !c.messages[0].visible.IsZero() {
		t.Error("a message that is done with is kept hidden")
	}
}

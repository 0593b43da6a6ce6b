package s3

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/meta"
)

// What a queue alone tells of is forgotten, too, when nothing speaks of it any more.
func TestQueueStateIsBounded(t *testing.T) {
	c, l := newCloud(), newLake(t)
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		key := keyOf("", account, region, noon, "a")
		c.put(bucket, key, file(region, 2))
		c.send(told(key))
	}
	in, stop := start(t, c, l, Config{Queue: queueURL})
	until(t, "queue is empty", func() bool { return c.left() == 0 })
	stop()
	folders, err := meta.ListFolders(t.Context(), l.db.Read())
	if err != nil || len(folders) != 2 {
		t.Fatalf("%d folders, %v", len(folders), err)
	}
	l.progress.looks(folders[1].ID) // by another input, which forgets by itself
	now := time.Now()
	for _, c := range []struct {
		after time.Duration
		want  int64
	}{{0, 2}, {(rememberDays - 1) * 24 * time.Hour, 2}, {(rememberDays + 2) * 24 * time.Hour, 1}, {1000 * 24 * time.Hour, 1}} {
		if err := in.tidy(t.Context(), now.Add(c.after)); err != nil {
			t.Fatal(err)
		}
		if n, err := meta.CountObjects(t.Context(), l.db.Read()); err != nil || n != c.want {
			t.Errorf("after %v %d objects are remembered (%v), want %d", c.after, n, err, c.want)
		}
	}
}

// A bucket that messages named which do not come any more is no error for ever, and there are never too many of them.
func TestProblemsGo(t *testing.T) {
	in := New(Config{Queue: queueURL, Origin: &event.Origin{}, Visibility: time.Hour}, Cloud{}, NewProgress(nil), nil, discard())
	broken := errors.New("NoSuchBucket")
	in.failed(t.Context(), queueURL, broken)
	for i := range maxStanding + 50 {
		in.failed(t.Context(), fmt.Sprintf("s3://bucket-%d", i), broken)
	}
	if n := len(in.standing()); n != maxStanding {
		t.Errorf("%d places have a problem, want %d", n, maxStanding)
	}
	now := time.Now()
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{2 * time.Hour, maxStanding}, {4 * time.Hour, 1}} {
		in.letGo(t.Context(), now.Add(c.after))
		if n := len(in.standing()); n != c.want {
			t.Errorf("after %v %d places have a problem, want %d", c.after, n, c.want)
		}
	}
}

package s3

import (
	"testing"
	"time"

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

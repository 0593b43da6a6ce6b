package s3

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/aws"
	"kiroku/internal/event"
	"kiroku/internal/meta"
)

// endless is a bucket with perDay objects in one folder for every day up to today. None of them is kept in memory.
type endless struct {
	today  int64
	perDay int

	mu    sync.Mutex
	gets  int
	known map[int64][]aws.ObjectInfo // of the last days
}

// of are the objects of a day.
func (b *endless) of(day int64) []aws.ObjectInfo {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil {
		b.known = map[int64][]aws.ObjectInfo{}
	}
	delete(b.known, day-60)
	if b.known[day] == nil {
		for i := range b.perDay {
			b.known[day] = append(b.known[day], aws.ObjectInfo{Key: keyOf("", account, "us-east-1", dayTime(day), fmt.Sprintf("n%06d", i)), ETag: "e", Modified: dayTime(day)})
		}
	}
	return b.known[day]
}

func (b *endless) Scope() string { return "aws" }

func (b *endless) List(_ context.Context, _, prefix, delimiter, next string) (aws.Listing, error) {
	var l aws.Listing
	const parent = "AWSLogs/" + account + "/CloudTrail/us-east-1/"
	if delimiter != "" {
		if len(prefix) < len(parent) {
			l.Prefixes = []string{parent[:len(prefix)+strings.Index(parent[len(prefix):], "/")+1]}
		}
		return l, nil
	}
	from := 0
	_, _ = fmt.Sscan(next, &from)
	for day := b.today; day > b.today-60; day-- {
		at := dayTime(day)
		if !strings.HasPrefix(prefix, parent+at.Format("2006/01/02")) {
			continue
		}
		all := b.of(day)
		l.Objects = all[from:min(from+1000, len(all))]
		if from+1000 < len(all) {
			l.Next = fmt.Sprint(from + 1000)
		}
	}
	return l, nil
}

func (b *endless) Get(_ context.Context, _, key string) (*aws.Object, error) {
	b.mu.Lock()
	b.gets++
	b.mu.Unlock()
	modified, err := time.Parse("2006/01/02", key[len("AWSLogs/"+account+"/CloudTrail/us-east-1/"):][:10])
	if err != nil {
		return nil, err
	}
	return &aws.Object{ObjectInfo: aws.ObjectInfo{Key: key, ETag: "e", Modified: modified}, Body: io.NopCloser(strings.NewReader(`{"Records":[]}`))}, nil
}

// bulk stores checkpoints in transactions of many, so that a million do not take an hour.
type bulk struct {
	db *meta.DB

	mu     sync.Mutex
	parts  []*event.ObjectPart
	stored int
	err    error
}

func (b *bulk) Accept(ctx context.Context, e event.Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stored++
	b.parts = append(b.parts, e.Checkpoint.Object)
	if len(b.parts) >= 500 {
		b.flush(ctx)
	}
	return b.err
}

func (b *bulk) flush(ctx context.Context) {
	err := b.db.Write(ctx, func(tx *sql.Tx) error {
		for _, p := range b.parts {
			if err := meta.StoreObjectPart(ctx, tx, p); err != nil {
				return err
			}
		}
		return nil
	})
	b.parts = nil
	if b.err == nil {
		b.err = err
	}
}

// close stores the rest of a round.
func (b *bulk) close(t *testing.T) {
	t.Helper()
	b.flush(t.Context())
	if b.err != nil {
		t.Fatal(b.err)
	}
}

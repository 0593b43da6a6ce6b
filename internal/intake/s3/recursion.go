package s3

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"

	"kiroku/internal/aws"
	"kiroku/internal/logkey"
)

// recursion notices a trail that records our reads of the bucket to which it delivers: every file read makes events, which
// make files.
type recursion struct {
	principal atomic.Pointer[aws.Identity]
	own       atomic.Uint64
	log       *slog.Logger
}

// look looks at one record that was read from bucket.
func (r *recursion) look(ctx context.Context, bucket string, record []byte) {
	id := r.principal.Load()
	if id == nil || !bytes.Contains(record, []byte(`"s3.amazonaws.com"`)) || !bytes.Contains(record, []byte(who(id.ARN))) || !named(record, bucket) {
		return
	}
	if r.own.Add(1) == 1 {
		r.log.LogAttrs(ctx, slog.LevelWarn, "the trail records our own reads of its bucket, and so every file makes more files",
			slog.String(logkey.Bucket, bucket), slog.String(logkey.Next, "leave the bucket out of the data events of the trail, or the principal "+id.ARN))
	}
}

// who is the part of an ARN that all sessions of a role share.
func who(arn string) string {
	if i := strings.LastIndexByte(arn, '/'); i > 0 && strings.Contains(arn, ":assumed-role/") {
		return arn[:i+1]
	}
	return `"` + arn + `"`
}

// named says whether the bucket is that of the request.
func named(record []byte, bucket string) bool {
	for rest := record; ; {
		i := bytes.Index(rest, []byte(`"bucketName"`))
		if i < 0 {
			return false
		}
		rest = bytes.TrimLeft(rest[i+len(`"bucketName"`):], ": \t")
		if value, ok := bytes.CutPrefix(rest, []byte(`"`+bucket)); ok && bytes.HasPrefix(value, []byte(`"`)) {
			return true
		}
	}
}

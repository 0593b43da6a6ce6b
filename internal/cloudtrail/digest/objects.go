package digest

import (
	"context"
	"io"
)

// Objects is what verification needs of a bucket. It is used by several goroutines at once.
type Objects interface {
	// Folders lists the names (without slashes) of the folders directly below prefix, which is "" or ends in a slash,
	// sorted. A prefix without any is no error.
	Folders(ctx context.Context, prefix string) ([]string, error)
	// Keys lists the keys directly below prefix, sorted.
	Keys(ctx context.Context, prefix string) ([]string, error)
	// Open begins to read an object; the caller closes Body. An error that is fs.ErrNotExist means that the object is not
	// there, one that is fs.ErrPermission that this object cannot be read, though others may: it is archived, or its key
	// may not be used. Any other error ends the verification.
	Open(ctx context.Context, key string) (*Object, error)
}

// Object is an object of a bucket as it is read.
type Object struct {
	Body io.ReadCloser
	// Metadata is the user metadata, names in lower case without "x-amz-meta-". nil means that the place does not keep
	// metadata, which is something else than an object without any.
	Metadata map[string]string
}

// Names of user metadata.
const (
	metaSignature = "signature"
	metaBackfill  = "backfill-generation-timestamp"
)

package bucket

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"kiroku/internal/aws"
	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/fault"
)

var (
	_ digest.Objects = (*Bucket)(nil)
	_ Client         = (*aws.Client)(nil)
)

// Client is what is needed of S3.
type Client interface {
	// List asks for one page of keys and, with a delimiter, common prefixes.
	List(ctx context.Context, bucket, prefix, delimiter, next string) (aws.Listing, error)
	// Get opens an object. An error of kind fault.NotFound means that there is none, fault.Conflict that it is archived.
	Get(ctx context.Context, bucket, key string) (*aws.Object, error)
}

// Bucket is a bucket of S3. It may be used by several goroutines at once.
type Bucket struct {
	client Client
	name   string
}

// New reads the bucket of the name.
func New(client Client, name string) *Bucket { return &Bucket{client, name} }

// scheme begins the address of a bucket.
const scheme = "s3://"

// ParseURL reads s3://bucket/prefix. The prefix is "" or ends in a slash. False means that text is no such address.
func ParseURL(text string) (name, prefix string, ok bool) {
	rest, ok := strings.CutPrefix(text, scheme)
	if !ok {
		return "", "", false
	}
	name, prefix, _ = strings.Cut(rest, "/")
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	return name, prefix, name != ""
}

// Folders implements digest.Objects.
func (b *Bucket) Folders(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	err := b.list(ctx, prefix, func(l aws.Listing) {
		for _, p := range l.Prefixes {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(p, prefix), "/"))
		}
	})
	slices.Sort(names) // S3 sorts "a-b/" before "a/"
	return names, err
}

// Keys implements digest.Objects.
func (b *Bucket) Keys(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	err := b.list(ctx, prefix, func(l aws.Listing) {
		for _, o := range l.Objects {
			keys = append(keys, o.Key)
		}
	})
	return keys, err
}

func (b *Bucket) list(ctx context.Context, prefix string, page func(aws.Listing)) error {
	next := ""
	for {
		l, err := b.client.List(ctx, b.name, prefix, "/", next)
		if err != nil {
			return err
		}
		page(l)
		if next = l.Next; next == "" {
			return nil
		}
	}
}

// Open implements digest.Objects.
func (b *Bucket) Open(ctx context.Context, key string) (*digest.Object, error) {
	o, err := b.client.Get(ctx, b.name, key)
	if err != nil {
		switch fault.KindOf(err) {
		case fault.NotFound:
			return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
		case fault.Conflict, fault.Denied: // archived; or encrypted with a key that may not be used
			return nil, fmt.Errorf("%w: %w", fs.ErrPermission, err)
		}
		return nil, err
	}
	metadata := o.Metadata
	if metadata == nil {
		metadata = map[string]string{} // S3 keeps metadata: none is none
	}
	return &digest.Object{Body: o.Body, Metadata: metadata}, nil
}

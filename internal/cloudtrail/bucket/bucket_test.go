package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/aws"
	"kiroku/internal/fault"
)

// pages lists like S3, two entries a page: keys and common prefixes in the order of the keys.
type pages struct {
	objects map[string]*aws.Object
	errs    map[string]error
	asked   int
}

func (p *pages) List(_ context.Context, bucket, prefix, delimiter, next string) (aws.Listing, error) {
	p.asked++
	if bucket != "example" || delimiter != "/" {
		return aws.Listing{}, errors.New("not asked as expected")
	}
	var l aws.Listing
	n, last := 0, next
	for _, key := range slices.Sorted(maps.Keys(p.objects)) {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		name, _, folder := strings.Cut(rest, "/")
		entry := prefix + name
		if folder {
			entry += "/"
		}
		if entry <= next || entry == last {
			continue
		}
		if n == 2 {
			l.Next = last
			break
		}
		n, last = n+1, entry
		if folder {
			l.Prefixes = append(l.Prefixes, entry)
		} else {
			l.Objects = append(l.Objects, aws.ObjectInfo{Key: key})
		}
	}
	return l, nil
}

func (p *pages) Get(_ context.Context, _, key string) (*aws.Object, error) {
	if err := p.errs[key]; err != nil {
		return nil, err
	}
	return p.objects[key], nil
}

func TestListing(t *testing.T) {
	p := &pages{objects: map[string]*aws.Object{}}
	for _, key := range []string{"a-b/x", "a/1", "a/2", "a/3", "a/sub/4", "a/sub/5", "b", "c/d/e/f", "z/1"} {
		p.objects[key] = &aws.Object{}
	}
	b := New(p, "example")
	folders, err := b.Folders(t.Context(), "")
	if diff := cmp.Diff([]string{"a", "a-b", "c", "z"}, folders); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if p.asked != 3 {
		t.Errorf("%d pages were asked for, want 3", p.asked)
	}
	keys, err := b.Keys(t.Context(), "a/")
	if diff := cmp.Diff([]string{"a/1", "a/2", "a/3"}, keys); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if keys, err := b.Keys(t.Context(), "absent/"); len(keys) != 0 || err != nil {
		t.Error(keys, err)
	}
}

func TestOpen(t *testing.T) {
	reset := errors.New("connection reset")
	p := &pages{objects: map[string]*aws.Object{
		"digest": {Body: io.NopCloser(strings.NewReader("text")), Metadata: map[string]string{"signature": "ab"}},
		"bare":   {Body: io.NopCloser(strings.NewReader("text"))},
	}, errs: map[string]error{
		"gone":     fault.New(fault.NotFound, errors.New("NoSuchKey"), ""),
		"archived": fault.New(fault.Conflict, errors.New("InvalidObjectState"), ""),
		"denied":   fault.New(fault.Denied, errors.New("AccessDenied"), ""),
		"broken":   reset,
	}}
	b := New(p, "example")
	for key, want := range map[string]error{"gone": fs.ErrNotExist, "archived": fs.ErrPermission, "denied": fs.ErrPermission, "broken": reset} {
		if o, err := b.Open(t.Context(), key); !errors.Is(err, want) || o != nil {
			t.Errorf("%s: %v, %v; want %v", key, o, err, want)
		}
	}
	if o, err := b.Open(t.Context(), "digest"); err != nil || o.Metadata["signature"] != "ab" {
		t.Error(o, err)
	}
	// S3 keeps metadata: an object without any is not one whose metadata was lost on the way.
	if o, err := b.Open(t.Context(), "bare"); err != nil || o.Metadata == nil {
		t.Error(o, err)
	}
}

func TestParseURL(t *testing.T) {
	for text, want := range map[string][2]string{
		"s3://b": {"b", ""}, "s3://b/": {"b", ""}, "s3://b/p": {"b", "p/"}, "s3://b/p/q/": {"b", "p/q/"},
		"s3://": {}, "s3:///p": {}, "b": {}, "/tmp/s3://b": {}, "": {},
	} {
		name, prefix, ok := ParseURL(text)
		if ok != (want[0] != "") || ok && (name != want[0] || prefix != want[1]) {
			t.Errorf("ParseURL(%q) = %q, %q, %v", text, name, prefix, ok)
		}
	}
}

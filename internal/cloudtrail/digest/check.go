package digest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/cloudtrail/objectkey"
)

// checked is a digest file that was looked at.
type checked struct {
	digest *Digest // nil where it could not be read
	status Status
	detail string
	next   *expected // the older digest, if there is one and it belongs to the same chain
}

// ok says whether what the digest says is CloudTrail's word.
func (c *checked) ok() bool { return c.status == Valid }

// fetched is a digest file as it was read.
type fetched struct {
	raw      []byte
	metadata map[string]string
	status   Status // "" where it could be read
	detail   string
	err      error // ends the verification
}

// fetch reads a digest file.
func (v *verifier) fetch(ctx context.Context, key string) (f fetched) {
	object, err := v.objects.Open(ctx, key)
	if err != nil {
		f.status, f.detail, err = openStatus(err)
		f.err = v.wrap(err, key)
		return f
	}
	defer object.Body.Close()
	f.metadata = object.Metadata
	if f.raw, err = v.inflaters.content(object.Body); err != nil {
		f.status, f.detail, err = readStatus(err)
		f.err = v.wrap(err, key)
		if f.status == TrailingData {
			f.status, f.detail = InvalidFormat, errTrailing.Error()
		}
	}
	return f
}

// each reads digest files, some ahead because a bucket is far away, and gives them to use in their order.
func (v *verifier) each(ctx context.Context, keys []objectkey.Key, use func(objectkey.Key, fetched) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	results := make([]chan fetched, len(keys))
	started := 0
	for i, key := range keys {
		for ; started < min(i+v.opt.Workers, len(keys)); started++ {
			result, name := make(chan fetched, 1), keys[started].String()
			results[started] = result
			reading.Go(func() { result <- v.fetch(ctx, name) })
		}
		f := <-results[i]
		if f.err != nil {
			return f.err
		}
		if err := use(key, f); err != nil {
			return err
		}
	}
	return nil
}

// check verifies a digest file. link is what the newer digest says about it, or nil.
func (v *verifier) check(ctx context.Context, key objectkey.Key, f fetched, link *expected) (checked, error) {
	if f.status != "" {
		return checked{status: f.status, detail: f.detail}, nil
	}
	d, err := Parse(f.raw)
	if err != nil {
		return checked{status: InvalidFormat, detail: err.Error()}, nil //nolint:nilerr // a verdict, not a failure
	}
	c := checked{digest: d}
	sum := sha256.Sum256(f.raw)
	hash := hex.EncodeToString(sum[:])
	if c.detail = v.misplaced(key, d, link); c.detail != "" {
		c.status = Moved
		return c, nil
	}
	signature, known := f.metadata[metaSignature], f.metadata != nil
	if !known && link != nil {
		signature, known = link.Signature, true
		c.detail = "signature from the following digest"
	}
	if !known {
		// What it says about the one before is only used to look for that and to check its signature, which needs no trust.
		c.next, _ = v.expect(key, d, "")
		c.status, c.detail = Unverified, "the copy has no metadata, and no following digest holds the signature"
		return c, nil
	}
	if err := v.verify(ctx, &c, key, f.metadata, hash, signature); err != nil || c.status != Valid {
		return c, err
	}
	if link != nil && (link.Hash != hash || !strings.EqualFold(link.Signature, signature)) {
		c.status, c.detail = LinkBroken, "hash or signature is not the one that the following digest has"
		return c, nil
	}
	c.next, c.detail = v.expect(key, d, c.detail)
	return c, nil
}

// verify checks the signature with the key of the trail's home region.
func (v *verifier) verify(ctx context.Context, c *checked, key objectkey.Key, metadata map[string]string, hash, signature string) error {
	at := c.digest.End
	if made, err := time.Parse(time.RFC3339, metadata[metaBackfill]); err == nil && key.Backfill {
		at = made // it was signed then
	}
	public, err := v.keys.Key(ctx, key.HomeRegion, c.digest.Fingerprint, at)
	switch {
	case errors.Is(err, ErrNoKey):
		c.status, c.detail = KeyNotFound, err.Error()
	case errors.Is(err, ErrBadKey):
		c.status, c.detail = KeyUnusable, err.Error()
	case err != nil:
		return err
	default:
		c.status = Valid
		if err := c.digest.checkSignature(public, hash, signature); err != nil {
			c.status, c.detail = SignatureFailed, err.Error()
		}
	}
	return nil
}

// misplaced says why a digest does not belong where it was found, or "".
func (v *verifier) misplaced(key objectkey.Key, d *Digest, link *expected) string {
	if v.opt.Bucket != "" {
		if d.Bucket != v.opt.Bucket || d.Object != key.String() {
			return fmt.Sprintf("it was put to s3://%s/%s", d.Bucket, d.Object)
		}
		return ""
	}
	// In a copy the newer digest knows the bucket and the prefix.
	if link != nil && (link.Bucket != d.Bucket || link.Object != d.Object) {
		return fmt.Sprintf("it was put to s3://%s/%s, and the following digest names s3://%s/%s", d.Bucket, d.Object, link.Bucket, link.Object)
	}
	origin, ok := objectkey.Parse(d.Object)
	origin.Prefix = key.Prefix
	if !ok || !same(origin, key) {
		return fmt.Sprintf("it was put to s3://%s/%s", d.Bucket, d.Object)
	}
	return ""
}

// expect says where the digest before d must lie here. A chain that goes on in another bucket, or under another prefix of it,
// is not followed: there it is a chain of its own.
func (v *verifier) expect(key objectkey.Key, d *Digest, detail string) (*expected, string) {
	if d.Previous == nil {
		return nil, detail
	}
	origin, _ := objectkey.Parse(d.Object)
	before, ok := objectkey.Parse(d.Previous.Object)
	if !ok || d.Previous.Bucket != d.Bucket || before.Prefix != origin.Prefix || chainOf(before) != chainOf(origin) {
		return nil, fmt.Sprintf("the chain goes on in s3://%s/%s", d.Previous.Bucket, d.Previous.Object)
	}
	before.Prefix = key.Prefix
	return &expected{Link: *d.Previous, key: before}, detail
}

// logs verifies the log files of a digest, several at once, and reports them in its order.
func (w *walk) logs(ctx context.Context, found checked, key objectkey.Key) (Period, error) {
	period := Period{Verdict: Proven, Digests: 1}
	if !found.ok() {
		period.Verdict, period.Invalid = Failed, 1
		if found.status == Unverified {
			period.Verdict = Unproven
		}
		return period, nil
	}
	d := found.digest
	w.census.digest(d)
	files := make([]File, len(d.Logs))
	sizes := make([]int64, len(d.Logs))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(w.v.opt.Workers)
	for i, log := range d.Logs {
		g.Go(func() error {
			f := File{Chain: w.chain, Bucket: log.Bucket, Object: log.Object, Key: w.v.local(key, d, log.Object), Start: d.Start, End: d.End}
			var err error
			f.Status, f.Detail, sizes[i], err = w.v.log(gctx, f.Key, log.Hash)
			files[i] = f
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return period, err
	}
	for i, f := range files {
		w.census.list(f.Key)
		w.sum.Logs.add(f.Status)
		w.sum.Bytes += sizes[i]
		period.Logs++
		if f.Status != Valid {
			period.Invalid++
			period.Verdict = Failed
		}
		if err := w.v.report.File(f); err != nil {
			return period, err
		}
	}
	return period, nil
}

// local is the key here of an object that a digest names by its original key.
func (v *verifier) local(key objectkey.Key, d *Digest, object string) string {
	origin, ok := objectkey.Parse(d.Object)
	rest, under := strings.CutPrefix(object, origin.Prefix)
	if !ok || !under {
		return object
	}
	return key.Prefix + rest
}

// log verifies a log file. A copy may be decompressed under its own name or without ".gz".
func (v *verifier) log(ctx context.Context, key, want string) (status Status, detail string, n int64, err error) {
	object, err := v.objects.Open(ctx, key)
	if plain, ok := strings.CutSuffix(key, ".gz"); ok && errors.Is(err, fs.ErrNotExist) && v.opt.Bucket == "" {
		object, err = v.objects.Open(ctx, plain)
	}
	if err != nil {
		status, detail, err = openStatus(err)
		return status, detail, 0, v.wrap(err, key)
	}
	defer object.Body.Close()
	hash, n, err := v.inflaters.hashOf(object.Body)
	switch {
	case err != nil:
		status, detail, err = readStatus(err)
		return status, detail, n, v.wrap(err, key)
	case hash != want:
		return HashMismatch, "", n, nil
	}
	return Valid, "", n, nil
}

func (v *verifier) wrap(err error, key string) error {
	if err != nil {
		return fmt.Errorf("verify %q: %w", key, err)
	}
	return nil
}

// openStatus tells what an object that cannot be opened means; an error ends the verification.
func openStatus(err error) (Status, string, error) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return NotFound, "", nil
	case errors.Is(err, fs.ErrPermission):
		return Unreadable, err.Error(), nil
	}
	return "", "", err
}

// readStatus tells what an object means whose content is wrong; an error of reading ends the verification.
func readStatus(err error) (Status, string, error) {
	var form *formError
	switch {
	case errors.Is(err, errTrailing):
		return TrailingData, "", nil
	case errors.As(err, &form):
		return InvalidFormat, form.Error(), nil
	}
	return "", "", err
}

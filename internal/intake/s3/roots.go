package s3

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"kiroku/internal/aws"
	"kiroku/internal/cloudtrail/objectkey"
	"kiroku/internal/fault"
	"kiroku/internal/intake"
	"kiroku/internal/logkey"
)

// root is a place in a bucket below which there are folders of CloudTrail.
type root struct {
	bucket  string
	prefix  string // with a slash at its end, or ""
	account string // only this one's folders; empty: all
	org     string // only this organization's, and those without one; empty: all
}

func (r root) String() string { return "s3://" + r.bucket + "/" + r.prefix }

// covers says whether a folder of the bucket belongs to the root.
func (r root) covers(f objectkey.Folder) bool {
	return strings.HasPrefix(f.String(), r.prefix) && (r.account == "" || r.account == f.Account) && (r.org == "" || f.Org == "" || r.org == f.Org)
}

func errNothing(r root) error {
	return fault.New(fault.NotFound, fmt.Errorf("there is no folder of CloudTrail below %q of bucket %q", r.prefix, r.bucket),
		"Check bucket and prefix: the prefix is what stands before AWSLogs/ in the keys. A trail that was just made delivers after some minutes.")
}

// slashed is a prefix as a folder.
func slashed(prefix string) string {
	if prefix = strings.Trim(prefix, "/"); prefix == "" {
		return ""
	}
	return prefix + "/"
}

// findRoots decides where to look: at the bucket that is configured, and at those of the trails.
func (l *looker) findRoots(ctx context.Context, now time.Time) {
	var configured []root
	if b := l.in.cfg.Bucket; b != "" {
		configured = []root{{bucket: b, prefix: slashed(l.in.cfg.Prefix)}}
	}
	if l.roots == nil {
		l.roots = configured
	}
	if !l.in.cfg.Discover || now.Sub(l.asked) < trailsEach {
		return
	}
	found, err := l.trails(ctx)
	l.in.failed(ctx, "trails", err)
	if err != nil {
		return // those of the last time stay
	}
	l.asked, l.roots = now, configured
	for _, r := range found {
		if !slices.Contains(l.roots, r) {
			l.roots = append(l.roots, r)
		}
	}
}

// trails asks which trails there are and what they do.
func (l *looker) trails(ctx context.Context) ([]root, error) {
	all, err := l.in.cloud.Account.Trails(ctx)
	if err != nil {
		return nil, err
	}
	org, err := l.organization(ctx, all)
	if err != nil {
		return nil, err
	}
	var roots []root
	var told []intake.Trail
	seen := map[string]bool{}
	for _, t := range all {
		if seen[t.ARN] {
			continue // the shadow that a trail of all regions throws
		}
		seen[t.ARN] = true
		trail := l.trail(ctx, t)
		told = append(told, trail)
		if trail.Read {
			roots = append(roots, rootOf(t, org))
		}
	}
	if len(told) == 0 {
		err = fault.New(fault.NotFound, errors.New("the account has no trail that this region knows"), "Check region and account of the input, or give bucket and prefix.")
	}
	l.in.report.mu.Lock()
	l.in.report.trails = told
	l.in.report.mu.Unlock()
	return roots, err
}

// trail decides whether a trail is read.
func (l *looker) trail(ctx context.Context, t aws.Trail) intake.Trail {
	st, err := l.in.cloud.Account.Status(ctx, t)
	out := intake.Trail{ARN: t.ARN, Bucket: t.Bucket, Prefix: t.Prefix}
	switch {
	case t.Bucket == "":
		out.Skipped = "it delivers to no bucket"
	case err != nil: // that it is active is only asked to save work
		l.in.failed(ctx, t.ARN, err)
		out.Read, out.Warning = true, "whether it is active is not known: "+err.Error()
	case !st.Logging:
		l.in.failed(ctx, t.ARN, nil)
		out.Skipped = "it is not logging"
		if !st.Stopped.IsZero() {
			out.Skipped += " since " + st.Stopped.UTC().Format(time.RFC3339)
		}
		l.in.log.LogAttrs(ctx, slog.LevelInfo, "trail is skipped: it is not logging", slog.String(logkey.Trail, t.ARN))
	default:
		l.in.failed(ctx, t.ARN, nil)
		out.Read = true
		if st.DeliveryError != "" {
			out.Warning = "its last delivery failed: " + st.DeliveryError
		}
	}
	return out
}

// organization asks for the id of the organization if a trail is one of an organization. Where that is not allowed, all
// organizations of the bucket are read.
func (l *looker) organization(ctx context.Context, all []aws.Trail) (string, error) {
	for _, t := range all {
		if !t.Organization {
			continue
		}
		id, err := l.in.cloud.Account.Organization(ctx)
		if err != nil {
			id = ""
		}
		if fault.KindOf(err) == fault.NotFound {
			err = nil
		}
		l.in.failed(ctx, "organization", err)
		return id, ctx.Err()
	}
	return "", nil
}

// rootOf is where a trail delivers: one of an organization below the organization's folder, or without that level where
// Control Tower made it; any other below its own account's.
func rootOf(t aws.Trail, org string) root {
	r := root{bucket: t.Bucket, prefix: slashed(t.Prefix)}
	if t.Organization {
		r.org = org
		return r
	}
	if parts := strings.Split(t.ARN, ":"); len(parts) > 4 && objectkey.IsAccount(parts[4]) {
		r.account = parts[4]
	}
	return r
}

// walk finds the folders below a root, new ones too.
func (l *looker) walk(ctx context.Context, r root) error {
	if f, ok := objectkey.ParseFolder(r.prefix); ok && f.Kind != objectkey.Digest {
		return l.add(ctx, r.bucket, f)
	}
	return l.below(ctx, r, r.prefix)
}

// below goes through what is directly below prefix, and down where CloudTrail's folders are.
func (l *looker) below(ctx context.Context, r root, prefix string) error {
	return l.prefixes(ctx, r.bucket, prefix, func(child string) error {
		if f, ok := objectkey.ParseFolder(child); ok {
			if f.Kind == objectkey.Digest || !r.covers(f) {
				return nil
			}
			return l.add(ctx, r.bucket, f)
		}
		name := strings.TrimSuffix(child[len(prefix):], "/")
		switch {
		case name == "AWSLogs", objectkey.Kind(name).Known() && objectkey.Kind(name) != objectkey.Digest,
			objectkey.IsAccount(name) && (r.account == "" || name == r.account),
			objectkey.IsOrganization(name) && (r.org == "" || name == r.org):
			return l.below(ctx, r, child)
		}
		return nil // another service's, or somebody's own
	})
}

func (l *looker) add(ctx context.Context, bucket string, f objectkey.Folder) error {
	key := bucket + "/" + f.String()
	if l.folders[key] != nil {
		return nil
	}
	kept, err := l.in.progress.folder(ctx, l.in.unique(bucket), f.String())
	if err != nil {
		return err
	}
	l.in.progress.looks(kept.ID)
	l.folders[key] = &folder{BucketFolder: kept, bucket: bucket, where: f}
	return nil
}

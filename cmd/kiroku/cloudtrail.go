package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/aws"
	"kiroku/internal/cloudtrail/bucket"
	"kiroku/internal/cloudtrail/bucketdir"
	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/diskfile"
	"kiroku/internal/fault"
	"kiroku/internal/serve"
	"kiroku/internal/timespec"
)

func newCloudTrail(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "cloudtrail",
		Short: "Prove that CloudTrail's log files are unaltered",
		Args:  unknownCommand,
		RunE:  needsCommand,
	}
	c.AddCommand(newCloudTrailVerify(a), newCloudTrailDigests(a))
	return c
}

// verifyFlags are the flags of "kiroku cloudtrail verify".
type verifyFlags struct {
	keys                   []string
	from, to               string
	account, region, trail string
	profile, role          string
	externalID, endpoint   string
	verbose, quiet, json   bool
}

func newCloudTrailVerify(a *app) *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify PATH|s3://BUCKET[/PREFIX]",
		Short: "Verify log files with CloudTrail's digests",
		Long: `Reads the digest files that CloudTrail put into a bucket and proves with them that its log files are complete and unaltered:
the signature of each digest, its link to the one before, and the hash of each log file. PATH is a copy of the bucket on disk, or
any folder of it down to that of a region's digests. A bucket itself is read with the credentials that the AWS CLI would use; it takes
s3:ListBucket and s3:GetObject, and without --keys cloudtrail:ListPublicKeys. All accounts, regions and trails that are found are verified, each from its newest digest to its
oldest; there may be years of them.

--keys names a file with CloudTrail's public keys, as "aws cloudtrail list-public-keys" prints it for the region in which the
trail was made; it may be repeated. For a bucket it may be left out: then CloudTrail is asked, and the keys are kept in the user's
cache folder. With --to every chain must reach that time, so that a deleted newest digest is found. A bucket's chains are held against the present, but a trail that was stopped is no failure.

Copies made without the objects' metadata have no signatures: then each digest is verified with the signature that the following
one holds, and the newest cannot be. The guide says how to copy metadata.

Exit codes: 0 nothing is wrong, 1 something is wrong or could not be verified, 2 wrong use.`,
		Example: `  aws cloudtrail list-public-keys --start-time 2026-01-01 > keys.json
  kiroku cloudtrail verify /backup/trail-bucket --keys keys.json
  kiroku cloudtrail verify s3://example-trail-bucket --keys keys.json --from now-30d
  kiroku cloudtrail verify /backup/trail-bucket --keys keys.json --from 2026-06-01 --to 2026-07-01 --json | jq .ok`,
		Args: args(cobra.ExactArgs(1), "a bucket or a copy of one"),
		RunE: func(c *cobra.Command, paths []string) error {
			return a.verify(c.Context(), paths[0], &f)
		},
	}
	c.Flags().StringArrayVar(&f.keys, "keys", nil, "file with public keys, an answer of ListPublicKeys; may be repeated")
	c.Flags().StringVar(&f.from, "from", "", "verify digests that end after this time (default: all)")
	c.Flags().StringVar(&f.to, "to", "", "verify digests that begin before this time, and require them up to it (default: all there are)")
	c.Flags().StringVar(&f.account, "account", "", "only this account")
	c.Flags().StringVar(&f.region, "region", "", "only this region")
	c.Flags().StringVar(&f.trail, "trail", "", "only the trail of this name")
	c.Flags().StringVar(&f.profile, "profile", "", "profile of ~/.aws/config, for s3://")
	c.Flags().StringVar(&f.role, "role-arn", "", "role to assume, for s3://")
	c.Flags().StringVar(&f.externalID, "external-id", "", "external id that the role asks for")
	c.Flags().StringVar(&f.endpoint, "endpoint-url", "", "address of a server that speaks like S3, for s3://")
	c.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "print a line for each valid file, too")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "show no progress")
	c.Flags().BoolVar(&f.json, "json", false, "print all results as one JSON document")
	must(c.MarkFlagFilename("keys", "json"))
	return c
}

// trailBucket is where digests and log files are.
type trailBucket struct {
	objects digest.Objects
	root    string // where to look in it
	name    string // of the bucket, "" for a copy
	keys    digest.Keys
	live    bool // CloudTrail still writes to it
	close   func() error
}

// openTrailBucket opens what PATH names.
func openTrailBucket(ctx context.Context, path string, f *verifyFlags) (*trailBucket, error) {
	name, prefix, live := bucket.ParseURL(path)
	if len(f.keys) == 0 && !live {
		return nil, fault.New(fault.Invalid, fmt.Errorf("verify %q: --keys is missing: the copy does not hold the public keys", path),
			`Write them with "aws cloudtrail list-public-keys --start-time … > keys.json", and add --keys keys.json.`)
	}
	keys, err := digest.OpenKeyRing(f.keys, "", nil)
	if err != nil {
		return nil, fault.New(fault.Invalid, err, `Give a file that "aws cloudtrail list-public-keys" printed.`)
	}
	if live {
		client, err := aws.Open(ctx, aws.Options{Profile: f.profile, RoleARN: f.role, ExternalID: f.externalID, Endpoint: f.endpoint, PathStyle: f.endpoint != ""})
		if err != nil {
			return nil, err
		}
		if len(f.keys) == 0 {
			if keys, err = askedKeys(client); err != nil {
				return nil, err
			}
		}
		return &trailBucket{objects: bucket.New(client, name), root: prefix, name: name, keys: keys, live: true, close: func() error { return nil }}, nil
	}
	dir, root, err := bucketdir.Open(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, err, "Give the folder that holds the copy of the bucket, or s3://bucket.")
	}
	return &trailBucket{objects: dir, root: root, name: dir.Bucket(), keys: keys, close: dir.Close}, nil
}

// askedKeys are keys that CloudTrail is asked for once and that are kept in the user's cache folder.
func askedKeys(client *aws.Client) (*digest.KeyRing, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, fault.New(fault.Invalid, fmt.Errorf("find cache folder for public keys: %w", err), "Set HOME, or give the keys with --keys.")
	}
	dir = filepath.Join(dir, "kiroku")
	if err := diskfile.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("create cache folder for public keys: %w", err)
	}
	keys, err := digest.OpenKeyRing(nil, filepath.Join(dir, serve.TrailKeysFile), bucket.Lister{client})
	if err != nil {
		return nil, fault.New(fault.Invalid, err, "Remove the file: keys are asked for again.")
	}
	return keys, nil
}

// options reads the flags.
func (f *verifyFlags) options(b *trailBucket, now time.Time) (digest.Options, error) {
	opt := digest.Options{Root: b.root, Bucket: b.name, Account: f.account, Region: f.region, Trail: f.trail, Now: now}
	for _, t := range []struct {
		text string
		into *time.Time
	}{{f.from, &opt.From}, {f.to, &opt.To}} {
		if t.text == "" {
			continue
		}
		at, err := timespec.Parse(t.text, now, nil)
		if err != nil {
			return opt, err
		}
		*t.into = at.UTC()
	}
	if opt.To.IsZero() && b.live {
		opt.To = now
	}
	if !opt.To.IsZero() && !opt.From.Before(opt.To) {
		return opt, fault.New(fault.Invalid, fmt.Errorf("--from %s is not before the end, %s", f.from, digestTime(opt.To)), "Give an earlier --from or a later --to.")
	}
	return opt, nil
}

func (a *app) verify(ctx context.Context, path string, f *verifyFlags) error {
	b, err := openTrailBucket(ctx, path, f)
	if err != nil {
		return err
	}
	defer func() { _ = b.close() }()
	opt, err := f.options(b, time.Now())
	if err != nil {
		return err
	}
	report := newVerifyReport(a, f)
	stop := report.progress.Run(report.now)
	sum, err := digest.Verify(ctx, b.objects, b.keys, opt, report)
	stop()
	ok := err == nil && sum.OK() && (f.to == "" || sum.Ended == 0)
	if werr := report.end(path, sum, ok, err); werr != nil {
		return werr
	}
	switch {
	case err != nil:
		return explainVerify(err, path)
	case !ok:
		return errSilent
	}
	return nil
}

package serve

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kiroku/internal/api"
	"kiroku/internal/aws"
	"kiroku/internal/cloudtrail/bucket"
	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/cloudtrail/watch"
	"kiroku/internal/config"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/intake"
	"kiroku/internal/intake/s3"
	"kiroku/internal/meta"
)

const (
	// verifyInterval is how often digests are verified: CloudTrail writes one an hour.
	verifyInterval = time.Hour
	// firstLook is how far the first verification goes back where the input does not say since when it reads.
	firstLook = 7 * 24 * time.Hour
	// alertTag is on the events of all alerts of Kiroku's own.
	alertTag = "kiroku-alert"
)

// openDigests builds the verification of the inputs' digests. Nothing is read yet.
func (s *Server) openDigests(ctx context.Context) error {
	var files []string
	var lister bucket.Lister
	var inputs []watch.Input
	for i := range s.opt.Config.Inputs {
		c := &s.opt.Config.Inputs[i]
		if c.Type != config.CloudTrail || c.VerifyDigests == config.Off {
			continue
		}
		at := slices.IndexFunc(s.trails, func(in *s3.Input) bool { return in.Name() == c.Name })
		if at < 0 {
			panic("BUG: input " + c.Name + " was not opened")
		}
		client, err := aws.Open(ctx, awsOptions(c))
		if err != nil {
			return fmt.Errorf("open input %q: %w", c.Name, err)
		}
		files = append(files, c.DigestKeys...)
		if len(c.DigestKeys) == 0 {
			lister = append(lister, client)
		}
		in, err := s.digestInput(c, s.trails[at], client)
		if err != nil {
			return err
		}
		inputs = append(inputs, in)
	}
	var ask digest.Lister // nil without clients
	if len(lister) > 0 {
		ask = lister
	}
	keys, err := digest.OpenKeyRing(files, filepath.Join(s.storage.dir, TrailKeysFile), ask)
	if err != nil {
		return fault.New(fault.Invalid, err, `Give files as "aws cloudtrail list-public-keys" prints them in digest_keys.`)
	}
	s.digests = watch.New(watch.Options{DB: s.db, Keys: keys, Inputs: inputs, Sink: s.pipe, Checkpoints: s.storage.lake, Log: s.opt.Log})
	return nil
}

func (s *Server) digestInput(c *config.Input, in *s3.Input, client *aws.Client) (watch.Input, error) {
	now := time.Now()
	since, err := c.SinceTime(now)
	if err != nil {
		return watch.Input{}, fmt.Errorf("open input %q: %w", c.Name, err)
	}
	first := firstLook
	if !since.IsZero() {
		first = now.Sub(since)
	}
	a := c.AWS
	return watch.Input{
		Name: c.Name, Scope: client.Scope(), Copy: cmp.Or(a.Endpoints.S3, a.Endpoint) != "", Required: c.VerifyDigests == config.On,
		Interval: cmp.Or(c.VerifyInterval.Std(), verifyInterval), First: first,
		Places: func(ctx context.Context) ([]watch.Place, error) { return s.digestPlaces(ctx, c, in, client.Scope()) },
		Open:   func(name string) digest.Objects { return bucket.New(client, name) },
		Origin: &event.Origin{Input: c.Name, Source: event.Kiroku, Service: "cloudtrail", Tags: append(slices.Clone(c.Tags), alertTag), Store: c.Store},
	}, nil
}

// digestPlaces are the buckets that an input is known to read: the one that is configured, those of the trails that it found, and,
// where only a queue is, those of the files that were read.
func (s *Server) digestPlaces(ctx context.Context, c *config.Input, in *s3.Input, scope string) ([]watch.Place, error) {
	var places []watch.Place
	if c.Bucket != "" {
		prefix := strings.Trim(c.Prefix, "/")
		if prefix != "" {
			prefix += "/"
		}
		places = append(places, watch.Place{Bucket: c.Bucket, Prefix: prefix})
	}
	for _, b := range in.Status().CloudTrail.Buckets {
		if p := (watch.Place{Bucket: b.Bucket, Prefix: b.Prefix}); !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	if len(places) > 0 || c.QueueURL == "" {
		return places, nil
	}
	folders, err := meta.ListFolders(ctx, s.db.Read())
	if err != nil {
		return nil, err
	}
	for _, f := range folders {
		name, ours := strings.CutPrefix(f.Bucket, scope+"/")
		if p := (watch.Place{Bucket: name}); ours && !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	return places, nil
}

// digestStatus adds to an input what is known of its digests.
func (s *Server) digestStatus(in *intake.Status) {
	for _, st := range s.digests.Statuses() {
		if st.Input != in.Name || in.CloudTrail == nil {
			continue
		}
		d := &intake.Digests{State: digestState(st), Verified: st.Verified, Unlisted: st.Unlisted, Wrong: st.Wrong, Next: digestNext(st)}
		if st.Err != nil {
			d.Error = st.Err.Error()
		}
		in.CloudTrail.Digests = d
	}
}

// digestState is one word for how the verification of an input is doing.
func digestState(st watch.Status) string {
	switch {
	case st.Wrong != "":
		return "invalid"
	case st.Running:
		return "verifying"
	case st.Err != nil:
		return "error"
	case st.Verified.IsZero():
		return "waiting"
	case st.None:
		return "none"
	}
	return "verified"
}

// digestNext is what to do about it.
func digestNext(st watch.Status) string {
	switch {
	case st.Wrong != "":
		return "See what is wrong: kiroku cloudtrail digests. Look for DeleteObject and PutObject on the bucket."
	case st.Err != nil:
		return fault.NextOf(st.Err)
	}
	return ""
}

// digestAPI is the verification of digests as the API shows it.
type digestAPI struct{ watch *watch.Watch }

// Verify implements api.Digests.
func (d digestAPI) Verify(_ context.Context, input string, from time.Time) error {
	return d.watch.Verify(input, from)
}

// Report implements api.Digests.
func (d digestAPI) Report(ctx context.Context, limit int) (api.DigestReport, error) {
	chains, alerts, err := d.watch.Results(ctx, limit)
	if err != nil {
		return api.DigestReport{}, err
	}
	out := api.DigestReport{Inputs: []api.DigestInput{}, Chains: []api.DigestChain{}, Findings: []api.DigestFinding{}}
	for _, st := range d.watch.Statuses() {
		in := api.DigestInput{Input: st.Input, State: digestState(st), Verified: st.Verified, Unlisted: st.Unlisted, Wrong: st.Wrong, Next: digestNext(st)}
		if st.Err != nil {
			in.Error = st.Err.Error()
		}
		out.Inputs = append(out.Inputs, in)
	}
	for _, c := range chains {
		x := api.DigestChain{Input: c.Input, Bucket: c.Bucket, Prefix: c.Prefix, Organization: c.Organization, Account: c.Account, Region: c.Region,
			Trail: c.Trail, HomeRegion: c.HomeRegion, Backfill: c.Backfill, From: c.From, To: c.To, Verified: c.Verified, State: c.State, Digests: digestCounts(c.Digests),
			Logs: digestCounts(c.Logs), Findings: c.Findings, Periods: []api.DigestPeriod{}}
		for _, p := range c.Periods {
			x.Periods = append(x.Periods, api.DigestPeriod{From: p.From, To: p.To, Verdict: string(p.Verdict), ChainStarts: p.Starts, Next: p.Next})
		}
		out.Chains = append(out.Chains, x)
	}
	for _, a := range alerts {
		out.Findings = append(out.Findings, api.DigestFinding{UID: a.UID, Time: a.Time, Severity: a.Severity, Title: a.Title, Message: a.Message, Next: a.Next, Input: a.Input,
			Bucket: a.Bucket, Account: a.Chain.Account, Region: a.Chain.Region, Trail: a.Chain.Trail, Key: a.Key, Status: a.Status, Detail: a.Detail, From: a.From, To: a.To})
	}
	return out, nil
}

func digestCounts(c digest.Counts) api.DigestCounts {
	return api.DigestCounts{Valid: int64(c.Valid), Invalid: int64(c.Invalid)}
}

package digest

import (
	"cmp"
	"strings"
	"time"

	"kiroku/internal/cloudtrail/objectkey"
)

// Chain names the digests of one trail in one region of one account, in one place.
type Chain struct {
	Prefix       string `json:"prefix,omitempty"` // what stands before AWSLogs where the digests lie now
	Organization string `json:"organization,omitempty"`
	Account      string `json:"account"`
	Region       string `json:"region"`
	Trail        string `json:"trail"`
	HomeRegion   string `json:"home_region"`
	Backfill     bool   `json:"backfill,omitempty"` // digests made afterwards have chains of their own
}

func chainOf(k objectkey.Key) Chain {
	return Chain{Prefix: k.Prefix, Organization: k.Org, Account: k.Account, Region: k.Region, Trail: k.Trail, HomeRegion: k.HomeRegion, Backfill: k.Backfill}
}

// Folder is where the digests of the chain lie, beside those of other trails.
func (c Chain) Folder() objectkey.Folder {
	return objectkey.Folder{Prefix: c.Prefix, Org: c.Organization, Account: c.Account, Kind: objectkey.Digest, Region: c.Region}
}

func (c Chain) compare(o Chain) int {
	backfill := 0
	if c.Backfill != o.Backfill {
		backfill = 1
		if o.Backfill {
			backfill = -1
		}
	}
	return cmp.Or(strings.Compare(c.Folder().String(), o.Folder().String()), strings.Compare(c.Trail, o.Trail),
		strings.Compare(c.HomeRegion, o.HomeRegion), backfill)
}

// Status is what was found out about a file.
type Status string

// The statuses of files. All but Valid and Unlisted count as invalid.
const (
	Valid           Status = "valid"
	Moved           Status = "moved"            // a digest: not where it says that it was put
	InvalidFormat   Status = "invalid_format"   // not a file that CloudTrail wrote
	NotFound        Status = "not_found"        // a digest or a log file names it, and it is not there
	KeyNotFound     Status = "key_not_found"    // a digest: its public key is not known
	KeyUnusable     Status = "key_unusable"     // a digest: its public key is none
	SignatureFailed Status = "signature_failed" // a digest: changed, or the signature is missing
	LinkBroken      Status = "link_broken"      // a digest: signed, but not the one that the digest after it names
	HashMismatch    Status = "hash_mismatch"    // a log file: changed
	TrailingData    Status = "trailing_data"    // a log file: something was appended
	Unreadable      Status = "unreadable"       // it is there and cannot be read
	Unlisted        Status = "unlisted"         // a log file that is in no digest: nothing vouches for it
	Unverified      Status = "unverified"       // a digest: nothing speaks against it, but the copy has no signature of it
)

// Text is the status in words: those of the AWS tool where it has them.
func (s Status) Text() string {
	switch s {
	case Moved:
		return "has been moved from its original location"
	case InvalidFormat:
		return "invalid format"
	case NotFound:
		return "not found"
	case KeyNotFound:
		return "public key not found"
	case KeyUnusable:
		return "unable to load PKCS #1 key"
	case SignatureFailed:
		return "signature verification failed"
	case LinkBroken:
		return "is not the digest that the following digest names"
	case HashMismatch:
		return "hash value doesn't match"
	case TrailingData:
		return errTrailing.Error()
	case Unreadable:
		return "cannot be read"
	case Unlisted:
		return "is in no digest"
	case Unverified:
		return "no signature in this copy"
	}
	return string(s)
}

// Next is what a person should do about a file: what could not be verified is not said to be wrong.
func (s Status) Next() string {
	switch s {
	case KeyNotFound, KeyUnusable:
		return "Add the public keys of the trail's home region (aws cloudtrail list-public-keys). If AWS has none of this fingerprint, CloudTrail did not write this digest."
	case Unreadable:
		return "Allow reading it (s3:GetObject, and kms:Decrypt of its key), then verify again."
	}
	return Failed.Next()
}

// File is what was found out about one digest file or log file.
type File struct {
	Chain  Chain
	Digest bool   // false: a log file
	Bucket string // by the words of a digest; "" where no digest could be read
	Object string // key in that bucket
	Key    string // where it was looked for
	Start  time.Time
	End    time.Time // the hour of the digest, zero where it is not known; of an unlisted log file the time in its name
	Status Status
	Detail string // more about the status, or ""
}

// Verdict is what was found out about a period of a chain.
type Verdict string

// The verdicts.
const (
	Proven     Verdict = "valid"      // digests and log files are complete and unaltered
	Failed     Verdict = "invalid"    // a digest or a log file is wrong or missing
	Missing    Verdict = "missing"    // there was a digest, and it is gone
	Unproven   Verdict = "unverified" // the copy has no signature
	Gap        Verdict = "gap"        // CloudTrail wrote no digest, for example because the trail was stopped
	EndedEarly Verdict = "ended"      // no digest up to the end that was asked for: stopped, deleted, or not delivered
)

// Next is what a person should do about a period, or "".
func (v Verdict) Next() string {
	switch v {
	case Failed:
		return "Do not rely on these log files; compare them with another copy, and look for PutObject and DeleteObject on the bucket."
	case Missing:
		return "Digests were deleted or not copied: restore them from a version or another copy of the bucket, then verify again."
	case Unproven:
		return "Copy the metadata too (see the guide, \"Copies\"), or leave the newest hour out with --to."
	case Gap:
		return "Look for StopLogging and DeleteTrail before it; nothing vouches for log files of this period."
	case EndedEarly:
		return "See whether the trail was stopped (GetTrailStatus); if not, digests were deleted or are late."
	}
	return ""
}

// Period is a stretch of time of a chain with one verdict.
type Period struct {
	Chain    Chain
	From, To time.Time // zero From: not known
	Verdict  Verdict
	Starts   bool // a chain begins at From
	Digests  int
	Logs     int
	Invalid  int // of both
}

// Counts of files.
type Counts struct {
	Valid   int `json:"valid"`
	Invalid int `json:"invalid"`
}

func (c *Counts) add(s Status) {
	if s == Valid {
		c.Valid++
	} else {
		c.Invalid++
	}
}

// Totals count what was verified.
type Totals struct {
	Digests    Counts
	Logs       Counts
	Unverified int // digests among the invalid ones whose signature the copy has not
	EmptyHours int // valid digests without log files
	Restarts   int // chains that begin after an older one
	Gaps       int // periods of verdict Gap
	Ended      int // periods of verdict EndedEarly
	Missing    int // periods of verdict Missing
	Bytes      int64
}

func (t *Totals) add(o Totals) {
	t.Digests.Valid += o.Digests.Valid
	t.Digests.Invalid += o.Digests.Invalid
	t.Logs.Valid += o.Logs.Valid
	t.Logs.Invalid += o.Logs.Invalid
	t.Unverified += o.Unverified
	t.EmptyHours += o.EmptyHours
	t.Restarts += o.Restarts
	t.Gaps += o.Gaps
	t.Ended += o.Ended
	t.Missing += o.Missing
	t.Bytes += o.Bytes
}

// OK says whether nothing failed. Gaps and early ends are no failures: CloudTrail makes them when a trail is stopped. Nor are
// log files that are in no digest: a trail without validation makes them.
func (t *Totals) OK() bool { return t.Digests.Invalid == 0 && t.Logs.Invalid == 0 && t.Missing == 0 }

// ChainSummary is what was found out about a chain.
type ChainSummary struct {
	Chain    Chain
	From, To time.Time // what the digests that were found cover; zero: none in the range
	Totals
}

// Summary is what was found out in all.
type Summary struct {
	Chains   int
	From, To time.Time
	Unlisted int    // log files that are in no digest
	Backfill Totals // of backfill chains
	Totals          // of the others
}

// OK says whether nothing failed.
func (s *Summary) OK() bool { return s.Totals.OK() && s.Backfill.OK() }

// Report takes what is found, in the order in which it is found: each chain from its newest hour to its oldest. It is called by
// one goroutine; an error ends the verification.
type Report interface {
	File(File) error
	Period(Period) error
	Chain(ChainSummary) error
}

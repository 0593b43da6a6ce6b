package intake

import "time"

// CloudTrail is what an input that reads CloudTrail's files tells besides.
type CloudTrail struct {
	Account   string `json:"account,omitempty"`   // whose credentials are used
	Principal string `json:"principal,omitempty"` // ARN of the user or role session
	// Trails are those that CloudTrail named, when the input asks it.
	Trails  []Trail      `json:"trails,omitempty"`
	Buckets []Bucket     `json:"buckets,omitempty"` // that the input looks into
	Queue   *Queue       `json:"queue,omitempty"`
	Objects ObjectCounts `json:"objects"`
	// Remembered is how many objects are remembered, of all inputs together, so that none is stored twice.
	Remembered int64 `json:"remembered"`
	// OwnReads counts events that the input caused itself: the trail records reads of its own bucket.
	OwnReads uint64    `json:"own_reads"`
	Problems []Problem `json:"problems,omitempty"` // newest first, at most 20
	// Missing are the permissions for want of which AWS refused, and Policy the least policy that the input needs, as JSON;
	// it is empty while nothing is missing.
	Missing []string `json:"missing,omitempty"`
	Policy  string   `json:"policy,omitempty"`
	// Digests is there for inputs whose digests are verified.
	Digests *Digests `json:"digests,omitempty"`
}

// Digests is how the verification of an input's digests is doing.
type Digests struct {
	State    string    `json:"state"`             // waiting, verifying, verified, none (there are no digests), error, invalid (see Wrong)
	Verified time.Time `json:"verified,omitzero"` // last complete verification since the start
	Unlisted int       `json:"unlisted"`          // log files of the last one that are in no digest
	Wrong    string    `json:"wrong,omitempty"`   // what is wrong with digests or log files
	Error    string    `json:"error,omitempty"`
	Next     string    `json:"next,omitempty"` // what to do
}

// Trail is a trail that was found.
type Trail struct {
	ARN     string `json:"arn"`
	Bucket  string `json:"bucket"`
	Prefix  string `json:"prefix,omitempty"`
	Read    bool   `json:"read"`
	Skipped string `json:"skipped,omitempty"` // why it is not read
	Warning string `json:"warning,omitempty"` // what AWS says is wrong with it
}

// Bucket is a place in a bucket that is looked into.
type Bucket struct {
	Bucket   string    `json:"bucket"`
	Prefix   string    `json:"prefix,omitempty"`
	Accounts int       `json:"accounts"`
	Regions  int       `json:"regions"`
	Folders  int       `json:"folders"`         // of one account, kind and region
	History  int       `json:"history_pending"` // folders whose days before the input's start are not all read yet
	Looked   time.Time `json:"looked,omitzero"` // last time that everything was looked at
}

// Queue is a queue that tells of objects. The counters are messages since the start.
type Queue struct {
	URL      string `json:"url"`
	Received uint64 `json:"received"`
	Deleted  uint64 `json:"deleted"`
	Nothing  uint64 `json:"nothing_to_do"` // test events, objects deleted or tagged
	Parked   uint64 `json:"parked"`        // not understood: stored as an event with the label malformed_frame
	Waiting  uint64 `json:"waiting"`       // given back to come again
	InFlight int    `json:"in_flight"`
}

// ObjectCounts count objects since the start.
type ObjectCounts struct {
	Stored   uint64 `json:"stored"`
	Already  uint64 `json:"already"`  // stored before
	Digests  uint64 `json:"digests"`  // named by a message
	Foreign  uint64 `json:"foreign"`  // named by a message and not CloudTrail's
	Gone     uint64 `json:"gone"`     // deleted before they could be read
	Archived uint64 `json:"archived"` // must be restored before they can be read
	Damaged  uint64 `json:"damaged"`  // what could be read of them is stored
	Failed   uint64 `json:"failed"`   // attempts that failed; they are made again
}

// Problem is something that went wrong.
type Problem struct {
	Time  time.Time `json:"time"`
	Place string    `json:"place"` // s3://bucket/key, the URL of a queue, the ARN of a trail
	Text  string    `json:"text"`
	Next  string    `json:"next,omitempty"` // what to do
	Over  time.Time `json:"over,omitzero"`  // since when the place works again
}

package s3

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kiroku/internal/aws"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cloud is AWS in memory.
type cloud struct {
	mu       sync.Mutex
	buckets  map[string]map[string]stone // by key
	denied   map[string]bool             // "bucket/key" or "list bucket"
	gets     int
	messages []*message
	trails   []aws.Trail
	stopped  map[string]bool // ARNs
	org      string
	refuse   map[string]error // by call
	asked    []string         // calls of Status
}

// stone is an object.
type stone struct {
	body     []byte
	modified time.Time
	archived bool
}

func (s stone) etag() string {
	h := fnv.New64a()
	h.Write(s.body)
	return fmt.Sprintf("%x", h.Sum64())
}

// message is one of the queue.
type message struct {
	body     string
	received int
	visible  time.Time
	deleted  bool
	kept     int // how often it was kept hidden
}

func newCloud() *cloud {
	return &cloud{buckets: map[string]map[string]stone{}, denied: map[string]bool{}, stopped: map[string]bool{}, refuse: map[string]error{}}
}

func (c *cloud) put(bucket, key string, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.buckets[bucket] == nil {
		c.buckets[bucket] = map[string]stone{}
	}
	c.buckets[bucket][key] = stone{body: body, modified: time.Now()}
}

func (c *cloud) send(bodies ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range bodies {
		c.messages = append(c.messages, &message{body: b})
	}
}

func (c *cloud) Scope() string     { return "aws" }
func (c *cloud) Partition() string { return "aws" }

func (c *cloud) List(_ context.Context, bucket, prefix, delimiter, next string) (aws.Listing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.denied["list "+bucket] {
		return aws.Listing{}, fault.New(fault.Denied, errors.New("AccessDenied"), "")
	}
	var l aws.Listing
	var keys []string
	for k := range c.buckets[bucket] {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	for _, k := range keys {
		if delimiter != "" {
			if i := strings.Index(k[len(prefix):], delimiter); i >= 0 {
				if p := k[:len(prefix)+i+1]; !slices.Contains(l.Prefixes, p) {
					l.Prefixes = append(l.Prefixes, p)
				}
				continue
			}
		}
		if k <= next {
			continue
		}
		if len(l.Objects) == 3 { // pages are small
			l.Next = l.Objects[2].Key
			break
		}
		o := c.buckets[bucket][k]
		l.Objects = append(l.Objects, aws.ObjectInfo{Key: k, ETag: o.etag(), Size: int64(len(o.body)), Modified: o.modified, Archived: o.archived})
	}
	return l, nil
}

func (c *cloud) Get(_ context.Context, bucket, key string) (*aws.Object, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gets++
	o, ok := c.buckets[bucket][key]
	switch {
	case c.denied[bucket+"/"+key]:
		return nil, fault.New(fault.Denied, errors.New("AccessDenied"), "")
	case !ok:
		return nil, fault.New(fault.NotFound, errors.New("NoSuchKey"), "")
	}
	return &aws.Object{ObjectInfo: aws.ObjectInfo{Key: key, ETag: o.etag(), Size: int64(len(o.body)), Modified: o.modified}, Body: io.NopCloser(bytes.NewReader(o.body))}, nil
}

func (c *cloud) Receive(ctx context.Context, _ string, _, hidden time.Duration) ([]aws.Message, error) {
	var out []aws.Message
	c.mu.Lock()
	err := c.refuse["receive"]
	for i, m := range c.messages {
		if !m.deleted && !m.visible.After(time.Now()) && len(out) < aws.MaxMessages && err == nil {
			m.received++
			m.visible = time.Now().Add(hidden)
			out = append(out, aws.Message{ID: fmt.Sprint(i), Receipt: fmt.Sprint(i), Body: m.body, Received: m.received})
		}
	}
	c.mu.Unlock()
	if len(out) == 0 && err == nil {
		return nil, sleep(ctx, 5*time.Millisecond)
	}
	return out, err
}

func (c *cloud) each(receipts []string, f func(*message)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range receipts {
		var n int
		if _, err := fmt.Sscan(r, &n); err == nil {
			f(c.messages[n])
		}
	}
}

// Extend gives messages back at once: tests do not wait.
func (c *cloud) Extend(_ context.Context, _ string, receipts []string, hidden time.Duration) error {
	c.each(receipts, func(m *message) {
		if hidden == time.Minute { // the visibility of tests: it is being worked on
			m.kept++
			m.visible = time.Now().Add(hidden)
			return
		}
		m.visible = time.Now().Add(10 * time.Millisecond)
	})
	return nil
}

func (c *cloud) Delete(_ context.Context, _ string, receipts []string) error {
	c.each(receipts, func(m *message) { m.deleted = true })
	return nil
}

func (c *cloud) left() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.messages {
		if !m.deleted {
			n++
		}
	}
	return n
}

func (c *cloud) Identity(context.Context) (aws.Identity, error) {
	if err := c.refuse["identity"]; err != nil {
		return aws.Identity{}, err
	}
	return aws.Identity{Account: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/kiroku/session"}, nil
}

func (c *cloud) Trails(context.Context) ([]aws.Trail, error) {
	return c.trails, c.refuse["trails"]
}

func (c *cloud) Status(_ context.Context, t aws.Trail) (aws.TrailStatus, error) {
	c.asked = append(c.asked, t.HomeRegion+" "+t.ARN)
	return aws.TrailStatus{Logging: !c.stopped[t.ARN]}, c.refuse["status"]
}

func (c *cloud) Organization(context.Context) (string, error) { return c.org, c.refuse["organization"] }

// lake stores what it accepts with its checkpoint, as the real one does.
type lake struct {
	db       *meta.DB
	progress *Progress

	mu      sync.Mutex
	records []string
	labels  []string // of malformed records
	batches int
	fail    func(b event.Batch) error // nil: never
}

func newLake(t testing.TB) *lake {
	db, err := meta.Open(t.Context(), filepath.Join(t.TempDir(), "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &lake{db: db, progress: NewProgress(db)}
}

func (l *lake) Accept(ctx context.Context, b event.Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b.Release != nil {
		defer b.Release()
	}
	if l.fail != nil {
		if err := l.fail(b); err != nil {
			return err
		}
	}
	if b.Checkpoint != nil {
		if err := l.db.Write(ctx, func(tx *sql.Tx) error { return meta.StoreObjectPart(ctx, tx, b.Checkpoint.Object) }); err != nil {
			return err
		}
	}
	l.batches++
	for _, r := range b.Records {
		if r.Malformed {
			l.labels = append(l.labels, string(r.Data))
			continue
		}
		l.records = append(l.records, string(r.Data))
	}
	return nil
}

// texts are the records that are stored, sorted.
func (l *lake) texts() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := slices.Clone(l.records)
	slices.Sort(out)
	return out
}

func (l *lake) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.records)
}

// file is a Records file with n records that name it.
func file(name string, n int) []byte {
	var recs []string
	for i := range n {
		recs = append(recs, fmt.Sprintf(`{"eventID":"%s-%d"}`, name, i))
	}
	return zipped(`{"Records":[` + strings.Join(recs, ",") + `]}`)
}

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.Bytes()
}

// keyOf is the key of a log file.
func keyOf(prefix, account, region string, at time.Time, unique string) string {
	return fmt.Sprintf("%sAWSLogs/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz", prefix, account, region, at.Format("2006/01/02"), account, region, at.Format("20060102T1504Z"), unique)
}

const account = "111122223333"

// start runs an input until the test ends, or stop is called.
func start(t *testing.T, c *cloud, l *lake, cfg Config) (in *Input, stop func()) {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "trail"
	}
	cfg.Origin = &event.Origin{Input: cfg.Name, Source: event.CloudTrail}
	cfg.Visibility = time.Minute
	if cfg.PollInterval == 0 {
		cfg.PollInterval = 10 * time.Millisecond
	}
	in = New(cfg, Cloud{c, c, c}, l.progress, l, discard())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return in, stop
}

// until waits for something to become true.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !f(); {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

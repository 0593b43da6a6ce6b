package awsapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"kiroku/internal/awsapi"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/identity"
	"kiroku/internal/meta"
)

// fakeLake keeps stores and records in memory.
type fakeLake struct {
	mu      sync.Mutex
	stores  map[string]time.Duration
	about   map[string]string
	records []event.Record
	uids    []event.AuditUID
	// checkpoints are the positions of keys.
	checkpoints map[string]int64
	fail        error
	// failAfter, when not 0, is how many records are taken before the lake is busy.
	failAfter int
	db        *meta.DB
}

func (f *fakeLake) CreateStore(_ context.Context, name string, d time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.stores[name]; ok {
		return fault.New(fault.Conflict, errors.New("there is one"), "")
	}
	if f.fail != nil {
		return f.fail
	}
	f.stores[name] = d
	return nil
}

func (f *fakeLake) SetRetention(_ context.Context, name string, d time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stores[name] = d
	return nil
}

func (f *fakeLake) Describe(_ context.Context, name, text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.about[name] = text
	return nil
}

func (f *fakeLake) DeleteStore(_ context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.stores[name]; !ok {
		return fault.New(fault.NotFound, errors.New("there is none"), "")
	}
	delete(f.stores, name)
	return nil
}

func (f *fakeLake) Checkpoint(_ context.Context, key string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.checkpoints[key], nil
}

func (f *fakeLake) Ingest(ctx context.Context, b event.Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	if f.failAfter > 0 && len(f.records) >= f.failAfter {
		return fault.New(fault.Busy, errors.New("no space"), "")
	}
	f.records = append(f.records, b.Records...)
	if b.Checkpoint != nil && b.Checkpoint.Object != nil {
		return f.db.Write(ctx, func(tx *sql.Tx) error { return meta.StoreObjectPart(ctx, tx, b.Checkpoint.Object) })
	}
	if b.Checkpoint != nil && b.Checkpoint.Key != "" {
		f.checkpoints[b.Checkpoint.Key] = b.Checkpoint.Position
		return nil
	}
	if b.Checkpoint != nil {
		f.uids = append(f.uids, b.Checkpoint.AuditUIDs...)
		return storeUIDs(ctx, f.db, b.Checkpoint.AuditUIDs)
	}
	return nil
}

// take returns the records that came, and forgets them.
func (f *fakeLake) take() []event.Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.records
	f.records = nil
	return r
}

var discard = slog.New(slog.DiscardHandler)

// world is a service with one access key in each of two accounts.
type world struct {
	testing.TB
	s        *awsapi.Service
	lake     *fakeLake
	db       *meta.DB
	server   *httptest.Server
	keys     *identity.AccessKeys
	owner    aws.Credentials
	stranger aws.Credentials
}

const (
	owner    = "111122223333"
	stranger = "444455556666"
	region   = "us-east-1"
)

func newWorld(t testing.TB, change func(*awsapi.Options)) *world {
	t.Helper()
	db, err := meta.Open(t.Context(), filepath.Join(t.TempDir(), "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{TB: t, db: db, lake: &fakeLake{stores: map[string]time.Duration{}, about: map[string]string{}, checkpoints: map[string]int64{}, db: db},
		keys: identity.NewAccessKeys(db, filepath.Join(t.TempDir(), "secrets.key"))}
	w.owner, w.stranger = w.newKey(owner, "alice"), w.newKey(stranger, "bob")
	opt := awsapi.Options{DB: db, Lake: w.lake, Ingest: w.lake, Keys: w.keys, Log: discard}
	if change != nil {
		change(&opt)
	}
	w.s = awsapi.New(opt)
	w.server = httptest.NewServer(w.s)
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) newKey(account, name string) aws.Credentials {
	w.Helper()
	k, secret, err := w.keys.Create(w.Context(), account, name)
	if err != nil {
		w.Fatal(err)
	}
	return aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: secret}
}

// signed makes a request with a right signature.
func (w *world) signed(creds aws.Credentials, service, where, path string, body []byte, header ...string) *http.Request {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.server.URL+path, bytes.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(w.Context(), creds, r, hex.EncodeToString(sum[:]), service, where, time.Now()); err != nil {
		w.Fatal(err)
	}
	return r
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	code   string // __type
}

func (w *world) send(r *http.Request) answer {
	w.Helper()
	resp, err := w.server.Client().Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	a := answer{resp.StatusCode, resp.Header, string(b), ""}
	if resp.StatusCode != http.StatusOK {
		var e struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal(b, &e); err != nil || e.Message == "" || e.Type != resp.Header.Get("X-Amzn-Errortype") {
			w.Errorf("error %s with header %v: %v", b, resp.Header, err)
		}
		a.code = e.Type
	}
	if len(resp.Header.Get("X-Amzn-Requestid")) != 36 || resp.Header.Get("Date") == "" {
		w.Errorf("answer without request id or date: %v", resp.Header)
	}
	return a
}

// op calls an operation with JSON as the owner; "@bob" before the name calls it as the stranger.
func (w *world) op(name, input string) answer {
	w.Helper()
	creds := w.owner
	if rest, ok := strings.CutPrefix(name, "@bob "); ok {
		creds, name = w.stranger, rest
	}
	return w.send(w.signed(creds, "cloudtrail", region, "/", []byte(input), "X-Amz-Target", "CloudTrail_20131101."+name, "Content-Type", "application/x-amz-json-1.1"))
}

// must calls an operation that has to succeed, and returns a member of its output.
func (w *world) must(name, input, member string) string {
	w.Helper()
	a := w.op(name, input)
	if a.status != http.StatusOK {
		w.Fatalf("%s %s: %d %s", name, input, a.status, a.body)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		w.Fatalf("%s: %v in %s", name, err, a.body)
	}
	s, _ := out[member].(string)
	return s
}

// refuses calls an operation that has to fail with a code.
func (w *world) refuses(name, input, code string) {
	w.Helper()
	if a := w.op(name, input); a.code != code || a.status != http.StatusBadRequest {
		w.Errorf("%s %.300s: %d %s, want %s", name, input, a.status, a.body, code)
	}
}

const activity = `[{"Name":"integrations","FieldSelectors":[{"Field":"eventCategory","Equals":["ActivityAuditLog"]}]}]`

// newStore makes a store for audit events that may be deleted, and returns its ARN.
func (w *world) newStore(name string) string {
	w.Helper()
	return w.must("CreateEventDataStore", `{"Name":"`+name+`","MultiRegionEnabled":false,"TerminationProtectionEnabled":false,"AdvancedEventSelectors":`+activity+`}`, "EventDataStoreArn")
}

func (w *world) newChannel(name, source string, stores ...string) string {
	w.Helper()
	var d []string
	for _, s := range stores {
		d = append(d, `{"Type":"EVENT_DATA_STORE","Location":"`+s+`"}`)
	}
	return w.must("CreateChannel", `{"Name":"`+name+`","Source":"`+source+`","Destinations":[`+strings.Join(d, ",")+`]}`, "ChannelArn")
}

// put sends audit events as somebody.
func (w *world) put(creds aws.Credentials, channel, externalID, body string) answer {
	w.Helper()
	q := "?channelArn=" + url.QueryEscape(channel)
	if externalID != "" {
		q += "&externalId=" + url.QueryEscape(externalID)
	}
	return w.send(w.signed(creds, "cloudtrail-data", region, "/PutAuditEvents"+q, []byte(body), "Content-Type", "application/json"))
}

func arnID(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// storeUIDs does what the lake does in the transaction of a commit.
func storeUIDs(ctx context.Context, db *meta.DB, uids []event.AuditUID) error {
	return db.Write(ctx, func(tx *sql.Tx) error { return meta.StoreAuditUIDs(ctx, tx, uids, time.Now()) })
}

// newWorldB is a service with one store for management events.
func newWorldB(t testing.TB) *awsapi.Service {
	t.Helper()
	db, err := meta.Open(context.Background(), filepath.Join(t.TempDir(), "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	lake := &fakeLake{stores: map[string]time.Duration{}, about: map[string]string{}, checkpoints: map[string]int64{}, db: db}
	s := awsapi.New(awsapi.Options{DB: db, Lake: lake, Ingest: lake, Keys: identity.NewAccessKeys(db, filepath.Join(t.TempDir(), "k")), Log: slog.New(slog.DiscardHandler)})
	if _, err := s.CreateEventDataStore(context.Background(), awsapi.Caller{Account: owner, Region: region}, &awsapi.CreateEventDataStoreInput{Name: "management"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// member is a text of an answer's output.
func member(t testing.TB, a answer, name string) string {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	s, _ := out[name].(string)
	return s
}

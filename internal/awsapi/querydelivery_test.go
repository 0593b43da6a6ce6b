package awsapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/awsapi"
	"kiroku/internal/fault"
)

// resultBucket takes delivered results.
type resultBucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	fail    map[string]error // by the end of the key
	wait    chan struct{}    // when not nil, Put waits for it or the end of its context
}

func (b *resultBucket) Put(ctx context.Context, bucket, key string, body io.ReadSeeker) error {
	if b.wait != nil {
		select {
		case <-b.wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for end, err := range b.fail {
		if strings.HasSuffix(key, end) {
			return err
		}
	}
	data, err := io.ReadAll(body)
	b.objects[bucket+"/"+key] = data
	return err
}

func newDeliveryWorld(t *testing.T) (*queryWorld, *resultBucket) {
	b := &resultBucket{objects: map[string][]byte{}, fail: map[string]error{}}
	limits := awsapi.DefaultLimits()
	limits.PartBytes = 2000
	q := newQueryWorld(t, func(o *awsapi.Options) { o.Limits, o.DeliveryBuckets = limits, []string{"results"} })
	q.sql.Deliver = func(_ context.Context, region string) (awsapi.Uploader, error) {
		if region != "us-east-1" {
			t.Errorf("delivery in region %q", region)
		}
		return b, nil
	}
	q.sql.Key = awsapi.NewSigningKey(filepath.Join(t.TempDir(), "signing.pem"))
	return q, b
}

func (q *queryWorld) startDelivered(statement, uri string) string {
	q.Helper()
	return q.must("StartQuery", strings.TrimSuffix(q.statement(statement), "}")+`,"DeliveryS3Uri":"`+uri+`"}`, "QueryId")
}

// The files hold what the API returns, and their signature is right by the key of ListPublicKeys.
func TestQueryDelivery(t *testing.T) {
	q, b := newDeliveryWorld(t)
	q.run()
	q.refuses("StartQuery", strings.TrimSuffix(q.statement("SELECT eventName FROM trail"), "}")+`,"DeliveryS3Uri":"s3://elsewhere/"}`, "InvalidS3BucketNameException")
	id := q.startDelivered(`SELECT eventName, eventTime, errorCode, requestParameters, 'a "b", c' AS "te,xt" FROM trail ORDER BY eventTime, eventID`, "s3://results/lake/")
	if d := q.ended(id); d.QueryStatus != "FINISHED" || d.DeliveryStatus != "SUCCESS" || d.DeliveryS3Uri != "s3://results/lake/" {
		t.Fatalf("DescribeQuery: %+v", d)
	}
	folder := "results/lake/AWSLogs/" + owner + "/CloudTrail-Lake/Query/" + time.Now().UTC().Format("2006/01/02") + "/" + id + "/"
	var sign struct {
		Version, Region, HashAlgorithm, SignatureAlgorithm, QueryCompleteTime, HashSignature, PublicKeyFingerprint string
		Files                                                                                                      []struct{ FileHashValue, FileName string }
	}
	if err := json.Unmarshal(b.objects[folder+"result_sign.json"], &sign); err != nil {
		t.Fatalf("sign file: %v; objects %d", err, len(b.objects))
	}
	if len(sign.Files) < 2 || len(b.objects) != len(sign.Files)+1 || sign.Version != "1.0" || sign.Region != region || sign.HashAlgorithm != "SHA-256" || sign.SignatureAlgorithm != "SHA256withRSA" {
		t.Fatalf("sign file %+v of %d objects", sign, len(b.objects))
	}
	var rows [][]string
	var hashes []string
	for i, f := range sign.Files {
		part := b.objects[folder+f.FileName]
		sum := sha256.Sum256(part)
		if f.FileName != fmt.Sprintf("result_%d.csv.gz", i+1) || hex.EncodeToString(sum[:]) != f.FileHashValue {
			t.Errorf("file %+v", f)
		}
		hashes = append(hashes, f.FileHashValue)
		z, err := gzip.NewReader(bytes.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(z).ReadAll()
		if err != nil || strings.Join(all[0], "|") != "eventName|eventTime|errorCode|requestParameters|te,xt" {
			t.Fatalf("part %d: %v, header %q", i, err, all[0])
		}
		rows = append(rows, all[1:]...)
	}
	want := q.page(id, "", 1000).QueryResultRows
	if len(rows) != len(want) || len(rows) == 0 {
		t.Fatalf("%d rows in files, %d of the API", len(rows), len(want))
	}
	for i, row := range want {
		for j, pair := range row {
			for _, v := range pair {
				if rows[i][j] != v {
					t.Errorf("row %d, column %d: %q in the file, %q of the API", i, j, rows[i][j], v)
				}
			}
		}
	}
	q.verify(strings.Join(hashes, " "), sign.HashSignature, sign.PublicKeyFingerprint)
	complete, err := time.Parse(time.RFC3339, sign.QueryCompleteTime)
	if err != nil {
		t.Fatal(err)
	}
	at := strconv.FormatInt(complete.Unix(), 10)
	if keys := q.op("ListPublicKeys", `{"StartTime":`+at+`,"EndTime":`+at+`}`).body; !strings.Contains(keys, sign.PublicKeyFingerprint) {
		t.Errorf("the key was not valid when the query was complete, at %s: %s", complete, keys)
	}
}

// verify checks a signature with the key of ListPublicKeys.
func (q *queryWorld) verify(text, signature, fingerprint string) {
	q.Helper()
	var keys struct {
		PublicKeyList []struct {
			Value                              []byte
			Fingerprint                        string
			ValidityStartTime, ValidityEndTime float64
		}
	}
	q.read("ListPublicKeys", `{}`, &keys)
	if len(keys.PublicKeyList) != 1 || keys.PublicKeyList[0].Fingerprint != fingerprint || keys.PublicKeyList[0].ValidityEndTime < float64(time.Now().Unix()) {
		q.Fatalf("keys %+v, want %s", keys, fingerprint)
	}
	key, err := x509.ParsePKCS1PublicKey(keys.PublicKeyList[0].Value)
	if err != nil {
		q.Fatal(err)
	}
	raw, err := hex.DecodeString(signature)
	if err != nil {
		q.Fatal(err)
	}
	sum := sha256.Sum256([]byte(text))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw); err != nil {
		q.Error(err)
	}
}

func TestQueryDeliveryFails(t *testing.T) {
	q, b := newDeliveryWorld(t)
	q.run()
	denied, invalid := fault.New(fault.Denied, errors.New("s3:PutObject"), ""), fault.New(fault.Invalid, errors.New("NoSuchBucket"), "")
	for want, fail := range map[string]map[string]error{
		"ACCESS_DENIED":              {"1.csv.gz": denied},
		"RESOURCE_NOT_FOUND":         {"1.csv.gz": invalid},
		"FAILED":                     {"1.csv.gz": errors.New("reset")},
		"ACCESS_DENIED_SIGNING_FILE": {"sign.json": denied},
		"FAILED_SIGNING_FILE":        {"sign.json": errors.New("reset")},
	} {
		b.mu.Lock()
		b.fail = fail
		b.mu.Unlock()
		if d := q.ended(q.startDelivered("SELECT eventName FROM trail LIMIT 1", "s3://results")); d.QueryStatus != "FINISHED" || d.DeliveryStatus != want {
			t.Errorf("want %s: %+v", want, d)
		}
	}
	if d := q.ended(q.startDelivered("SELECT CAST(eventName AS bigint) FROM trail", "s3://results")); d.QueryStatus != "FAILED" || d.DeliveryStatus != "CANCELLED" {
		t.Errorf("a query that fails: %+v", d)
	}
	if left, _ := filepath.Glob(filepath.Join(q.sql.Dir, "*.csv.gz")); len(left) != 0 {
		t.Errorf("files that stayed: %q", left)
	}
}

// What a process did not deliver is delivered by the next one.
func TestQueryDeliveryRestart(t *testing.T) {
	q, b := newDeliveryWorld(t)
	b.wait = make(chan struct{})
	q.run()
	id := q.startDelivered("SELECT eventName FROM trail WHERE eventTime > '2999-01-01'", "s3://results")
	for q.describe(id).QueryStatus != "FINISHED" {
		time.Sleep(time.Millisecond)
	}
	q.stop()
	if d := q.describe(id); d.DeliveryStatus != "PENDING" {
		t.Errorf("stopped while it was delivered: %+v", d)
	}
	close(b.wait)
	q.again()
	if d := q.ended(id); d.DeliveryStatus != "SUCCESS" || len(b.objects) != 2 {
		t.Errorf("after a restart: %+v, %d objects", d, len(b.objects))
	}
	for key, data := range b.objects {
		if !strings.HasPrefix(key, "results/AWSLogs/") || len(data) == 0 {
			t.Errorf("object %q of %d bytes", key, len(data))
		}
	}
}

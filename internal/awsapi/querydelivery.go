package awsapi

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/logkey"
	"kiroku/internal/meta"
)

// Uploader puts objects into buckets. *aws.Client satisfies it.
type Uploader interface {
	// Put is fault.Denied when it may not, fault.Invalid when there is no such bucket.
	Put(ctx context.Context, bucket, key string, body io.ReadSeeker) error
}

// How the delivery of a result stands.
const (
	deliveryPending    = "PENDING"
	deliverySuccess    = "SUCCESS"
	deliveryFailed     = "FAILED"
	deliveryNoBucket   = "RESOURCE_NOT_FOUND"
	deliveryDenied     = "ACCESS_DENIED"
	deliveryCancelled  = "CANCELLED"
	signFileFailed     = "FAILED_SIGNING_FILE"
	signFileDenied     = "ACCESS_DENIED_SIGNING_FILE"
	deliveryTakes      = 30 * time.Minute // at most
	signFileName       = "result_sign.json"
	signatureAlgorithm = "SHA256withRSA"
)

var (
	deliveryBucketForm = regexp.MustCompile(`^[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9]$`)
	deliveryPrefixForm = regexp.MustCompile(`^[\x20-\x7e]*$`)
)

const maxDelivery = 1024

// checkDelivery checks where a result is to be put: s3://BUCKET or s3://BUCKET/PREFIX.
func (s *Service) checkDelivery(uri string) error {
	if uri == "" {
		return nil
	}
	rest, ok := strings.CutPrefix(uri, "s3://")
	if !ok || len(uri) > maxDelivery {
		return invalid("DeliveryS3Uri must be s3://BUCKET/PREFIX of up to %d characters, not %.100q.", maxDelivery, uri)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	if !deliveryBucketForm.MatchString(bucket) {
		return refuse("InvalidS3BucketNameException", "%.100q is not the name of a bucket.", bucket)
	}
	if !deliveryPrefixForm.MatchString(prefix) {
		return refuse("InvalidS3PrefixException", "The prefix %.100q has characters that are not possible.", prefix)
	}
	if !allowed(s.opt.DeliveryBuckets, bucket) {
		return refuse("InvalidS3BucketNameException", "The bucket %q is not one that results may go to: name it in aws_api.delivery_buckets of the configuration.", bucket)
	}
	if s.opt.SQL.Deliver == nil {
		return refuse(codeUnsupported, "Results cannot be delivered to buckets here.")
	}
	return nil
}

// signFile is the file beside the parts of a result that proves them.
type signFile struct {
	Version              string     `json:"version"`
	Region               string     `json:"region"`
	Files                []signPart `json:"files"`
	HashAlgorithm        string     `json:"hashAlgorithm"`
	SignatureAlgorithm   string     `json:"signatureAlgorithm"`
	QueryCompleteTime    string     `json:"queryCompleteTime"`
	HashSignature        string     `json:"hashSignature"` // over the hashes of the files, joined by a space each
	PublicKeyFingerprint string     `json:"publicKeyFingerprint"`
}

type signPart struct {
	FileHashValue string `json:"fileHashValue"` // SHA-256 of the compressed file, hexadecimal
	FileName      string `json:"fileName"`
}

// deliver puts a result into its bucket, and notes how that went.
func (s *Service) deliver(ctx context.Context, row meta.LakeQuery) error {
	limited, cancel := context.WithTimeout(ctx, deliveryTakes)
	defer cancel()
	d := &delivery{Context: limited, s: s, row: row}
	row.Delivered = deliverySuccess
	err := d.parts()
	if err != nil {
		row.Delivered = deliveryState(err, deliveryFailed, deliveryDenied)
	} else if err = d.sign(); err != nil {
		row.Delivered = deliveryState(err, signFileFailed, signFileDenied)
	}
	if ctx.Err() != nil {
		return nil // the next start delivers it
	}
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "result of a query not delivered", slog.String(logkey.Job, row.ID), slog.String(logkey.Path, row.Delivery), slog.Any(logkey.Err, err))
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error { return meta.EndLakeQuery(ctx, tx, row) })
}

func deliveryState(err error, failed, denied string) string {
	switch fault.KindOf(err) {
	case fault.Denied, fault.NoToken:
		return denied
	case fault.Invalid, fault.NotFound:
		return deliveryNoBucket
	}
	return failed
}

// delivery is one result on its way into a bucket.
type delivery struct {
	context.Context //nolint:containedctx // a delivery is one call
	s               *Service
	row             meta.LakeQuery
	to              Uploader
	done            []signPart
}

// put stores a file of the result.
func (d *delivery) put(name string, body io.ReadSeeker) error {
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(d.row.Delivery, "s3://"), "/")
	key := path.Join("AWSLogs", d.row.Account, "CloudTrail-Lake", "Query", d.row.Ended.UTC().Format("2006/01/02"), d.row.ID, name)
	if prefix = strings.TrimSuffix(prefix, "/"); prefix != "" {
		key = prefix + "/" + key
	}
	return d.to.Put(d, bucket, key, body)
}

// parts delivers the rows as CSV files. A result without rows is one file with the names of the columns.
func (d *delivery) parts() (err error) {
	if d.to, err = d.s.opt.SQL.Deliver(d, d.row.Region); err != nil {
		return err
	}
	f, err := os.Open(d.s.opt.SQL.rowsPath(d.row.ID))
	if err != nil {
		return fmt.Errorf("read query result: %w", err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, rowsBuffer)
	for more := true; more; {
		if more, err = d.part(in); err != nil {
			return err
		}
	}
	return nil
}

// part delivers the next rows, as many as go into one file, and says whether there are more.
func (d *delivery) part(in *bufio.Reader) (more bool, err error) {
	file, err := os.CreateTemp(d.s.opt.SQL.Dir, d.row.ID+"-*.csv.gz") // what a crash leaves is removed at the next start
	if err != nil {
		return false, fmt.Errorf("write part of query result: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	hash := sha256.New()
	z := gzip.NewWriter(io.MultiWriter(file, hash))
	if more, err = d.rows(z, in); err != nil {
		return false, err
	}
	if err := z.Close(); err != nil {
		return false, fmt.Errorf("write part of query result: %w", err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return false, fmt.Errorf("read part of query result: %w", err)
	}
	name := fmt.Sprintf("result_%d.csv.gz", len(d.done)+1)
	d.done = append(d.done, signPart{hex.EncodeToString(hash.Sum(nil)), name})
	return more, d.put(name, file)
}

// rows writes the header and the next rows as CSV (RFC 4180), every value in quotes, so that an empty one is seen.
func (d *delivery) rows(out io.Writer, in *bufio.Reader) (more bool, err error) {
	line := appendCSV(nil, d.row.Columns)
	for size := int64(-len(line)); ; { // of the rows
		if _, err := out.Write(line); err != nil {
			return false, fmt.Errorf("write part of query result: %w", err)
		}
		if size += int64(len(line)); size > 0 && size >= d.s.limits.PartBytes {
			_, err := in.Peek(1)
			return err == nil, nil
		}
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(text) == 0 {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("read query result: %w", err)
		}
		var pairs []map[string]string
		if err := json.Unmarshal(text, &pairs); err != nil {
			return false, fmt.Errorf("read query result: %w", err)
		}
		cells := make([]string, len(pairs))
		for i, p := range pairs {
			for _, cell := range p {
				cells[i] = cell
			}
		}
		line = appendCSV(line[:0], cells)
	}
}

func appendCSV(b []byte, cells []string) []byte {
	for i, c := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, strings.ReplaceAll(c, `"`, `""`)...)
		b = append(b, '"')
	}
	return append(b, '\n')
}

// sign delivers the file that proves the parts.
func (d *delivery) sign() error {
	hashes := make([]string, len(d.done))
	for i, p := range d.done {
		hashes[i] = p.FileHashValue
	}
	signature, fingerprint, err := d.s.opt.SQL.Key.sign(strings.Join(hashes, " "))
	if err != nil {
		return err
	}
	text, err := json.Marshal(signFile{Version: "1.0", Region: d.row.Region, Files: d.done, HashAlgorithm: "SHA-256", SignatureAlgorithm: signatureAlgorithm,
		QueryCompleteTime: d.row.Ended.UTC().Format(time.RFC3339), HashSignature: signature, PublicKeyFingerprint: fingerprint})
	if err != nil {
		return fmt.Errorf("write sign file: %w", err)
	}
	return d.put(signFileName, bytes.NewReader(text))
}

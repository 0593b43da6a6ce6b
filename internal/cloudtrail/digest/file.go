package digest

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Digest is the content of a digest file, as far as it takes part in the proof.
type Digest struct {
	Account     string
	Bucket      string // where the digest was put, by its own words
	Object      string
	Start, End  time.Time // the hour
	EndText     string    // digestEndTime as it stands: it is signed in this form
	Fingerprint string    // of the public key
	Previous    *Link     // nil: the first digest of a chain
	Logs        []LogFile
}

// Link is what a digest says about the digest before it.
type Link struct {
	Bucket    string
	Object    string
	Hash      string // lower-case hex SHA-256 of the uncompressed file
	Signature string // hex
}

// LogFile is a log file that a digest lists.
type LogFile struct {
	Bucket string
	Object string
	Hash   string // lower-case hex SHA-256 of the uncompressed file
}

// The only algorithms there are.
const (
	hashAlgorithm      = "SHA-256"
	signatureAlgorithm = "SHA256withRSA"
)

// fields is the JSON of a digest file. Pointers tell what is missing or null.
type fields struct {
	Account           *string `json:"awsAccountId"`
	Start             *string `json:"digestStartTime"`
	End               *string `json:"digestEndTime"`
	Bucket            *string `json:"digestS3Bucket"`
	Object            *string `json:"digestS3Object"`
	Fingerprint       *string `json:"digestPublicKeyFingerprint"`
	Algorithm         *string `json:"digestSignatureAlgorithm"`
	PreviousBucket    *string `json:"previousDigestS3Bucket"`
	PreviousObject    *string `json:"previousDigestS3Object"`
	PreviousHash      *string `json:"previousDigestHashValue"`
	PreviousAlgorithm *string `json:"previousDigestHashAlgorithm"`
	PreviousSignature *string `json:"previousDigestSignature"`
	Logs              *[]struct {
		Bucket    string `json:"s3Bucket"`
		Object    string `json:"s3Object"`
		Hash      string `json:"hashValue"`
		Algorithm string `json:"hashAlgorithm"`
	} `json:"logFiles"`
}

// Parse reads an uncompressed digest file. Its shape: User Guide, "CloudTrail digest file structure". Members that take no
// part in the proof are not looked at.
func Parse(raw []byte) (*Digest, error) {
	var f fields
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("read digest: %w", err)
	}
	for _, member := range []struct {
		name  string
		value *string
	}{
		{"awsAccountId", f.Account}, {"digestStartTime", f.Start}, {"digestEndTime", f.End}, {"digestS3Bucket", f.Bucket},
		{"digestS3Object", f.Object}, {"digestPublicKeyFingerprint", f.Fingerprint}, {"digestSignatureAlgorithm", f.Algorithm},
	} {
		if member.value == nil || *member.value == "" {
			return nil, fmt.Errorf("read digest: %s is missing", member.name)
		}
	}
	if *f.Algorithm != signatureAlgorithm {
		return nil, fmt.Errorf("read digest: digestSignatureAlgorithm %q is not known", *f.Algorithm)
	}
	d := &Digest{Account: *f.Account, Bucket: *f.Bucket, Object: *f.Object, EndText: *f.End, Fingerprint: *f.Fingerprint}
	var err error
	if d.Start, err = time.Parse(time.RFC3339, *f.Start); err != nil {
		return nil, fmt.Errorf("read digest: digestStartTime: %w", err)
	}
	if d.End, err = time.Parse(time.RFC3339, *f.End); err != nil {
		return nil, fmt.Errorf("read digest: digestEndTime: %w", err)
	}
	if d.End.Before(d.Start) {
		return nil, fmt.Errorf("read digest: it ends at %s, before it starts", *f.End)
	}
	d.Start, d.End = d.Start.UTC(), d.End.UTC()
	if d.Previous, err = f.previous(); err != nil {
		return nil, fmt.Errorf("read digest: %w", err)
	}
	if d.Logs, err = f.logs(); err != nil {
		return nil, fmt.Errorf("read digest: %w", err)
	}
	return d, nil
}

// previous is the link: whole, or nil where all of it is null.
func (f *fields) previous() (*Link, error) {
	if f.PreviousBucket == nil && f.PreviousObject == nil && f.PreviousHash == nil && f.PreviousSignature == nil {
		return nil, nil
	}
	if f.PreviousBucket == nil || f.PreviousObject == nil || f.PreviousHash == nil || f.PreviousSignature == nil {
		return nil, errors.New("only a part of previousDigestS3Bucket, …S3Object, …HashValue and …Signature is there")
	}
	if f.PreviousAlgorithm == nil || *f.PreviousAlgorithm != hashAlgorithm {
		return nil, errors.New("previousDigestHashAlgorithm is not " + hashAlgorithm)
	}
	hash, err := parseHash(*f.PreviousHash)
	if err != nil {
		return nil, fmt.Errorf("previousDigestHashValue: %w", err)
	}
	return &Link{Bucket: *f.PreviousBucket, Object: *f.PreviousObject, Hash: hash, Signature: *f.PreviousSignature}, nil
}

func (f *fields) logs() ([]LogFile, error) {
	if f.Logs == nil {
		return nil, errors.New("logFiles is missing")
	}
	logs := make([]LogFile, 0, len(*f.Logs))
	for i, l := range *f.Logs {
		if l.Bucket == "" || l.Object == "" {
			return nil, fmt.Errorf("logFiles[%d] has no s3Bucket or s3Object", i)
		}
		if l.Algorithm != hashAlgorithm {
			return nil, fmt.Errorf("logFiles[%d]: hashAlgorithm %q is not known", i, l.Algorithm)
		}
		hash, err := parseHash(l.Hash)
		if err != nil {
			return nil, fmt.Errorf("logFiles[%d]: hashValue: %w", i, err)
		}
		logs = append(logs, LogFile{Bucket: l.Bucket, Object: l.Object, Hash: hash})
	}
	return logs, nil
}

func parseHash(s string) (string, error) {
	if raw, err := hex.DecodeString(s); err != nil || len(raw) != 32 {
		return "", fmt.Errorf("%q is not the hex of a SHA-256", s)
	}
	return strings.ToLower(s), nil
}

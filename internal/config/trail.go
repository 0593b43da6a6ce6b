package config

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"kiroku/internal/event"
)

// CloudTrail is the type of inputs that read the files of CloudTrail.
const CloudTrail = "cloudtrail"

// trailQueue is how much of CloudTrail's files is on its way to the disk when nothing else is said. Nobody is kept waiting by
// its being small: the files are in the bucket.
const trailQueue = 8 << 20

// completeTrail fills in what follows from other keys.
func (in *Input) completeTrail() {
	in.Discover = in.Discover || in.Bucket == "" && in.QueueURL == ""
	if in.Source == "" {
		in.Source = string(event.CloudTrail)
	}
	if in.Name != "" {
		return
	}
	of := "trails"
	switch u, err := url.Parse(in.QueueURL); {
	case in.Bucket != "":
		of = in.Bucket
	case in.QueueURL != "" && err == nil:
		of = path.Base(u.Path)
	}
	in.Name = "cloudtrail-" + of
}

// SinceTime is the start of the first day to look at; zero for everything. An age counts from now.
func (in *Input) SinceTime(now time.Time) (time.Time, error) {
	if in.Since == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, in.Since); err == nil {
		return t, nil
	}
	var d Duration
	if err := d.UnmarshalText([]byte(in.Since)); err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a date such as 2026-01-01 nor an age such as 90d", in.Since)
	}
	return now.Add(-d.Std()), nil
}

// trailKeys are the keys that only inputs of type cloudtrail have, and socketKeys those that they have not.
var (
	trailKeys  = []string{"bucket", "prefix", "queue_url", "discover", "since", "poll_interval", "visibility_timeout", "verify_digests", "verify_interval", "digest_keys", "aws"}
	socketKeys = []string{"address", "port", "bind_host", "zone", "frame_size", "max_connections", "idle_timeout", "allow", "deny", "tls", "log_processing_rules"}
)

// notTrail finds keys that an input of another type cannot use.
func (v *validator) notTrail(in *Input) {
	for _, key := range trailKeys {
		if v.isSet(in, key) {
			v.add(in.path, key, "is only for inputs of type cloudtrail, not %s: remove it", in.Type)
		}
	}
}

// bucketName are the names that S3 allows (Amazon S3 User Guide, "Bucket naming rules").
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// roleARN is the ARN of a role in any partition.
var roleARN = regexp.MustCompile(`^arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$`)

// trail checks an input of type cloudtrail.
func (v *validator) trail(in *Input) {
	for _, key := range socketKeys {
		if v.isSet(in, key) {
			v.add(in.path, key, "has no effect on an input of type cloudtrail: remove it")
		}
	}
	if in.Source != string(event.CloudTrail) {
		v.add(in.path, "source", "is %q: an input of type cloudtrail has the source cloudtrail; remove the key", in.Source)
	}
	v.inputStore(in)
	atLeast(v, in.path, "queue", in.Queue, 4<<20)
	switch {
	case in.Bucket == "" && in.Prefix != "":
		v.add(in.path, "prefix", "is given without bucket: name the bucket too")
	case strings.Contains(in.Bucket, ":"):
		v.add(in.path, "bucket", "%q is not the name of a bucket: write the name alone, without s3:// or arn:, and what follows it as prefix", in.Bucket)
	case in.Bucket != "" && !bucketName.MatchString(in.Bucket):
		v.add(in.path, "bucket", "%q is not the name of a bucket: write 3 to 63 lower-case letters, digits, dots and dashes", in.Bucket)
	}
	if in.QueueURL != "" {
		v.url(in.path, "queue_url", in.QueueURL, "https://sqs.us-east-1.amazonaws.com/111122223333/trail")
	}
	if _, err := in.SinceTime(time.Time{}); err != nil {
		v.add(in.path, "since", "%v", err)
	}
	if v.isSet(in, "poll_interval") {
		atLeast(v, in.path, "poll_interval", in.PollInterval, seconds(1))
	}
	if v.isSet(in, "visibility_timeout") && (in.VisibilityTimeout < seconds(5) || in.VisibilityTimeout > seconds(12*60*60)) {
		v.add(in.path, "visibility_timeout", "is %v: write between 5s and 12h, which is what SQS allows", in.VisibilityTimeout)
	}
	if v.isSet(in, "verify_interval") {
		atLeast(v, in.path, "verify_interval", in.VerifyInterval, seconds(60))
	}
	for _, name := range in.DigestKeys {
		v.file(in.path, "digest_keys", name)
	}
	v.credentials(in.path+".aws", in.AWS)
}

// credentials checks who we are at AWS.
func (v *validator) credentials(path string, a AWS) {
	if (a.AccessKeyID == "") != (a.SecretAccessKey == "") {
		v.add(path, "", "needs access_key_id and secret_access_key, or neither")
	}
	if a.SessionToken != "" && a.AccessKeyID == "" {
		v.add(path, "session_token", "is given without access_key_id")
	}
	if a.Profile != "" && a.AccessKeyID != "" {
		v.add(path, "profile", "is given beside access_key_id: write only one of them")
	}
	if a.RoleARN != "" && !roleARN.MatchString(a.RoleARN) {
		v.add(path, "role_arn", "%q is not the ARN of a role: write for example arn:aws:iam::111122223333:role/kiroku", a.RoleARN)
	}
	for key, value := range map[string]string{"external_id": a.ExternalID, "role_session_name": a.SessionName, "web_identity_token_file": a.WebIdentityTokenFile} {
		if value != "" && a.RoleARN == "" {
			v.add(path, key, "is given without role_arn: name the role to assume")
		}
	}
	if a.WebIdentityTokenFile != "" && (a.ExternalID != "" || a.AccessKeyID != "" || a.Profile != "") {
		v.add(path, "web_identity_token_file", "is given beside external_id, access_key_id or profile: a role is assumed with a token or with credentials")
	}
	v.file(path, "web_identity_token_file", a.WebIdentityTokenFile)
	for key, value := range map[string]string{"endpoint": a.Endpoint, "endpoints.s3": a.Endpoints.S3, "endpoints.sqs": a.Endpoints.SQS,
		"endpoints.cloudtrail": a.Endpoints.CloudTrail, "endpoints.organizations": a.Endpoints.Organizations, "endpoints.sts": a.Endpoints.STS} {
		if value != "" {
			v.url(path, key, value, "https://s3.example.com")
		}
	}
}

// url checks an address of the web.
func (v *validator) url(path, key, value, example string) {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		v.add(path, key, "%q is not a URL: write for example %s", value, example)
	}
}

// Switch is true, false, or left out, which is "".
type Switch string

// The values of a switch that is not left out.
const (
	On  Switch = "true"
	Off Switch = "false"
)

// UnmarshalText reads true and false.
func (s *Switch) UnmarshalText(text []byte) error {
	switch v := Switch(text); v {
	case On, Off:
		*s = v
		return nil
	}
	return fmt.Errorf("is %q: write true or false, or leave it out", text)
}

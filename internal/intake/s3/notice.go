package s3

import (
	"encoding/json"
	"net/url"
	"strings"
)

// ref names an object.
type ref struct {
	bucket, key string
	etag        string // empty: not said
}

// notice is what a message of a queue says.
type notice struct {
	objects []ref
	// unknown are the parts of the message that are not understood, as they stand, and why says what they lack. They must
	// not vanish with the message.
	unknown [][]byte
	why     string

	seen map[ref]bool
}

// maxWrapped is how often a message may be wrapped in another.
const maxWrapped = 4

// parseNotice reads the body of a message. It knows six forms by their shape: the events of S3, its test event, the
// notification of CloudTrail, EventBridge's "Object Created", and the first and third wrapped by SNS.
// Sources: Amazon S3 User Guide, "Event message structure"; CloudTrail User Guide, "Configuring Amazon SNS notifications
// for CloudTrail"; EventBridge's schema aws.s3@ObjectCreated.
func parseNotice(body []byte) notice {
	var n notice
	n.read(body, maxWrapped)
	return n
}

// envelope holds the members by which the forms differ.
type envelope struct {
	Records []json.RawMessage // S3
	Event   string            // S3's test event

	Type    string // SNS
	Message *string

	Bucket string          `json:"s3Bucket"` // CloudTrail
	Keys   json.RawMessage `json:"s3ObjectKey"`

	Source     string // EventBridge
	DetailType string `json:"detail-type"`
	Detail     entity
}

// entity is an object as S3 and EventBridge name it.
type entity struct {
	Bucket struct{ Name string }
	Object struct{ Key, ETag string }
}

func (n *notice) read(body []byte, left int) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		n.park(body, "it is not a JSON object of a known form")
		return
	}
	switch {
	case e.Records != nil:
		for _, r := range e.Records {
			n.record(r)
		}
	case e.Event == "s3:TestEvent":
	case e.Bucket != "" && e.Keys != nil:
		n.delivery(body, e.Bucket, e.Keys)
	case e.Source == "aws.s3":
		n.bridge(body, &e)
	case e.Type == "Notification" && e.Message != nil:
		switch {
		case strings.HasPrefix(*e.Message, "CloudTrail validation message"): // sent when a trail is given a topic
		case left == 0:
			n.park(body, "it is wrapped too often")
		default:
			n.read([]byte(*e.Message), left-1)
		}
	default:
		n.park(body, "it is neither of S3, SNS, CloudTrail nor EventBridge")
	}
}

func (n *notice) park(part []byte, why string) {
	n.unknown = append(n.unknown, part)
	n.why = why
}

func (n *notice) add(r ref) {
	if n.seen == nil {
		n.seen = map[ref]bool{}
	}
	if !n.seen[r] {
		n.seen[r] = true
		n.objects = append(n.objects, r)
	}
}

// record reads one event of S3, or of a server that speaks like it. Its keys are encoded as those of a query.
func (n *notice) record(raw json.RawMessage) {
	var r struct {
		EventName string
		S3        *entity
	}
	if err := json.Unmarshal(raw, &r); err != nil || r.S3 == nil || r.EventName == "" {
		n.park(raw, "one of its Records is not an event of S3")
		return
	}
	// S3 writes no "s3:" in front, others do.
	if kind := strings.TrimPrefix(r.EventName, "s3:"); !strings.HasPrefix(kind, "ObjectCreated:") {
		return // deleted, restored, tagged: nothing to read
	}
	key, err := url.QueryUnescape(r.S3.Object.Key)
	if err != nil || key == "" || r.S3.Bucket.Name == "" {
		n.park(raw, "one of its Records names no object")
		return
	}
	n.add(ref{r.S3.Bucket.Name, key, strings.Trim(r.S3.Object.ETag, `"`)})
}

// delivery reads CloudTrail's own notification. Its keys stand as they are.
func (n *notice) delivery(body []byte, bucket string, keys json.RawMessage) {
	var all []string
	if err := json.Unmarshal(keys, &all); err != nil {
		var one string
		if err := json.Unmarshal(keys, &one); err != nil {
			n.park(body, "its s3ObjectKey is no list of keys")
			return
		}
		all = []string{one}
	}
	for _, k := range all {
		if k == "" {
			n.park(body, "its s3ObjectKey has an empty key")
			continue
		}
		n.add(ref{bucket: bucket, key: k})
	}
}

// bridge reads an event of EventBridge. Its key stands as it is.
func (n *notice) bridge(body []byte, e *envelope) {
	switch {
	case e.DetailType != "Object Created" && strings.HasPrefix(e.DetailType, "Object "): // deleted, restored, tagged
	case e.DetailType != "Object Created" || e.Detail.Bucket.Name == "" || e.Detail.Object.Key == "":
		n.park(body, "it is an event of S3 that names no object")
	default:
		n.add(ref{e.Detail.Bucket.Name, e.Detail.Object.Key, strings.Trim(e.Detail.Object.ETag, `"`)})
	}
}

package insight

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Share is how many calls had a value, in the time of the insight and in its baseline.
type Share struct {
	Value    string // "null" where there was none
	Insight  int64
	Baseline int64
}

// Facts are the numbers of an insight.
type Facts struct {
	Insight, Baseline int64 // calls
	ARNs              []Share
	Agents            []Share
	Codes             []Share
}

// TopValues is how many values of an attribute are told.
const TopValues = 5

type record struct {
	EventVersion       string  `json:"eventVersion"`
	EventTime          string  `json:"eventTime"`
	AWSRegion          string  `json:"awsRegion"`
	EventID            string  `json:"eventID"`
	EventType          string  `json:"eventType"`
	RecipientAccountID string  `json:"recipientAccountId"`
	SharedEventID      string  `json:"sharedEventID"`
	InsightDetails     details `json:"insightDetails"`
	EventCategory      string  `json:"eventCategory"`
}

type details struct {
	State          string  `json:"state"`
	EventSource    string  `json:"eventSource"`
	EventName      string  `json:"eventName"`
	ErrorCode      string  `json:"errorCode,omitempty"`
	InsightType    string  `json:"insightType"`
	InsightContext context `json:"insightContext"`
}

type context struct {
	Statistics   statistics    `json:"statistics"`
	Attributions []attribution `json:"attributions"`
}

type statistics struct {
	Baseline         average `json:"baseline"`
	Insight          average `json:"insight"`
	InsightDuration  int64   `json:"insightDuration"`
	BaselineDuration int64   `json:"baselineDuration"`
}

type average struct {
	Average float64 `json:"average"`
}

type attribution struct {
	Attribute string  `json:"attribute"`
	Insight   []value `json:"insight"`
	Baseline  []value `json:"baseline"`
}

type value struct {
	Value   string  `json:"value"`
	Average float64 `json:"average"`
}

// Record is the CloudTrail record of a change. store is the id of the event data store whose events were counted.
func (c *Change) Record(store string, f *Facts) []byte {
	shared := id(store, c.Kind, c.Account, c.Region, c.Source, c.Name, c.Code, fmt.Sprint(c.Start))
	state, at := "Start", c.Start
	if c.Ended {
		state, at = "End", c.Until
	}
	minutes := c.Until - c.Start
	b, err := json.Marshal(record{EventVersion: "1.07", EventTime: time.Unix(at*60, 0).UTC().Format(time.RFC3339), AWSRegion: c.Region, EventID: id(shared, state),
		EventType: "AwsCloudTrailInsight", RecipientAccountID: c.Account, SharedEventID: shared, EventCategory: "Insight",
		InsightDetails: details{State: state, EventSource: c.Source, EventName: c.Name, ErrorCode: c.Code, InsightType: c.Kind, InsightContext: context{
			Statistics: statistics{average{per(f.Baseline, c.Baseline)}, average{per(f.Insight, minutes)}, minutes, c.Baseline},
			Attributions: []attribution{c.attribution("userIdentityArn", f.ARNs, minutes), c.attribution("userAgent", f.Agents, minutes),
				c.attribution("errorCode", f.Codes, minutes)}}}})
	if err != nil {
		panic("BUG: an insight has no JSON: " + err.Error())
	}
	return b
}

func per(calls, minutes int64) float64 { return float64(calls) / float64(max(minutes, 1)) }

// attribution lists the values with most calls.
func (c *Change) attribution(name string, shares []Share, minutes int64) attribution {
	return attribution{name, top(shares, func(s Share) int64 { return s.Insight }, minutes), top(shares, func(s Share) int64 { return s.Baseline }, c.Baseline)}
}

func top(shares []Share, calls func(Share) int64, minutes int64) []value {
	out := []value{}
	byCalls := func(a, b Share) int { return cmp.Or(cmp.Compare(calls(b), calls(a)), cmp.Compare(a.Value, b.Value)) }
	for _, s := range slices.SortedFunc(slices.Values(shares), byCalls) {
		if n := calls(s); n > 0 && len(out) < TopValues {
			out = append(out, value{s.Value, per(n, minutes)})
		}
	}
	return out
}

// id is a UUID made of texts (RFC 9562, version 8).
func id(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d:%s", len(t), t)
	}
	b := h.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

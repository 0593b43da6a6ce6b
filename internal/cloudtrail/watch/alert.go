package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/event"
	"kiroku/internal/meta"
)

// checkpointKey is the checkpoint whose position is the number of the last finding that is an event in the lake.
const checkpointKey = "cloudtrail-digests"

// atOnce is how many alerts are stored in one transaction.
const atOnce = 500

// Alert is the record of an alert, which the source kiroku makes a Detection Finding of.
type Alert struct {
	Alert    string       `json:"kiroku_alert"` // AlertName
	UID      string       `json:"uid"`
	Time     time.Time    `json:"time"`
	Severity string       `json:"severity"` // high: files are wrong or gone; medium: nothing vouches for a time
	Title    string       `json:"title"`
	Message  string       `json:"message"`
	Next     string       `json:"next,omitempty"` // what to do
	Input    string       `json:"input"`
	Bucket   string       `json:"bucket"`
	Key      string       `json:"key,omitempty"` // of the file
	Status   string       `json:"status"`        // of the file, or the verdict of the period
	Detail   string       `json:"detail,omitempty"`
	From     time.Time    `json:"from,omitzero"` // the hour of the digest, or the period
	To       time.Time    `json:"to,omitzero"`
	Chain    digest.Chain `json:"chain"`
}

// AlertName is what all alerts about digests are called.
const AlertName = "cloudtrail_digest"

// tell stores an alert for each finding that has none.
func (w *Watch) tell(ctx context.Context) error {
	w.telling.Lock()
	defer w.telling.Unlock()
	for {
		told, err := w.opt.Checkpoints.Checkpoint(ctx, checkpointKey)
		if err != nil {
			return fmt.Errorf("find alerts of digests: %w", err)
		}
		findings, err := meta.ListDigestFindings(ctx, w.opt.DB.Read(), told, atOnce)
		if err != nil || len(findings) == 0 {
			return err
		}
		rows, err := meta.ListDigestChains(ctx, w.opt.DB.Read(), "")
		if err != nil {
			return err
		}
		chains := map[int64]meta.DigestChain{}
		for _, row := range rows {
			chains[row.ID] = row
		}
		b := event.Batch{Checkpoint: &event.Checkpoint{Key: checkpointKey, Position: findings[len(findings)-1].ID}}
		for _, f := range findings {
			rec, err := w.record(f, chains[f.Chain])
			if err != nil {
				return err
			}
			b.Records = append(b.Records, rec)
		}
		if err := w.opt.Sink.Accept(ctx, b); err != nil {
			return fmt.Errorf("store alerts of digests: %w", err)
		}
	}
}

func alertOf(f meta.DigestFinding, c meta.DigestChain) (Alert, error) {
	a := Alert{Alert: AlertName, UID: fmt.Sprintf("cloudtrail-digest-%d-%d", f.ID, f.Found.UnixMicro()), Time: f.Found, Severity: "high", Input: c.Input,
		Bucket: c.Bucket[strings.LastIndexByte(c.Bucket, '/')+1:], Status: f.Status, Detail: f.Detail, From: f.From, To: f.To}
	if c.Chain != "" { // else it is forgotten already
		if err := json.Unmarshal([]byte(c.Chain), &a.Chain); err != nil {
			return Alert{}, fmt.Errorf("read digest chain %d: %w", c.ID, err)
		}
	}
	a.word(f)
	return a, nil
}

func (w *Watch) record(f meta.DigestFinding, c meta.DigestChain) (event.Record, error) {
	a, err := alertOf(f, c)
	if err != nil {
		return event.Record{}, err
	}
	raw, err := json.Marshal(a)
	if err != nil {
		return event.Record{}, fmt.Errorf("write alert: %w", err)
	}
	rec := event.Record{Data: raw, Received: time.Now()}
	for _, in := range w.inputs {
		if in.Name == c.Input || rec.Origin == nil {
			rec.Origin = in.Origin
		}
	}
	return rec, nil
}

// word says for people what was found.
func (a *Alert) word(f meta.DigestFinding) {
	trail := fmt.Sprintf("trail %s of account %s in %s", a.Chain.Trail, a.Chain.Account, a.Chain.Region)
	between := fmt.Sprintf("from %s to %s", stampOf(a.From), stampOf(a.To))
	switch f.Status {
	case string(digest.Missing):
		a.Title, a.Next = "CloudTrail digests are gone", digest.Missing.Next()
		a.Message = "the digests of " + trail + " " + between + " were deleted"
	case string(digest.Gap):
		a.Severity, a.Title, a.Next = "medium", "CloudTrail wrote no digests for some time", digest.Gap.Next()
		a.Message = "no digest vouches for log files of " + trail + " " + between
	case string(digest.EndedEarly):
		a.Severity, a.Title, a.Next = "medium", "CloudTrail digests do not come any more", digest.EndedEarly.Next()
		a.Message = "no digest of " + trail + " since " + stampOf(a.From)
	case restarted:
		a.Severity, a.Title, a.Next = "medium", "A chain of CloudTrail digests was begun anew", "Look for StopLogging, StartLogging, DeleteTrail and CreateTrail at that time."
		a.Message = "the digests of " + trail + " begin anew at " + stampOf(a.From)
	default:
		status := digest.Status(f.Status)
		a.Key, a.Title, a.Next = f.Place, "A file of CloudTrail is not as it was delivered", status.Next()
		if a.Next != digest.Failed.Next() {
			a.Title = "A file of CloudTrail cannot be verified"
		}
		a.Message = fmt.Sprintf("s3://%s/%s: %s", a.Bucket, f.Place, status.Text())
	}
}

func stampOf(t time.Time) string { return t.UTC().Format(time.RFC3339) }

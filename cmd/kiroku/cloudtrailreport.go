package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"kiroku/internal/cli"
	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/fault"
)

// verifyReport writes what a verification finds: files as they come, periods and chains at the end.
type verifyReport struct {
	out      *bufio.Writer
	verbose  bool
	asJSON   bool
	width    int
	progress *cli.ProgressLine

	periods []digest.Period
	chains  []digest.ChainSummary
	files   int // written as JSON

	done atomic.Int64 // files
	hour atomic.Pointer[string]
}

func newVerifyReport(a *app, f *verifyFlags) *verifyReport {
	return &verifyReport{out: bufio.NewWriter(a.out), verbose: f.verbose, asJSON: f.json, width: terminalWidth(a.out),
		progress: cli.NewProgress(a.err, terminalWidth(a.err), f.quiet)}
}

// now is how far it has come.
func (r *verifyReport) now() cli.Progress {
	p := cli.Progress{Items: r.done.Load()}
	if h := r.hour.Load(); h != nil {
		p.Current = *h
	}
	return p
}

// verifiedFile is a file in the JSON document.
type verifiedFile struct {
	Type string `json:"type"` // digest, log
	S3   string `json:"s3"`   // where CloudTrail put it, as far as a digest says so
	Key  string `json:"key"`  // where it was looked for
	digest.Chain
	Start   *time.Time    `json:"start,omitempty"` // the digest's hour
	End     time.Time     `json:"end"`
	Status  digest.Status `json:"status"`
	Message string        `json:"message,omitempty"`
	Detail  string        `json:"detail,omitempty"`
}

func (r *verifyReport) File(f digest.File) error {
	r.done.Add(1)
	hour := f.Chain.Account + " " + f.Chain.Region + " " + f.Chain.Trail + " " + digestTime(f.End)
	r.hour.Store(&hour)
	if !r.asJSON {
		if (f.Status == digest.Valid || f.Status == digest.Unlisted) && !r.verbose {
			return nil
		}
		_, err := fmt.Fprintln(r.out, cli.Clean(fileLine(f)))
		return err
	}
	out := verifiedFile{Type: "log", S3: address(f), Key: f.Key, Chain: f.Chain, End: f.End, Status: f.Status, Detail: f.Detail}
	if f.Digest {
		out.Type = "digest"
	}
	if !f.Start.IsZero() {
		out.Start = &f.Start
	}
	if f.Status != digest.Valid {
		out.Message = f.Status.Text()
	}
	return r.element(&r.files, "files", out)
}

// element writes one element of the JSON document's first list. The lists may be longer than memory, so it is not built whole.
func (r *verifyReport) element(n *int, list string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	before := ",\n    "
	if *n == 0 {
		before = "{\n  \"" + list + "\": [\n    "
	}
	*n++
	_, err = r.out.WriteString(before + string(raw))
	return err
}

func (r *verifyReport) Period(p digest.Period) error {
	r.periods = append(r.periods, p)
	return nil
}

func (r *verifyReport) Chain(c digest.ChainSummary) error {
	r.chains = append(r.chains, c)
	return nil
}

// address is where CloudTrail put a file.
func address(f digest.File) string {
	if f.Bucket == "" {
		return ""
	}
	return "s3://" + f.Bucket + "/" + f.Object
}

// fileLine is worded like the AWS tool's.
func fileLine(f digest.File) string {
	kind := "Log file"
	if f.Digest {
		kind = "Digest file"
	}
	if f.Chain.Backfill {
		kind = "(backfill) " + kind
	}
	where := address(f)
	if where == "" {
		where = f.Key
	}
	text := kind + "  " + where + "  "
	switch f.Status {
	case digest.Valid, digest.Unlisted:
		text += f.Status.Text()
	case digest.Unverified:
		text += "UNVERIFIED: " + f.Status.Text()
	default:
		text += "INVALID: " + f.Status.Text()
	}
	if f.Detail != "" {
		text += " (" + f.Detail + ")"
	}
	return text
}

// end writes what is known at the end. err is why it was not the end.
func (r *verifyReport) end(path string, sum digest.Summary, ok bool, err error) error {
	if errors.Is(err, digest.ErrNoDigests) && !r.asJSON {
		return nil
	}
	if r.asJSON {
		if werr := r.endJSON(path, sum, ok, err); werr != nil {
			return werr
		}
		return r.out.Flush()
	}
	if werr := r.table(); werr != nil {
		return werr
	}
	r.advice()
	if sum.Unlisted > 0 {
		fmt.Fprintf(r.out, "next: unlisted: %s of a proven time in no digest; if no other trail without validation writes to the bucket, somebody added them. "+
			"--verbose names them.\n", plural(int64(sum.Unlisted), "log file"))
	}
	r.counts(sum, ok, err)
	return r.out.Flush()
}

func (r *verifyReport) table() error {
	if len(r.periods) == 0 {
		return nil
	}
	t := cli.Table{Width: r.width, Columns: []cli.Column{{Name: "ACCOUNT"}, {Name: "REGION"}, {Name: "TRAIL", Flex: true}, {Name: "FROM"}, {Name: "TO"}, {Name: "RESULT"},
		{Name: "DIGESTS", Right: true}, {Name: "LOG FILES", Right: true}, {Name: "INVALID", Right: true}}}
	for _, p := range r.periods {
		trail := p.Chain.Trail
		if p.Chain.Backfill {
			trail += " (backfill)"
		}
		result := string(p.Verdict)
		if p.Starts {
			result += ", chain starts"
		}
		t.Add(p.Chain.Account, p.Chain.Region, trail, digestTime(p.From), digestTime(p.To), result, cli.Count(p.Digests), cli.Count(p.Logs), cli.Count(p.Invalid))
	}
	return t.Print(r.out)
}

// advice says once for each verdict what to do about it.
func (r *verifyReport) advice() {
	var said []digest.Verdict
	for _, p := range r.periods {
		if next := p.Verdict.Next(); next != "" && !slices.Contains(said, p.Verdict) {
			said = append(said, p.Verdict)
			fmt.Fprintf(r.out, "next: %s: %s\n", p.Verdict, next)
		}
	}
}

func (r *verifyReport) counts(sum digest.Summary, ok bool, err error) {
	verdict := "nothing is wrong"
	switch {
	case err != nil:
		verdict = "not finished"
	case !ok:
		verdict = "something is wrong"
	case sum.Gaps+sum.Ended+sum.Unlisted > 0:
		verdict = "nothing is wrong, but see what is not covered"
	}
	var parts []string
	for _, c := range []struct {
		what string
		n    digest.Counts
	}{{"digest file", sum.Digests}, {"backfill digest file", sum.Backfill.Digests}, {"log file", sum.Logs}, {"backfill log file", sum.Backfill.Logs}} {
		if all := c.n.Valid + c.n.Invalid; all > 0 || !strings.HasPrefix(c.what, "backfill") {
			parts = append(parts, fmt.Sprintf("%s valid, %s invalid", plural(int64(c.n.Valid), c.what), cli.Count(c.n.Invalid)))
		}
	}
	if sum.Unverified > 0 {
		parts = append(parts, fmt.Sprintf("%s of the invalid ones unverified: their signatures are not in this copy", cli.Count(sum.Unverified)))
	}
	if sum.EmptyHours > 0 {
		parts = append(parts, plural(int64(sum.EmptyHours), "empty hour"))
	}
	fmt.Fprintf(r.out, "%s: %s", verdict, strings.Join(parts, ", "))
	if !sum.From.IsZero() {
		fmt.Fprintf(r.out, "; found from %s to %s", digestTime(sum.From), digestTime(sum.To))
	}
	fmt.Fprintln(r.out)
}

// digestTime is a time in the tables; digests end on odd seconds.
func digestTime(t time.Time) string {
	if t.IsZero() {
		return "?"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// explainVerify adds what to do.
func explainVerify(err error, path string) error {
	if errors.Is(err, digest.ErrNoDigests) {
		return fault.New(fault.NotFound, fmt.Errorf("verify %q: %w", path, err),
			"Check the path, --account, --region, --trail and the times. Keys must go on as CloudTrail made them from AWSLogs/ on; and see that the trail has log file validation.")
	}
	return err
}

package digest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"kiroku/internal/cloudtrail/digest"
)

// object is an object of a bucket in memory.
type object struct {
	body     []byte
	metadata map[string]string
	err      error // of opening
	broken   error // of reading, after the body
}

// bucket is a bucket in memory.
type bucket map[string]object

func (b bucket) Folders(_ context.Context, prefix string) ([]string, error) {
	found := map[string]bool{}
	for key := range b {
		if rest, ok := strings.CutPrefix(key, prefix); ok {
			if name, _, below := strings.Cut(rest, "/"); below {
				found[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func (b bucket) Keys(_ context.Context, prefix string) ([]string, error) {
	var keys []string
	for key := range b {
		if rest, ok := strings.CutPrefix(key, prefix); ok && !strings.Contains(rest, "/") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

func (b bucket) Open(_ context.Context, key string) (*digest.Object, error) {
	o, ok := b[key]
	if !ok {
		return nil, fmt.Errorf("open %q: %w", key, fs.ErrNotExist)
	}
	if o.err != nil {
		return nil, o.err
	}
	body := io.Reader(bytes.NewReader(o.body))
	if o.broken != nil {
		body = io.MultiReader(body, failing{o.broken})
	}
	return &digest.Object{Body: io.NopCloser(body), Metadata: o.metadata}, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func compress(tb testing.TB, raw []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// collector is a Report that keeps everything.
type collector struct {
	files   []digest.File
	periods []digest.Period
	chains  []digest.ChainSummary
}

func (c *collector) File(f digest.File) error          { c.files = append(c.files, f); return nil }
func (c *collector) Period(p digest.Period) error      { c.periods = append(c.periods, p); return nil }
func (c *collector) Chain(s digest.ChainSummary) error { c.chains = append(c.chains, s); return nil }

// wrong lists the files that are not valid, as "place: status".
func (c *collector) wrong() []string {
	out := []string{}
	for _, f := range c.files {
		if f.Status != digest.Valid {
			out = append(out, f.Object[strings.LastIndexByte(f.Object, '/')+1:]+": "+string(f.Status))
		}
	}
	return out
}

// spans lists the periods, as "from to verdict".
func (c *collector) spans() []string {
	out := []string{}
	for _, p := range c.periods {
		from := "?"
		if !p.From.IsZero() {
			from = p.From.Format("02T15:04:05")
		}
		text := from + " " + p.To.Format("02T15:04:05") + " " + string(p.Verdict)
		if p.Starts {
			text += " starts"
		}
		out = append(out, text)
	}
	return out
}

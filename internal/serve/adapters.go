package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/api"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/lake"
	"kiroku/internal/ocsf"
	"kiroku/internal/ocsf/nest"
	"kiroku/internal/pipeline"
	"kiroku/internal/query"
)

// parts shows the lake's segments to queries.
type parts struct{ lake *lake.Lake }

func (p parts) Parts(names []string) ([]query.Part, func(), error) {
	v, err := p.lake.View(names)
	if err != nil {
		return nil, nil, err
	}
	return partsOf(v), v.Close, nil
}

func partsOf(v *lake.View) []query.Part {
	out := make([]query.Part, len(v.Segments))
	for i, s := range v.Segments {
		out[i] = query.Part{Store: s.Store, Rows: s.Rows, MinTime: s.MinTime, MaxTime: s.MaxTime, FirstSeq: s.FirstSeq, LastSeq: s.LastSeq, Open: s.File}
	}
	return out
}

// bySeq shows the lake's events to followers, in the order of their sequence numbers.
type bySeq struct{ *lake.Lake }

func (b bySeq) PartsAfter(store string, after int64) ([]query.Part, int64, func(), error) {
	v, last, err := b.After(store, after)
	if err != nil {
		return nil, 0, nil, err
	}
	return partsOf(v), last, v.Close, nil
}

func (b bySeq) Dropped(ctx context.Context, store string, after, last int64) ([]query.Dropped, error) {
	known, err := b.Lake.Dropped(ctx, store, after, last)
	out := make([]query.Dropped, len(known))
	for i, d := range known {
		out[i] = query.Dropped(d)
	}
	return out, err
}

var _ query.SeqLake = bySeq{}

// ingester stores batches of the API.
type ingester struct {
	pipe *pipeline.Pipeline
	lake *lake.Lake
}

// Ingest refuses a store that does not exist: the sender named it, so it should not silently become another. While
// nothing can be stored it refuses at once; a batch that is taken waits until it is durable, however long that takes.
func (i ingester) Ingest(ctx context.Context, b event.Batch) error {
	if len(b.Records) > 0 {
		if name := b.Records[0].From().Store; name != "" {
			if _, err := i.lake.Store(name); err != nil {
				return err
			}
		}
	}
	if why := i.lake.Stats().Blocked; why != "" {
		return fault.New(fault.Busy, errors.New(why), "Send it again later: intake goes on by itself.")
	}
	return i.pipe.Accept(ctx, b)
}

// at implements pipeline.Options.At. What was taken in before is made durable first, so that it is seen. An event of a store
// that does not exist went to the default store.
func (st *storage) at(ctx context.Context, store string, times []int64, cols []event.Column, f func(e *event.Event)) error {
	if err := st.lake.Flush(ctx); err != nil {
		return err
	}
	if _, err := st.lake.Store(store); err != nil {
		store = lake.DefaultStore
	}
	return st.lake.At(ctx, store, times, cols, f)
}

type checkpoints struct{ lake *lake.Lake }

func (c checkpoints) Position(ctx context.Context, key string) (int64, error) {
	return c.lake.Checkpoint(ctx, key)
}

// storesAPI is the stores as the API shows them.
type storesAPI struct{ lake *lake.Lake }

func (s storesAPI) List(context.Context) ([]api.Store, error) {
	var out []api.Store
	for _, in := range s.lake.Stores() {
		out = append(out, apiStore(in))
	}
	return out, nil
}

func apiStore(in lake.StoreInfo) api.Store {
	return api.Store{Name: in.Name, Description: in.Description, Created: in.Created, RetentionDays: int(in.Retention / (24 * time.Hour)),
		Events: in.Events, Bytes: in.Bytes, Oldest: in.Oldest, Newest: in.Newest, FreshSegments: in.FreshSegments, DataFiles: in.DataFiles}
}

func (s storesAPI) one(name string) (api.Store, error) {
	in, err := s.lake.Store(name)
	return apiStore(in), err
}

func (s storesAPI) Create(ctx context.Context, c api.StoreCreate) (api.Store, error) {
	if err := s.lake.CreateStore(ctx, c.Name, days(c.RetentionDays)); err != nil {
		return api.Store{}, err
	}
	if c.Description != "" {
		if err := s.lake.Describe(ctx, c.Name, c.Description); err != nil {
			return api.Store{}, err
		}
	}
	return s.one(c.Name)
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

func (s storesAPI) Update(ctx context.Context, name string, u api.StoreUpdate) (api.Store, error) {
	if u.RetentionDays != nil {
		if err := s.lake.SetRetention(ctx, name, days(*u.RetentionDays)); err != nil {
			return api.Store{}, err
		}
	}
	if u.Description != nil {
		if err := s.lake.Describe(ctx, name, *u.Description); err != nil {
			return api.Store{}, err
		}
	}
	return s.one(name)
}

func (s storesAPI) Delete(ctx context.Context, name string) error {
	return s.lake.DeleteStore(ctx, name)
}

// parser explains records.
type parser struct {
	pipe *pipeline.Pipeline
	ocsf func(*event.Event) []string
}

func newParser(p *pipeline.Pipeline) parser { return parser{p, Validator()} }

// Validator checks events against OCSF 1.8.0 and words what it finds.
func Validator() func(*event.Event) []string {
	v := ocsf.New()
	n := nest.New(v)
	return func(e *event.Event) []string {
		out := []string{}
		for _, issue := range ocsf.Errors(v.Validate(n.Object(e))) {
			out = append(out, fmt.Sprintf("%s: %s: %s", issue.Code, issue.Path, issue.Message))
		}
		return out
	}
}

func (p parser) Parse(_ context.Context, source event.SourceName, record []byte) (api.ParseResult, error) {
	x, err := p.pipe.Explain(source, record, time.Now(), p.ocsf)
	if err != nil {
		return api.ParseResult{}, err
	}
	res := api.ParseResult{Source: string(x.Source), Event: json.RawMessage(x.Event), Unmapped: x.Unmapped, ParseError: x.ParseError,
		OcsfErrors: x.OCSFErrors, Attributes: x.Attributes}
	for _, s := range x.Steps {
		res.Fields = append(res.Fields, api.FieldOrigin{Column: s.Column.String(), From: s.From})
	}
	return res, nil
}

// fscker proves the lake.
type fscker struct{ lake *lake.Lake }

func (f fscker) Fsck(ctx context.Context, repair bool) (api.FsckReport, error) {
	began := time.Now()
	rep, err := f.lake.Fsck(ctx, lake.FsckOptions{Repair: repair})
	if err != nil {
		return api.FsckReport{}, err
	}
	out := api.FsckReport{Ok: rep.OK, Findings: []api.FsckFinding{}, TookMs: float64(time.Since(began).Microseconds()) / 1000}
	for _, st := range rep.Stores {
		out.Events += st.Events
		out.Segments += st.Segments
		out.DataFiles += st.DataFiles
	}
	for _, x := range rep.Findings {
		out.Findings = append(out.Findings, api.FsckFinding{Code: x.Code, Message: x.Message, Next: x.Next, Object: x.Path, Repaired: x.Repaired, Store: x.Store})
	}
	return out, nil
}

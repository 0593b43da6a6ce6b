package awsapi

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/insight"
	"kiroku/internal/meta"
)

const (
	insightsEvery  = 5 * time.Minute
	insightsSettle = 15 * time.Minute // CloudTrail's events come that late
	insightsTime   = 5 * time.Minute  // of one query
	insightsInput  = "insights"       // the input that Insights events name
	// maxInsightRows is how many counts a query may return; those of the calls that came most often come first.
	maxInsightRows = 200_000
)

// madeHere says whether records are Insights events of our own: they go to their destination and nowhere else.
func madeHere(o *event.Origin) bool { return o.Input == insightsInput && o.Store != "" }

// insightRunner wakes who makes Insights events, and remembers what was usual before the last hour of each store.
type insightRunner struct {
	wake  chan struct{}
	usual map[string]*usual // by id of the store; only of who makes the events
}

func newInsightRunner() *insightRunner {
	return &insightRunner{wake: make(chan struct{}, 1), usual: map[string]*usual{}}
}

func (r *insightRunner) look() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// usual is what is known of the time before an hour.
type usual struct {
	hour      int64 // its first minute
	since     map[place]int64
	baselines map[insight.Key]insight.Baseline
}

type place struct{ account, region string }

// runInsights makes Insights events until ctx ends.
func (s *Service) runInsights(ctx context.Context) {
	if s.opt.SQL == nil {
		return
	}
	tick := time.NewTicker(insightsEvery)
	defer tick.Stop()
	for {
		s.tell(ctx, s.makeInsights(ctx, time.Now()))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.insights.wake:
		}
	}
}

// makeInsights looks at the events of all stores whose insights are switched on, as far as all should be here.
func (s *Service) makeInsights(ctx context.Context, now time.Time) error {
	rows, err := meta.ListInsightSelectors(ctx, s.db.Read())
	if err != nil {
		return err
	}
	var errs []error
	on := map[string]bool{}
	for i := range rows {
		if rows[i].Selectors == noInsights {
			continue
		}
		on[rows[i].EventDataStore] = true
		if err := s.makeInsightsOf(ctx, rows[i], minuteOf(now.Add(-insightsSettle))); err != nil {
			errs = append(errs, fmt.Errorf("make Insights events of event data store %q: %w", rows[i].EventDataStore, err))
		}
	}
	for id := range s.insights.usual {
		if !on[id] {
			delete(s.insights.usual, id)
		}
	}
	return errors.Join(errs...)
}

func minuteOf(t time.Time) int64    { return t.Unix() / 60 }
func timeOf(minute int64) time.Time { return time.Unix(minute*60, 0).UTC() }

// insightJob makes the Insights events of one store.
type insightJob struct {
	s      *Service
	row    meta.InsightSelectors
	kinds  []string
	store  string // the lake's
	origin event.Origin
	told   int64 // all before is stored
	open   []insight.Open
}

// makeInsightsOf looks at a store's events up to a minute, an hour at a time. What it finds is stored together with how far that
// is, so that after a crash it is not stored again.
func (s *Service) makeInsightsOf(ctx context.Context, row meta.InsightSelectors, to int64) error {
	source, err := meta.GetEventDataStore(ctx, s.db.Read(), row.EventDataStore)
	if err != nil {
		return err
	}
	destination, err := meta.GetEventDataStore(ctx, s.db.Read(), row.Destination)
	if err != nil {
		return err
	}
	list, err := readInsightSelectors(&row)
	if err != nil {
		return err
	}
	j := insightJob{s: s, row: row, store: source.Store, origin: event.Origin{Input: insightsInput, Source: event.CloudTrail, Store: destination.Store}}
	for _, i := range list {
		j.kinds = append(j.kinds, i.InsightType)
	}
	told, err := s.opt.Lake.Checkpoint(ctx, j.checkpoint())
	if err != nil {
		return err
	}
	j.told = minuteOf(time.UnixMicro(told))
	if err := json.Unmarshal([]byte(row.Open), &j.open); err != nil {
		return fmt.Errorf("read open insights: %w", err)
	}
	j.open = slices.DeleteFunc(j.open, func(o insight.Open) bool { return !slices.Contains(j.kinds, o.Kind) })
	for from := minuteOf(row.Position); from < to; {
		end := min(to, from-from%60+60)
		if j.told > from {
			end = min(end, j.told)
		}
		if err := j.step(ctx, from, end); err != nil {
			return err
		}
		from = end
	}
	return nil
}

func (j *insightJob) checkpoint() string { return insightsInput + ":" + j.row.EventDataStore }

// step looks at the minutes from one up to another, which are of one hour.
func (j *insightJob) step(ctx context.Context, from, to int64) error {
	counts, err := j.counts(ctx, from-insight.Window+1, to)
	if err != nil {
		return err
	}
	u, err := j.usual(ctx, from-from%60, insight.Candidates(j.open, counts, from, to))
	if err != nil {
		return err
	}
	open, changes := insight.Advance(j.open, counts, u.baselines, from, to)
	if len(changes) > 0 && to > j.told {
		if err := j.tell(ctx, changes, to); err != nil {
			return err
		}
	}
	text := []byte(noInsights)
	if len(open) > 0 {
		if text, err = json.Marshal(open); err != nil {
			return fmt.Errorf("write open insights: %w", err)
		}
	}
	if err := j.s.db.Write(ctx, func(tx *sql.Tx) error { return meta.MoveInsights(ctx, tx, j.row, timeOf(to), string(text)) }); err != nil {
		return err
	}
	j.row.Position, j.open = timeOf(to), open
	return nil
}

// tell stores the records of changes in the destination.
func (j *insightJob) tell(ctx context.Context, changes []insight.Change, to int64) error {
	facts, err := j.facts(ctx, changes)
	if err != nil {
		return err
	}
	b := event.Batch{Checkpoint: &event.Checkpoint{Key: j.checkpoint(), Position: timeOf(to).UnixMicro()}}
	now := time.Now()
	for i := range changes {
		b.Records = append(b.Records, event.Record{Data: changes[i].Record(j.row.EventDataStore, &facts[i]), Received: now, Origin: &j.origin})
	}
	return j.s.opt.Ingest.Ingest(ctx, b)
}

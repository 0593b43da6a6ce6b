package query

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/lake/segment"
	"kiroku/internal/search"
)

// Part is one segment of a store.
type Part struct {
	Store            string
	Rows             int64
	MinTime, MaxTime int64 // microseconds
	FirstSeq         int64 // least and greatest sequence number
	LastSeq          int64
	Open             func() (*segment.File, error)
}

// Lake is where events are.
type Lake interface {
	// Parts lists the segments of stores, all when names is empty. They stay readable until release is called.
	Parts(names []string) (parts []Part, release func(), err error)
}

// Tap lets the live tail hear events: see pipeline.Pipeline.
type Tap interface {
	Tap(f func(store string, e *event.Event)) (stop func())
}

// Queries answers questions. It is safe for concurrent use.
type Queries struct {
	lake     Lake
	tap      Tap
	fields   *search.Fields
	matchers matchers
	answers  *answers
	latest   atomic.Pointer[segment.Rows] // what the last page from one row group decoded: pages before and after it are asked for next
}

// New makes Queries. fields knows the names that searches may use.
func New(lake Lake, tap Tap, fields *search.Fields) *Queries {
	return &Queries{lake: lake, tap: tap, fields: fields, matchers: matchers{pages: segment.NewPages(pageMemory)}, answers: newAnswers()}
}

// compiled is a request that is ready to run.
type compiled struct {
	prog     *search.Program
	from, to int64
	search   string
	answers  *answers
}

func (q *Queries) compile(req *Request) (*compiled, error) {
	c, err := compileWith(q.fields, req)
	if err == nil {
		c.search, c.answers = req.Search, q.answers
	}
	return c, err
}

func compileWith(fields *search.Fields, req *Request) (*compiled, error) {
	ast, err := search.Parse(req.Search)
	if err != nil {
		return nil, err
	}
	prog, err := search.Compile(ast, fields)
	if err != nil {
		return nil, err
	}
	if err := req.mayRead(prog.Columns()); err != nil {
		return nil, err
	}
	c := &compiled{prog: prog, from: math.MinInt64, to: math.MaxInt64}
	if !req.From.IsZero() {
		c.from = req.From.UnixMicro()
	}
	if !req.To.IsZero() {
		c.to = req.To.UnixMicro()
	}
	if c.from > c.to {
		return nil, fault.New(fault.Invalid, fmt.Errorf("from %s is after to %s", req.From.Format(time.RFC3339), req.To.Format(time.RFC3339)),
			"Exchange them.")
	}
	return c, nil
}

// mayRead refuses columns that the caller may not read: which events match would tell what stands in them.
func (r *Request) mayRead(columns []event.Column) error {
	for _, c := range columns {
		if slices.Contains(r.Denied, c) {
			return fault.New(fault.Denied, fmt.Errorf("search in %s: you may not read it", c),
				fmt.Sprintf("Leave %s out, or ask an administrator for the permission to read it.", c))
		}
	}
	return nil
}

// unit is one row group that may hold matches.
type unit struct {
	g     *segment.Group
	node  *search.Node
	store string
	place int // among the units, to break ties
}

// units lists the row groups that may hold matches, newest first.
func (q *Queries) units(ctx context.Context, req *Request, c *compiled) (us []unit, release func(), err error) {
	parts, release, err := q.lake.Parts(req.Stores)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			release()
		}
	}()
	nodes := map[string]*search.Node{}
	for i := range parts {
		p := &parts[i]
		node := nodes[p.Store]
		if node == nil {
			node = c.prog.Bind(p.Store).Root
			nodes[p.Store] = node
		}
		if node.Op == search.OpNone || p.MaxTime < c.from || p.MinTime >= c.to {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		f, err := p.Open()
		if err != nil {
			return nil, nil, fmt.Errorf("open segment of store %q: %w", p.Store, err)
		}
		for _, g := range f.Groups {
			if g.MaxTime >= c.from && g.MinTime < c.to {
				us = append(us, unit{g: g, node: node, store: p.Store})
			}
		}
	}
	slices.SortStableFunc(us, func(a, b unit) int { return cmp.Compare(b.g.MaxTime, a.g.MaxTime) })
	for i := range us {
		us[i].place = i
	}
	return us, release, nil
}

// eachUnit runs f for all units on all cores. f gets the matcher of its goroutine.
func (q *Queries) eachUnit(ctx context.Context, us []unit, scanned *Scanned, f func(worker int, m *matcher, u *unit) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	var events, bytes atomic.Int64
	for w := range workers() {
		g.Go(func() error {
			m := q.matchers.get()
			defer func() {
				bytes.Add(m.r.Bytes)
				q.matchers.put(m)
			}()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(us) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := f(w, m, &us[i]); err != nil {
					return err
				}
				events.Add(int64(us[i].g.Rows))
			}
		})
	}
	err := g.Wait()
	scanned.Events += events.Load()
	scanned.Bytes += bytes.Load()
	return err
}

func workers() int { return runtime.GOMAXPROCS(0) }

// whole says that all rows of the unit match, so that nothing needs to be read.
func (c *compiled) whole(u *unit) bool {
	return u.node.Op == search.OpAll && u.g.MinTime >= c.from && u.g.MaxTime < c.to
}

// Count counts the matching events.
func (q *Queries) Count(ctx context.Context, req Request) (int64, Scanned, error) {
	began := time.Now()
	var scanned Scanned
	c, err := q.compile(&req)
	if err != nil {
		return 0, scanned, err
	}
	if c.prog.Root.Op == search.OpAll && req.From.IsZero() && req.To.IsZero() {
		n, err := q.countAll(req.Stores)
		scanned.Took = time.Since(began)
		return n, scanned, err
	}
	us, release, err := q.units(ctx, &req, c)
	if err != nil {
		return 0, scanned, err
	}
	defer release()
	var total atomic.Int64
	err = q.eachUnit(ctx, us, &scanned, func(_ int, m *matcher, u *unit) error {
		if c.whole(u) {
			total.Add(int64(u.g.Rows))
			return nil
		}
		set, err := c.match(m, u)
		total.Add(int64(set.count()))
		return err
	})
	scanned.Took = time.Since(began)
	return total.Load(), scanned, err
}

func (q *Queries) countAll(stores []string) (n int64, err error) {
	parts, release, err := q.lake.Parts(stores)
	if err != nil {
		return 0, err
	}
	defer release()
	for i := range parts {
		n += parts[i].Rows
	}
	return n, nil
}

func float(v int64) float64 { return math.Float64frombits(uint64(v)) }

// target resolves a field that events are grouped by to one column or one key of unmapped.
func (q *Queries) target(req *Request, name string) (search.Target, error) {
	t := q.fields.Lookup(name)
	if err := req.mayRead(t.Columns); err != nil {
		return t, err
	}
	if t.Store || len(t.Columns) == 0 && t.Key == "" {
		return t, fault.New(fault.Invalid, fmt.Errorf("cannot group by field %q", name), `List the fields with GET /api/v1/fields.`)
	}
	if t.Known {
		t.Key = ""
	}
	t.Key = strings.TrimSpace(t.Key)
	return t, nil
}

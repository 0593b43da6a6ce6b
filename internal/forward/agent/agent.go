package agent

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/spool"
	"kiroku/internal/forward/wire"
	"kiroku/internal/logkey"
)

// Times of the agent.
const (
	firstRetry  = time.Second
	longRetry   = 60 * time.Second
	ackEvery    = 100 * time.Millisecond // or when wire.AckRecords are due: what is not acknowledged arrives twice when the agent is killed
	stopTime    = 18 * time.Second       // for destinations to confirm what they have, when the agent stops
	changeTime  = 5 * time.Second        // the same when a destination changes
	farewell    = 4 * time.Second        // for the last acknowledgment
	lookEvery   = wire.HeartbeatTime / 2
	noticeEvery = 2 * time.Second  // between two rounds of notifications
	sayAgain    = 10 * time.Minute // until the same trouble is logged again
)

// Sender sends to one destination; *deliver.Deliverer is one.
type Sender interface {
	Run(ctx context.Context) error
	Send(ctx context.Context, records []wire.Record) error
	Flush(ctx context.Context) error
	Seed(records []wire.Record)
	Acknowledged(n int)
	Wake()
	Metrics() wire.Metrics
}

// Options of an Agent.
type Options struct {
	Client  *Client
	Version string
	Host    string // name of this machine; "": as the system says
	Log     *slog.Logger
	// Proxied dials through the proxy, for destinations that say so; nil: there is none.
	Proxied deliver.DialFunc
	// Receipts reads which records the SIEM has received since a time; nil: it keeps none.
	Receipts func(ctx context.Context, since time.Time) (had func(uid string) bool, err error)
	// MaxErrors ends the agent after so many requests in a row that failed; 0: never.
	MaxErrors int
	// Spool keeps records until they are confirmed; nil: the server does. It is the caller's to close.
	Spool *spool.Folder
	// Open makes the sender of a destination; nil: deliver.New.
	Open func(deliver.Options) (Sender, error)
}

// Agent is one running SIEM agent. It is used for one Run.
type Agent struct {
	o      Options
	client *Client
	log    *slog.Logger

	had      func(uid string) bool // by the receipts of the SIEM; nil: nothing is left out
	etag     atomic.Pointer[string]
	paused   atomic.Bool
	waiting  atomic.Pointer[waiting] // while it is paused
	renew    chan struct{}           // the configuration has changed
	fatal    chan error              // why the agent cannot go on
	over     chan *line              // lines that have got the whole window of a recovery
	contact  atomic.Int64            // when the server last answered, Unix nanoseconds
	failures atomic.Int64            // since then
	began    atomic.Bool             // it has been configured
	online   chan struct{}           // closed when it has been
	away     func()                  // called when the first question gets no answer; nil: nothing to be done
	notices  *notices

	mu      sync.Mutex
	trouble string // with the server, as it was last logged
	said    time.Time
	old     string                // token that was given up last
	spools  map[string]wire.Spool // that the server was told of, and that were not compared with it yet
}

// New makes an Agent.
func New(o Options) *Agent {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Open == nil {
		o.Open = func(d deliver.Options) (Sender, error) { return deliver.New(d) }
	}
	o.Host = HostName(o.Host)
	a := &Agent{o: o, client: o.Client, log: o.Log, renew: make(chan struct{}, 1), fatal: make(chan error, 1), over: make(chan *line), online: make(chan struct{})}
	a.notices = newNotices(a)
	return a
}

// HostName is the name for the headers of syslog: what was given, else what the system says.
func HostName(given string) string {
	if given == "" {
		given, _ = os.Hostname() // a header without a host is one, too
	}
	return given
}

// Run passes records on until ctx ends, which is no error; then it has what was sent confirmed and acknowledged. It returns
// the summary of a recovery that is complete, or why the agent cannot go on.
func (a *Agent) Run(ctx context.Context) (*wire.Summary, error) {
	a.log.LogAttrs(ctx, slog.LevelInfo, "Initializing agent...", slog.String(logkey.Server, a.client.Server()))
	// What was begun may end after ctx.
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	f := &fleet{agent: a, finished: map[*line]bool{}, lines: map[string]*line{}}
	if a.o.Spool != nil {
		a.away = func() { a.offline(ctx, work, f) }
	}
	config, err := a.hello(ctx)
	if err == nil {
		err = a.adopt(config)
	}
	if err != nil {
		f.stop(errStopping)
		if IsRefused(err, wire.ReasonDeleted) {
			a.leaves(ctx)
		}
		return nil, stopped(ctx, err)
	}
	a.began.Store(true)
	a.mu.Lock()
	a.spools = config.Spools
	a.mu.Unlock()
	close(a.online)
	a.log.LogAttrs(ctx, slog.LevelInfo, "Initialization complete", slog.String(logkey.Agent, config.Agent.Name))
	var side sync.WaitGroup
	side.Go(func() { a.notices.run(work) })
	side.Go(func() { a.heartbeats(work, f) })
	side.Go(func() { a.waits(work) })
	summary, err := a.run(ctx, work, f, config)
	if err != nil {
		f.stop(errAbandoned)
	} else {
		f.stop(errStopping)
		if summary == nil {
			a.beatOnce(work, f)
		}
		a.log.LogAttrs(work, slog.LevelInfo, "agent stopped")
	}
	end()
	side.Wait()
	if IsRefused(err, wire.ReasonDeleted) {
		a.leaves(ctx)
	}
	if summary != nil && a.o.Spool != nil {
		if e := a.o.Spool.Clear(); e != nil {
			a.log.LogAttrs(ctx, slog.LevelWarn, logNotCleared, slog.Any(logkey.Err, e))
		}
	}
	return summary, err
}

// Began says whether Run got as far as a configuration.
func (a *Agent) Began() bool { return a.began.Load() }

// run applies configurations until there is an end.
func (a *Agent) run(ctx, work context.Context, f *fleet, config *wire.Config) (*wire.Summary, error) {
	for {
		if err := a.apply(ctx, work, f, config); err != nil {
			return nil, err
		}
		for next := false; !next; {
			select {
			case <-ctx.Done():
				return nil, nil
			case err := <-a.fatal:
				return nil, err
			case l := <-a.over:
				if f.finish(l) {
					a.beatOnce(ctx, f) // the last word about the destinations
					summary, err := a.complete(ctx)
					if !IsRefused(err, wire.ReasonInvalid) {
						return summary, err
					}
					// A record of the window has come late: what is there is pulled once more.
					a.say(ctx, err)
					f.apply(work, nil)
					next = pause(ctx, firstRetry)
				}
			case <-a.renew:
				next = true
			}
		}
		next, err := a.hello(ctx)
		if err == nil {
			err = a.adopt(next)
		}
		if err != nil {
			return nil, stopped(ctx, err)
		}
		config = next
	}
}

// stopped is err, but nil when ctx has ended: being told to stop is no error.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // as it says
	}
	return err
}

// apply makes the destinations run as the configuration says.
func (a *Agent) apply(ctx, work context.Context, f *fleet, c *wire.Config) error {
	if err := a.readReceipts(ctx, c); err != nil {
		return err
	}
	a.etag.Store(&c.ETag)
	a.paused.Store(c.Agent.Paused)
	if !c.Agent.Expires.IsZero() {
		a.log.LogAttrs(ctx, slog.LevelWarn, logTokenReplaced, slog.Time(logkey.Until, c.Agent.Expires))
	}
	if skew := time.Since(c.Now).Abs(); !c.Now.IsZero() && skew > wire.MaxClockSkew {
		a.log.LogAttrs(ctx, slog.LevelWarn, logClocks, slog.Duration(logkey.Took, skew))
	}
	want := c.Destinations
	if c.Agent.Paused {
		a.log.LogAttrs(ctx, slog.LevelInfo, "the agent is paused: nothing is pulled")
		want = nil
	}
	f.apply(work, want)
	a.rests(work)
	if a.wait(""); c.Agent.Paused && len(c.Destinations) > 0 {
		a.wait(c.Destinations[0].Name)
	}
	return nil
}

// hello asks for the configuration until it comes.
func (a *Agent) hello(ctx context.Context) (*wire.Config, error) {
	for tries := 0; ; tries++ {
		c, err := a.client.Hello(ctx, wire.Hello{Version: a.o.Version, Host: a.o.Host, OS: runtime.GOOS + "/" + runtime.GOARCH, Now: time.Now().UTC()})
		if err == nil {
			a.met(ctx)
			return c, nil
		}
		if a.away != nil && !IsRefused(err) && ctx.Err() == nil {
			a.away()
			a.away = nil
		}
		if err := a.survive(ctx, err, tries); err != nil {
			return nil, err
		}
	}
}

// complete tells the server that the window of a recovery has arrived.
func (a *Agent) complete(ctx context.Context) (*wire.Summary, error) {
	for tries := 0; ; tries++ {
		s, err := a.client.Complete(ctx)
		if err == nil {
			return &s, nil
		}
		if err := a.survive(ctx, err, tries); err != nil {
			return nil, stopped(ctx, err)
		}
	}
}

// met notes that the server answered.
func (a *Agent) met(ctx context.Context) {
	a.contact.Store(time.Now().UnixNano())
	a.failures.Store(0)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.trouble != "" {
		a.trouble = ""
		a.log.LogAttrs(ctx, slog.LevelInfo, "the server answers again", slog.String(logkey.Server, a.client.Server()))
	}
}

// survive waits after a request that failed for the tries-th time. An error of its own ends the agent.
func (a *Agent) survive(ctx context.Context, err error, tries int) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	wait := Backoff(tries)
	var r *Refused
	if errors.As(err, &r) {
		switch r.Reason {
		case wire.ReasonBusy:
			wait = max(wait, r.Wait)
		case wire.ReasonMalformed, wire.ReasonUnknown, wire.ReasonRevoked, wire.ReasonExpired:
			if !a.client.newToken(r) {
				return err
			}
			a.switches(ctx, r.token)
			a.again()
			pause(ctx, firstRetry)
			return ctx.Err()
		default:
			return err
		}
	}
	n := a.failures.Add(1)
	if a.o.MaxErrors > 0 && n >= int64(a.o.MaxErrors) {
		return &TooManyErrors{Count: int(n), Last: err}
	}
	a.say(ctx, err)
	pause(ctx, wait)
	return ctx.Err()
}

// outlive is survive for what runs beside the others: what cannot be survived ends the agent, or only the pass of a
// destination when the server does not understand it.
func (a *Agent) outlive(ctx context.Context, err error, tries int, end context.CancelCauseFunc) bool {
	err = a.survive(ctx, err, tries)
	switch {
	case err == nil:
		return true
	case ctx.Err() != nil:
	case IsRefused(err, wire.ReasonInvalid):
		a.again() // perhaps it is about a destination that has changed
		end(err)
	default:
		a.fail(err)
	}
	return false
}

// say logs trouble with the server, once.
func (a *Agent) say(ctx context.Context, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if text := err.Error(); text != a.trouble || time.Since(a.said) > sayAgain {
		a.trouble, a.said = text, time.Now()
		why, next := slog.Any(logkey.Err, err), slog.String(logkey.Next, fault.NextOf(err))
		if a.o.MaxErrors > 0 {
			a.log.LogAttrs(ctx, slog.LevelWarn, logAwayCounted, why, next)
		} else {
			a.log.LogAttrs(ctx, slog.LevelWarn, logAway, why, next)
		}
	}
}

// switches logs that a token is given up for the one in the file, once.
func (a *Agent) switches(ctx context.Context, old string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.old != old {
		a.old = old
		a.log.LogAttrs(ctx, slog.LevelInfo, "the server takes the token no more, and the token's file has another one: that is used from now on")
	}
}

// again asks for the configuration soon.
func (a *Agent) again() {
	signal(a.renew)
}

// fail ends the agent; the first reason counts.
func (a *Agent) fail(err error) {
	select {
	case a.fatal <- err:
	default:
	}
}

// heard reads what every answer says about the configuration.
func (a *Agent) heard(ctx context.Context, etag string, paused bool) {
	a.met(ctx)
	if known := a.etag.Load(); etag != "" && known != nil && *known != etag || paused != a.paused.Load() {
		a.again()
	}
}

// Backoff is how long to wait after tries failures: 1 s, 2 s and so on up to 60 s, each 20 % more or less.
func Backoff(tries int) time.Duration {
	d := longRetry
	if tries < 6 {
		d = firstRetry << tries
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

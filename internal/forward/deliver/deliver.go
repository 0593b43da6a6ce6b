package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kiroku/internal/forward/wire"
)

// DialFunc opens connections, directly or through a proxy.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// Options of a Deliverer. The functions may be nil, but for Dead. Confirmed and Dead are never called by two goroutines at
// once; they and Problem must not call the Deliverer, but for Metrics and Wake.
type Options struct {
	Destination wire.Destination
	Dial        DialFunc // nil: directly
	Log         *slog.Logger
	// Confirmed says that n more records, in the order of Send, are confirmed.
	Confirmed func(n int)
	// Problem is called after each attempt that failed, with a text that says why and what to do.
	Problem func(code wire.Code, text string)
	// Dead is given a record that the receiver will never take. When it returns nil, the record is on the list of dead
	// letters and counts as confirmed; else it is called again.
	Dead func(rec wire.Record, reason string) error
	// Bounded makes the Deliverer wait for Acknowledged before it sends more than two batches beyond it: after a crash of
	// this process no more than those arrive twice. It does not bind ConfirmWindow, which needs the window beyond that.
	Bounded bool

	stall  time.Duration // instead of stallTime, in tests
	away   time.Duration // instead of awayTime
	poison time.Duration // instead of poisonTime
}

// Windows and limits of confirming (the names are those of docs/guide).
const (
	replayHalfClose = 256 << 10        // bytes behind the last commit that a restart makes us send again
	replayWindow    = 4 << 20          // the same where the receiver's kernel confirms
	batchRecords    = 500              // records between two checkpoints
	aheadRecords    = 2 * batchRecords // that may be sent and not acknowledged, with Options.Bounded: the batch of docs/guide
	batchTime       = 5 * time.Second
	batchIdle       = time.Second // a checkpoint comes when nothing more came for so long
	queueBytes      = 4 << 20
	awayTime        = time.Minute // at a failover until the first target is looked for again
	chunkBytes      = 64 << 10    // of one write
)

// Deliverer sends records to one destination. Send, Flush, Acknowledged, Metrics, Wake may be called by any goroutine; Seed before Run.
type Deliverer struct {
	o       Options
	dest    wire.Destination
	targets []target
	tls     *tls.Config
	whole   atomic.Bool // TLS: no session is resumed, the receiver cannot
	q       *queue
	limit   *limiter
	wake    chan struct{}
	confirm sync.Mutex // one Confirmed at a time

	http   *httpSender
	buried map[int64]bool // indexes of dead letters that are not confirmed yet

	batch     int           // records to the next checkpoint
	most      int           // that batch can be
	idle      time.Duration // without a record until a checkpoint: learned from receivers that close what is idle
	good      int           // checkpoints since batch was changed
	window    int64         // of confirming by the kernel: replayWindow, or more when the peer's window was larger
	trusted   *target       // it has proved to be a receiver: see prove
	foreign   error         // what it said since it last was
	answer    time.Duration // that it took to answer the end of an empty connection
	closes    int           // idle connections that it closed since it last closed one at once
	fails     int           // sessions that failed since something was confirmed
	away      time.Time     // when we last turned to a failover, or looked for the first target from there
	stalls    int           // of them, those that ended because nothing moved
	redo      int64         // records to be sent again, since the receiver was last there
	suspected suspicion     // that the receiver refuses one record and nothing else

	acks                                              atomic.Int64 // calls of arrived
	confirmed, bytes, replays, reconnects, errs, dead atomic.Int64
	connections                                       atomic.Int64 // with those of checkpoints
	certExpires                                       atomic.Int64 // Unix seconds
	blocked                                           atomic.Pointer[string]
}

// New makes a Deliverer and loads the certificates of its destination. An error says what is wrong with the
// configuration (wire.ConfigRejected).
func New(o Options) (*Deliverer, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Dial == nil {
		o.Dial = direct
	}
	if o.Confirmed == nil {
		o.Confirmed = func(int) {}
	}
	if o.Problem == nil {
		o.Problem = func(wire.Code, string) {}
	}
	if o.stall == 0 {
		o.stall = stallTime
	}
	if o.poison == 0 {
		o.poison = poisonTime
	}
	if o.away == 0 {
		o.away = awayTime
	}
	if o.Dead == nil {
		return nil, errors.New("make deliverer: there is no list of dead letters")
	}
	d := &Deliverer{
		o: o, dest: o.Destination, wake: make(chan struct{}, 1),
		batch: batchRecords, most: batchRecords, idle: batchIdle, window: replayWindow, buried: map[int64]bool{},
	}
	var err error
	if d.targets, err = parseTargets(o.Destination); err != nil {
		return nil, err
	}
	if err := d.fill(); err != nil {
		return nil, err
	}
	if d.targets[0].tls {
		if d.tls, err = TLSConfig(d.dest.TLS); err != nil {
			return nil, err
		}
	}
	if d.targets[0].transport == overHTTP {
		if d.http, err = newHTTPSender(d); err != nil {
			return nil, err
		}
		d.batch, d.most = d.http.dest.Batch, d.http.dest.Batch
	}
	limit, keep := queueBytes, 0
	switch d.dest.Confirm {
	case wire.ConfirmHalfClose:
		keep = replayHalfClose
	case wire.ConfirmWindow:
		limit, keep = queueBytes+2*replayWindow, replayWindow
	}
	d.q, d.limit = newQueue(limit, keep), newLimiter(d.dest.Rate)
	if o.Bounded && d.dest.Confirm != wire.ConfirmWindow {
		d.q.ahead = int64(max(aheadRecords, 2*d.most))
	}
	return d, nil
}

// fill sets what the destination leaves open and refuses what does not go together.
func (d *Deliverer) fill() error {
	t := d.targets[0]
	if d.dest.Framing == "" {
		d.dest.Framing = wire.LF
		if t.transport == overTLS {
			d.dest.Framing = wire.Octet
		}
	}
	if d.dest.Confirm == "" {
		d.dest.Confirm = t.transport.confirms()[0]
	}
	if slices.Contains(t.transport.confirms(), d.dest.Confirm) {
		return nil
	}
	return fmt.Errorf("destination %q: %s cannot be confirmed by %q; use one of %v", d.dest.Name, t.transport, d.dest.Confirm, t.transport.confirms())
}

// Send takes records in the order in which they shall be sent. It waits while too much is not confirmed. The lines must not
// be changed afterwards.
func (d *Deliverer) Send(ctx context.Context, recs []wire.Record) error { return d.q.add(ctx, recs) }

// Flush makes the receiver confirm what was sent, and returns when all of it is confirmed and Confirmed has been told.
func (d *Deliverer) Flush(ctx context.Context) error {
	if err := d.q.flush(ctx); err != nil {
		return err
	}
	d.confirm.Lock() // Confirmed is called under it, after the queue knows
	defer d.confirm.Unlock()
	return nil
}

// Seed gives records that were confirmed before this Deliverer was made, the oldest first: they are sent again when the
// receiver turns out to have been restarted.
func (d *Deliverer) Seed(recs []wire.Record) { d.q.seed(recs) }

// Acknowledged says that n more of the records that were confirmed will not be given to Send again, whatever happens.
func (d *Deliverer) Acknowledged(n int) { d.q.acknowledge(n) }

// Wake ends a wait between two attempts: something was changed, it may work now.
func (d *Deliverer) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Metrics says how the destination does. Pulled and Skipped are not known here.
func (d *Deliverer) Metrics() wire.Metrics {
	held, oldest, resent := d.q.unconfirmed()
	m := wire.Metrics{
		Confirmed: d.confirmed.Load(), Bytes: d.bytes.Load(), Resent: resent, Replays: d.replays.Load(),
		Reconnects: d.reconnects.Load(), Errors: d.errs.Load(), Dead: d.dead.Load(), QueueBytes: int64(held),
		LimitedMS: d.limit.waited(),
	}
	if !oldest.IsZero() {
		m.OldestMS = time.Since(oldest).Milliseconds()
	}
	if t := d.certExpires.Load(); t != 0 {
		m.CertExpires = t - time.Now().Unix()
	}
	if text := d.blocked.Load(); text != nil {
		m.Blocked, m.Error = true, *text
	}
	return m
}

// arrived says that everything before upTo has arrived.
func (d *Deliverer) arrived(upTo int64) {
	d.confirm.Lock()
	defer d.confirm.Unlock()
	n := d.q.confirm(upTo)
	d.acks.Add(1)
	d.blocked.Store(nil)
	if n > 0 {
		d.confirmed.Add(int64(n))
		d.o.Confirmed(n)
	}
}

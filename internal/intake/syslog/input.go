package syslog

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"kiroku/internal/fault"
	"kiroku/internal/intake"
	"kiroku/internal/logkey"
)

// Input is one listening syslog input.
type Input struct {
	cfg      Config
	sink     Sink
	log      *slog.Logger
	warner   *warner
	networks networks
	blocks   *blocks
	queue    *semaphore.Weighted // bytes handed over and not yet released
	peers    *peers

	listener net.Listener // TCP, TLS
	packets  *net.UDPConn // UDP
	tls      *tlsFiles    // TLS
	state    atomic.Value // string: one of the states below
	failure  atomic.Value // string: why it is in stateError

	total       counters
	connections atomic.Int64
	stopping    atomic.Pointer[time.Time] // when connections must end; nil: the input runs
}

const (
	stateListening = "listening"
	stateStopped   = "stopped"
	stateError     = "error"
)

// drainFor is how long a stopping input still reads what senders have already sent, and how long it waits for the sink.
const (
	drainFor = 100 * time.Millisecond
	offerFor = 5 * time.Second
)

// Listen binds the input's address, so that a start fails before anything else began. The error is a fault whose Next
// tells what to do about a port that is in use or not permitted. The caller runs the input, or closes it.
func Listen(ctx context.Context, cfg Config, sink Sink, log *slog.Logger) (*Input, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fault.New(fault.Invalid, err, "Correct the configuration of the input.")
	}
	in := &Input{
		cfg:      cfg,
		sink:     sink,
		log:      log.With(slog.String(logkey.Input, cfg.Name)),
		networks: networks{allow: cfg.Allow, deny: cfg.Deny},
		blocks:   newBlocks(cfg.FrameSize),
		peers:    newPeers(),
	}
	// A single batch must always fit, or it would wait for ever.
	in.queue = semaphore.NewWeighted(max(cfg.Queue, int64(in.blocks.largest())))
	in.warner = newWarner(in.log)
	if cfg.Type == TLS {
		if in.tls, err = loadTLS(cfg.TLS, in.warner); err != nil {
			return nil, err
		}
	}
	if err := in.bind(ctx); err != nil {
		return nil, bindError(cfg, err)
	}
	in.state.Store(stateListening)
	return in, nil
}

func (in *Input) bind(ctx context.Context) error {
	var lc net.ListenConfig
	if in.cfg.Type != UDP {
		l, err := lc.Listen(ctx, "tcp", in.cfg.Address)
		in.listener = l
		return err
	}
	c, err := lc.ListenPacket(ctx, "udp", in.cfg.Address)
	if err != nil {
		return err
	}
	in.packets = c.(*net.UDPConn)
	return nil
}

// Addr is where the input listens.
func (in *Input) Addr() net.Addr {
	if in.packets != nil {
		return in.packets.LocalAddr()
	}
	return in.listener.Addr()
}

// Name is the input's name.
func (in *Input) Name() string { return in.cfg.Name }

// Close frees the address of an input that will not run. Run closes by itself.
func (in *Input) Close() error {
	in.state.CompareAndSwap(stateListening, stateStopped)
	if in.packets != nil {
		return in.packets.Close()
	}
	return in.listener.Close()
}

// Run receives until ctx ends; it then takes what senders have already sent and returns nil. It returns after every
// goroutine and connection of the input has ended.
func (in *Input) Run(ctx context.Context) error {
	in.log.LogAttrs(ctx, slog.LevelInfo, "input listening", slog.String(logkey.Address, in.Addr().String()))

	// What was received before ctx ended is still handed over, but a full sink cannot hold the process for ever.
	offers, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	unhook := context.AfterFunc(ctx, func() { time.AfterFunc(offerFor, cancel) })
	defer unhook()

	var err error
	if in.packets != nil {
		err = in.runDatagrams(ctx)
	} else {
		err = in.runStreams(ctx, offers)
	}
	if err != nil {
		in.failure.Store(err.Error())
		in.state.Store(stateError)
		return err
	}
	in.state.Store(stateStopped)
	return nil
}

// beginStop fixes when what senders have already sent must have been read.
func (in *Input) beginStop() {
	end := time.Now().Add(drainFor)
	in.stopping.CompareAndSwap(nil, &end)
}

// Parsed counts n records of the sender at addr that became an event of their source.
func (in *Input) Parsed(addr netip.Addr, n uint64) {
	in.total.parsed.Add(n)
	if p := in.peers.find(addr); p != nil {
		p.parsed.Add(n)
	}
}

// Unparsed counts n records of the sender at addr that were stored with a parse error.
func (in *Input) Unparsed(addr netip.Addr, n uint64) {
	in.total.unparsed.Add(n)
	if p := in.peers.find(addr); p != nil {
		p.unparsed.Add(n)
	}
}

// Status is what the input tells about itself.
func (in *Input) Status() intake.Status {
	s := intake.Status{
		Name:        in.cfg.Name,
		Integration: in.cfg.Integration,
		Type:        in.cfg.Type,
		Address:     in.Addr().String(),
		Source:      string(in.cfg.Origin.Source),
		Service:     in.cfg.Origin.Service,
		State:       in.state.Load().(string),
		Connections: int(in.connections.Load()),
		LastSeen:    in.total.lastSeenTime(),
		Counters:    in.total.snapshot(),
		Peers:       in.peers.newest(),
	}
	s.Error, _ = in.failure.Load().(string)
	return s
}

// offer hands a parcel of a stream over and waits for room. It returns false when the stream must end.
func (in *Input) offer(ctx context.Context, p *parcel, bytes int64) bool {
	if len(p.records) == 0 {
		p.unpack()
		return true
	}
	err := in.queue.Acquire(ctx, bytes)
	if err == nil {
		p.weight = bytes
		err = in.sink.Offer(ctx, p.batch())
	}
	if err == nil {
		return true
	}
	p.unpack()
	if !errors.Is(err, context.Canceled) {
		in.warner.warn(ctx, "records dropped: sink refuses them", slog.Any(logkey.Err, err))
	}
	return false
}

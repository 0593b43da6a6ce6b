package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"kiroku/internal/config"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/intake"
	"kiroku/internal/intake/syslog"
)

// listen opens all sockets: the console's and APIs', and those of all inputs.
func (s *Server) listen(ctx context.Context) error {
	errs := []error{s.listenHTTP(ctx)}
	for i := range s.opt.Config.Inputs {
		if s.opt.Config.Inputs[i].Type == config.CloudTrail {
			continue // it listens nowhere: see openTrails
		}
		in, err := s.listenInput(ctx, &s.opt.Config.Inputs[i])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.inputs = append(s.inputs, in)
		s.byName[in.Name()] = in
		s.closeLater(func() error { return unlessClosed(in.Close()) })
	}
	return errors.Join(errs...)
}

func (s *Server) listenHTTP(ctx context.Context) error {
	cfg := s.opt.Config
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.HTTP.Address)
	if err != nil {
		return httpAdvice(cfg.HTTP.Address, err)
	}
	s.listener = l
	s.closeLater(func() error { return unlessClosed(l.Close()) })
	if cfg.HTTP.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(cfg.HTTP.CertFile, cfg.HTTP.KeyFile)
		if err != nil {
			return fault.New(fault.Invalid, fmt.Errorf("load certificate of http: %w", err), "Check http.cert_file and http.key_file.")
		}
		s.listener = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	return nil
}

// unlessClosed is err unless it says that the socket was closed already, by what served it.
func unlessClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Server) listenInput(ctx context.Context, c *config.Input) (*syslog.Input, error) {
	zone, err := c.Location()
	if err != nil {
		return nil, err
	}
	allow, deny, err := c.Networks()
	if err != nil {
		return nil, err
	}
	filter, err := c.Filter()
	if err != nil {
		return nil, fault.New(fault.Invalid, fmt.Errorf("input %q: %w", c.Name, err), "Correct the pattern: it is a Go regular expression (RE2).")
	}
	return syslog.Listen(ctx, syslog.Config{
		Name: c.Name, Integration: c.Integration, Type: c.Type, Address: c.Address,
		Origin:    &event.Origin{Input: c.Name, Source: event.SourceName(c.Source), Service: c.Service, Tags: c.Tags, Store: c.Store, Zone: zone},
		FrameSize: int(c.FrameSize), Queue: int64(c.Queue), MaxConnections: c.MaxConnections, IdleTimeout: c.IdleTimeout.Std(),
		Allow: allow, Deny: deny, Filter: filter,
		TLS: syslog.TLSConfig{CertFile: c.TLS.CertFile, KeyFile: c.TLS.KeyFile, CAFile: c.TLS.CAFile, ClientAuth: c.TLS.ClientAuth, MinVersion: c.TLS.MinVersion},
	}, later{s}, s.opt.Log)
}

// later hands records to the pipeline, which is built after the sockets are open.
type later struct{ s *Server }

func (l later) Offer(ctx context.Context, b event.Batch) error { return l.s.pipe.Offer(ctx, b) }
func (l later) TryOffer(b event.Batch) bool                    { return l.s.pipe.TryOffer(b) }

// httpAdvice says what to do about an address that cannot be had.
func httpAdvice(addr string, err error) error {
	err = fmt.Errorf("Can't start HTTP on %s: %w", addr, err) //nolint:staticcheck // the sentence that people search for
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		_, port, _ := net.SplitHostPort(addr)
		return fault.New(fault.Conflict, err, fmt.Sprintf("Port %s is in use: stop the program that has it (ss -ltnp 'sport = :%s' names it), or choose another with --http.", port, port))
	case errors.Is(err, os.ErrPermission):
		return fault.New(fault.Denied, err, "Ports below 1024 need a right: choose a higher one with --http, or run \"sudo setcap CAP_NET_BIND_SERVICE=+ep\" on the kiroku binary.")
	}
	return fault.New(fault.Invalid, err, "Check the address given with --http or http.address.")
}

// Inputs describes all inputs.
func (s *Server) Inputs() []intake.Status {
	out := make([]intake.Status, 0, len(s.inputs)+len(s.trails))
	for _, in := range s.inputs {
		out = append(out, in.Status())
	}
	for _, in := range s.trails {
		st := in.Status()
		s.digestStatus(&st)
		out = append(out, st)
	}
	return out
}

// mapped counts what became of a sender's records.
func (s *Server) mapped(o *event.Origin, peer netip.Addr, parsed, unparsed int) {
	if in := s.byName[o.Input]; in != nil {
		in.Parsed(peer, uint64(parsed))
		in.Unparsed(peer, uint64(unparsed))
	}
}

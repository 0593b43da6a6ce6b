package agent

import (
	"context"
	"errors"

	"kiroku/internal/forward/spool"
	"kiroku/internal/forward/wire"
)

// word is what the server was told of the spool; nil: it cannot be asked now.
func (l *line) word() *wire.Spool {
	select {
	case <-l.agent.online:
	default:
		return nil
	}
	l.agent.mu.Lock()
	defer l.agent.mu.Unlock()
	w := l.agent.spools[l.dest.Name]
	return &w
}

// damage tells what of the spool was gone over.
func (s *spooled) damage() {
	if err := s.q.Damage(); err != nil {
		s.agent.notices.add(s.dest.Name, wire.SpoolDamaged, err.Error()+"; it was gone over")
	} else {
		s.agent.notices.clear(s.dest.Name, wire.SpoolDamaged)
	}
}

// compare finds out, once, whether the spool has what the server was told that it has.
func (s *spooled) compare() error {
	a := s.agent
	a.mu.Lock()
	defer a.mu.Unlock()
	err := s.q.Expect(a.spools[s.dest.Name])
	if err == nil {
		delete(a.spools, s.dest.Name)
		close(s.whole)
	}
	return err
}

// compares does so when the server can be asked.
func (s *spooled) compares(ctx context.Context, end context.CancelCauseFunc) {
	select {
	case <-s.whole:
		return
	default:
	}
	if !s.agent.ready(ctx) {
		return
	}
	if err := s.compare(); err != nil {
		s.unspooled(err)
		end(err)
		return
	}
	s.damage()
}

// unspooled tells why the spool cannot be used.
func (l *line) unspooled(err error) {
	code := wire.InternalError
	var damage *spool.DamageError
	var full *spool.FullError
	switch {
	case errors.Is(err, spool.ErrBusy): // by the line before this one
		return
	case errors.As(err, &damage):
		code = wire.SpoolDamaged
	case errors.As(err, &full):
		code = wire.SpoolFull
	}
	l.agent.notices.add(l.dest.Name, code, err.Error())
}

package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward"
	"kiroku/internal/forward/wire"
	"kiroku/internal/identity"
	"kiroku/internal/query"
	"kiroku/internal/timespec"
)

const (
	// backfill is what an agent begins with where nothing is said: as much as Defender for Cloud Apps sends.
	backfill = 48 * time.Hour
	// previewed is how many events a preview shows.
	previewed = 20
)

// theirAgent finds an agent that p may see: one that reads nothing but p's stores.
func (s *server) theirAgent(ctx context.Context, p *caller, ref string) (wire.AgentStatus, error) {
	id, err := s.deps.Agents.Resolve(ref)
	if err != nil {
		return wire.AgentStatus{}, err
	}
	st, err := s.deps.Agents.Get(ctx, id)
	if err == nil && !mayAgent(p, &st) {
		err = fault.New(fault.NotFound, fmt.Errorf("find SIEM agent %q: there is none", ref), `List them with "kiroku agents list".`)
	}
	return st, err
}

func mayAgent(p *caller, st *wire.AgentStatus) bool {
	if len(p.Stores) == 0 {
		return true
	}
	foreign := func(store string) bool { return !slices.Contains(p.Stores, store) }
	return len(st.Stores) > 0 && !slices.ContainsFunc(st.Stores, foreign)
}

// deniedNames are the columns that p may not read.
func deniedNames(p *caller) (names []string) {
	for _, c := range hidden(p) {
		names = append(names, c.String())
	}
	return names
}

// startOf reads now, all or a time; "" is the last 48 hours.
func startOf(text string) (forward.Start, error) {
	now := time.Now()
	switch text {
	case "":
		return forward.Start{Since: now.Add(-backfill)}, nil
	case "now":
		return forward.Start{Now: true}, nil
	case "all":
		return forward.Start{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 { // 48h is the last 48 hours
		return forward.Start{Since: now.Add(-d)}, nil
	}
	t, err := timespec.Parse(text, now, nil)
	return forward.Start{Since: t}, err
}

// ListSIEMAgents answers GET /api/v1/siem-agents.
func (s *server) ListSIEMAgents(ctx context.Context, _ ListSIEMAgentsRequestObject) (ListSIEMAgentsResponseObject, error) {
	p := identity.FromContext(ctx)
	out := ListSIEMAgents200JSONResponse{Agents: []SIEMAgent{}}
	for _, st := range s.deps.Agents.List(ctx) {
		if mayAgent(p, &st) {
			out.Agents = append(out.Agents, st)
		}
	}
	return out, nil
}

// CreateSIEMAgent answers POST /api/v1/siem-agents.
func (s *server) CreateSIEMAgent(ctx context.Context, r CreateSIEMAgentRequestObject) (CreateSIEMAgentResponseObject, error) {
	p, b := identity.FromContext(ctx), r.Body
	stores, err := p.Limit(b.Stores)
	if err != nil {
		return nil, err
	}
	start, err := startOf(b.Start)
	if err != nil {
		return nil, err
	}
	m, err := s.deps.Agents.Create(ctx, p.Name(), b.Name, forward.Spec{Types: b.Types, Filter: b.Filter, Stores: stores, Denied: deniedNames(p), Destinations: b.Destinations}, start)
	if err != nil {
		return nil, err
	}
	return CreateSIEMAgent201JSONResponse{ID: m.ID, Token: m.Token, Note: m.Note, Warnings: s.deps.Agents.Warnings(b.Filter)}, nil
}

// GetSIEMAgent answers GET /api/v1/siem-agents/{id}.
func (s *server) GetSIEMAgent(ctx context.Context, r GetSIEMAgentRequestObject) (GetSIEMAgentResponseObject, error) {
	st, err := s.theirAgent(ctx, identity.FromContext(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	return GetSIEMAgent200JSONResponse(st), nil
}

// UpdateSIEMAgent answers PATCH /api/v1/siem-agents/{id}.
func (s *server) UpdateSIEMAgent(ctx context.Context, r UpdateSIEMAgentRequestObject) (UpdateSIEMAgentResponseObject, error) {
	p, b := identity.FromContext(ctx), r.Body
	st, err := s.theirAgent(ctx, p, r.ID)
	if err != nil {
		return nil, err
	}
	c := forward.Change{Name: b.Name, Types: b.Types, Filter: b.Filter, Destinations: b.Destinations, Denied: deniedNames(p)}
	if b.Stores != nil {
		stores, err := p.Limit(*b.Stores)
		if err != nil {
			return nil, err
		}
		c.Stores = &stores
	}
	start, err := startOf(b.Start)
	if err != nil {
		return nil, err
	}
	c.Start = &start
	if err := s.deps.Agents.Edit(ctx, st.ID, c); err != nil {
		return nil, err
	}
	st, err = s.deps.Agents.Get(ctx, st.ID)
	if err != nil {
		return nil, err
	}
	if b.Filter != nil {
		st.Warnings = s.deps.Agents.Warnings(*b.Filter)
	}
	return UpdateSIEMAgent200JSONResponse(st), nil
}

// DeleteSIEMAgent answers DELETE /api/v1/siem-agents/{id}.
func (s *server) DeleteSIEMAgent(ctx context.Context, r DeleteSIEMAgentRequestObject) (DeleteSIEMAgentResponseObject, error) {
	return DeleteSIEMAgent204Response{}, s.withAgent(ctx, r.ID, s.deps.Agents.Delete)
}

// PauseSIEMAgent answers POST /api/v1/siem-agents/{id}/pause.
func (s *server) PauseSIEMAgent(ctx context.Context, r PauseSIEMAgentRequestObject) (PauseSIEMAgentResponseObject, error) {
	return PauseSIEMAgent204Response{}, s.withAgent(ctx, r.ID, s.deps.Agents.Pause)
}

// ResumeSIEMAgent answers POST /api/v1/siem-agents/{id}/resume.
func (s *server) ResumeSIEMAgent(ctx context.Context, r ResumeSIEMAgentRequestObject) (ResumeSIEMAgentResponseObject, error) {
	return ResumeSIEMAgent204Response{}, s.withAgent(ctx, r.ID, s.deps.Agents.Resume)
}

// RevokeSIEMTokens answers DELETE /api/v1/siem-agents/{id}/tokens.
func (s *server) RevokeSIEMTokens(ctx context.Context, r RevokeSIEMTokensRequestObject) (RevokeSIEMTokensResponseObject, error) {
	return RevokeSIEMTokens204Response{}, s.withAgent(ctx, r.ID, s.deps.Agents.Revoke)
}

func (s *server) withAgent(ctx context.Context, ref string, do func(ctx context.Context, id string) error) error {
	st, err := s.theirAgent(ctx, identity.FromContext(ctx), ref)
	if err != nil {
		return err
	}
	return do(ctx, st.ID)
}

// RotateSIEMToken answers POST /api/v1/siem-agents/{id}/token.
func (s *server) RotateSIEMToken(ctx context.Context, r RotateSIEMTokenRequestObject) (RotateSIEMTokenResponseObject, error) {
	overlap := forward.Overlap
	if n := r.Body.OverlapSeconds; n != nil {
		if *n < 0 || *n > int64(100*24*time.Hour/time.Second) {
			return nil, invalid("Use a number of seconds up to 90 days.", "rotate token: an overlap of %d seconds is not possible", *n)
		}
		overlap = time.Duration(*n) * time.Second
	}
	st, err := s.theirAgent(ctx, identity.FromContext(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	token, err := s.deps.Agents.Rotate(ctx, st.ID, overlap)
	if err != nil {
		return nil, err
	}
	return RotateSIEMToken201JSONResponse{ID: st.ID, Token: token}, nil
}

// RecoverSIEMAgent answers POST /api/v1/siem-agents/{id}/recover.
func (s *server) RecoverSIEMAgent(ctx context.Context, r RecoverSIEMAgentRequestObject) (RecoverSIEMAgentResponseObject, error) {
	p, b, now := identity.FromContext(ctx), r.Body, time.Now()
	st, err := s.theirAgent(ctx, p, r.ID)
	if err != nil {
		return nil, err
	}
	from, err := timespec.Parse(b.From, now, nil)
	if err != nil {
		return nil, err
	}
	to, err := timespec.Parse(b.To, now, nil)
	if err != nil {
		return nil, err
	}
	m, err := s.deps.Agents.Recover(ctx, p.Name(), st.ID, forward.Recovery{Name: b.Name, From: from, To: to, By: b.By, Types: b.Types, Missing: b.MissingOnly,
		Destinations: b.Destinations, Only: b.ToDestinations, Denied: deniedNames(p)})
	if err != nil {
		return nil, err
	}
	return RecoverSIEMAgent201JSONResponse{ID: m.ID, Token: m.Token, Note: m.Note}, nil
}

// ListSIEMNotifications answers GET /api/v1/siem-agents/{id}/notifications.
func (s *server) ListSIEMNotifications(ctx context.Context, r ListSIEMNotificationsRequestObject) (ListSIEMNotificationsResponseObject, error) {
	limit, err := limitOf(r.Params.Limit)
	if err != nil {
		return nil, err
	}
	st, err := s.theirAgent(ctx, identity.FromContext(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	all, err := s.deps.Agents.Notifications(ctx, st.ID, r.Params.History, limit)
	if err != nil {
		return nil, err
	}
	return ListSIEMNotifications200JSONResponse{Notifications: all}, nil
}

// limitOf is a limit from 1 to 1000; 100 when left out.
func limitOf(n int) (int, error) {
	if n == 0 {
		n = 100
	}
	return n, within("limit", n, 1, 1000)
}

// ListSIEMDeadLetters answers GET /api/v1/siem-agents/{id}/dead-letters.
func (s *server) ListSIEMDeadLetters(ctx context.Context, r ListSIEMDeadLettersRequestObject) (ListSIEMDeadLettersResponseObject, error) {
	limit, err := limitOf(r.Params.Limit)
	if err != nil {
		return nil, err
	}
	st, err := s.theirAgent(ctx, identity.FromContext(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	all, err := s.deps.Agents.DeadLetters(ctx, st.ID, r.Params.After, limit)
	if err != nil {
		return nil, err
	}
	return ListSIEMDeadLetters200JSONResponse{DeadLetters: all}, nil
}

// ReplaySIEMDeadLetters answers POST /api/v1/siem-agents/{id}/dead-letters/replay.
func (s *server) ReplaySIEMDeadLetters(ctx context.Context, r ReplaySIEMDeadLettersRequestObject) (ReplaySIEMDeadLettersResponseObject, error) {
	st, err := s.theirAgent(ctx, identity.FromContext(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	n, err := s.deps.Agents.Replay(ctx, st.ID, r.Body.Ids)
	if err != nil {
		return nil, err
	}
	return ReplaySIEMDeadLetters200JSONResponse{Replaying: n}, nil
}

// DeleteSIEMDeadLetter answers DELETE /api/v1/siem-agents/{id}/dead-letters/{letter}.
func (s *server) DeleteSIEMDeadLetter(ctx context.Context, r DeleteSIEMDeadLetterRequestObject) (DeleteSIEMDeadLetterResponseObject, error) {
	return DeleteSIEMDeadLetter204Response{}, s.withAgent(ctx, r.ID, func(ctx context.Context, id string) error {
		return s.deps.Agents.DeleteDead(ctx, id, r.Letter)
	})
}

// PreviewSIEMAgent answers POST /api/v1/siem-agents/preview.
func (s *server) PreviewSIEMAgent(ctx context.Context, r PreviewSIEMAgentRequestObject) (PreviewSIEMAgentResponseObject, error) {
	p, b := identity.FromContext(ctx), r.Body
	stores, err := p.Limit(b.Stores)
	if err != nil {
		return nil, err
	}
	sp := forward.Spec{Types: b.Types, Filter: b.Filter, Stores: stores, Denied: deniedNames(p)}
	if b.Destination.To != "" || b.Destination.Format != "" {
		if b.Destination.To == "" {
			b.Destination.To = "stdout:"
		}
		sp.Destinations = []wire.Destination{b.Destination}
	}
	if err := s.deps.Agents.Check(sp); err != nil {
		return nil, err
	}
	if b.From == "" {
		b.From = "now-48h"
	}
	req, _, err := requestOf(p, EventQuery{Search: searchOf(b.Filter, b.Types), Stores: stores, From: b.From, To: b.To}, nil)
	if err != nil {
		return nil, err
	}
	req.Limit, sp.From, sp.To = previewed, req.From, req.To
	return s.preview(ctx, p, req, sp)
}

func (s *server) preview(ctx context.Context, p *caller, req query.Request, sp forward.Spec) (PreviewSIEMAgentResponseObject, error) {
	n, _, err := s.deps.Search.Count(ctx, req)
	if err != nil {
		return nil, err
	}
	page, err := s.deps.Search.Search(ctx, req)
	if err != nil {
		return nil, err
	}
	out := PreviewSIEMAgent200JSONResponse{Count: n, Warnings: s.deps.Agents.Warnings(sp.Filter)}
	if out.Rows, err = visible(p, page.Rows); err != nil {
		return nil, err
	}
	if len(sp.Destinations) > 0 {
		if out.Lines, err = s.deps.Agents.Preview(ctx, sp, previewed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// categoryFindings is OCSF's category of alerts.
const categoryFindings = "category_uid:2"

// searchOf is the search for what passes a filter and is of some types.
func searchOf(filter string, types []wire.Type) string {
	var parts []string
	if strings.TrimSpace(filter) != "" {
		parts = append(parts, "("+filter+")")
	}
	switch activities, alerts := slices.Contains(types, wire.Activities), slices.Contains(types, wire.Alerts); {
	case activities && !alerts:
		parts = append(parts, "NOT "+categoryFindings)
	case alerts && !activities:
		parts = append(parts, categoryFindings)
	}
	return strings.Join(parts, " AND ")
}

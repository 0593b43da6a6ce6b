package awsapi

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"time"
	"unicode/utf8"

	"kiroku/internal/awsapi/policy"
	"kiroku/internal/awsapi/sigv4"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/logkey"
	"kiroku/internal/meta"
	"kiroku/internal/source/auditevent"
)

// PutAuditEventsOutput says of each event of a request what became of it. Both lists are always there.
type PutAuditEventsOutput struct {
	Failed     []FailedEvent `json:"failed"`
	Successful []StoredEvent `json:"successful"`
}

// StoredEvent is an event that is durable.
type StoredEvent struct {
	ID      string `json:"id"`      // the sender's
	EventID string `json:"eventID"` // ours
}

// FailedEvent is an event that was refused.
type FailedEvent struct {
	ID           string `json:"id"`
	ErrorCode    string `json:"errorCode"`
	ErrorMessage string `json:"errorMessage"`
}

type auditEntry struct {
	ID        *string `json:"id"`
	EventData *string `json:"eventData"`
	Checksum  string  `json:"eventDataChecksum"`
}

var (
	entryIDForm    = regexp.MustCompile(`^[-_A-Za-z0-9]{1,128}$`)
	externalIDForm = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
)

const maxExternalID = 1224

// beginPut checks what concerns a request as a whole, the caller's permission too.
func (s *Service) beginPut(ctx context.Context, c *call) (*put, error) {
	entries, err := s.readEntries(c.body)
	if err != nil {
		return nil, err
	}
	externalID, hasID := parameter(c.claims.Query, "externalId")
	if hasID && (len(externalID) < 2 || len(externalID) > maxExternalID || !externalIDForm.MatchString(externalID)) {
		return nil, refuse(codeValidation, "externalId must have 2 to 1224 letters, digits and _ + = , . @ : / -")
	}
	given, _ := parameter(c.claims.Query, "channelArn")
	channel, err := s.openChannel(ctx, c.Caller, given, externalID)
	if err != nil {
		return nil, err
	}
	p := s.newPut(channel, c.Caller.Principal, c.peer, c.now)
	p.entries = entries
	return p, nil
}

// carryOut checks the events of a request and stores those that are fine; the others stand in failed.
func (p *put) carryOut(ctx context.Context) error {
	for _, e := range p.entries {
		p.add(*e.ID, *e.EventData, e.Checksum)
	}
	if err := p.store(ctx); err != nil {
		return err
	}
	p.keepRejected(ctx)
	return nil
}

func parameter(query []sigv4.Pair, name string) (string, bool) {
	for _, p := range query {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// readEntries checks what makes a request as a whole wrong.
func (s *Service) readEntries(body []byte) ([]auditEntry, error) {
	if !utf8.Valid(body) {
		return nil, refuse(codeSerialization, "The body is not UTF-8.")
	}
	var in struct {
		AuditEvents []auditEntry `json:"auditEvents"`
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	if n := len(in.AuditEvents); n < 1 || n > s.limits.AuditEvents {
		return nil, refuse(codeValidation, "auditEvents must have 1 to %d events, not %d.", s.limits.AuditEvents, n)
	}
	seen := make(map[string]bool, len(in.AuditEvents))
	size := 0
	for i, e := range in.AuditEvents {
		switch {
		case e.ID == nil || !entryIDForm.MatchString(*e.ID):
			return nil, refuse(codeValidation, "auditEvents[%d].id must have 1 to 128 letters, digits, - and _.", i)
		case e.EventData == nil:
			return nil, refuse(codeValidation, "auditEvents[%d].eventData is required.", i)
		case seen[*e.ID]:
			return nil, refuse("DuplicatedAuditEventId", "The id %q stands twice in the request.", *e.ID)
		}
		seen[*e.ID] = true
		size += len(*e.EventData)
	}
	if size > s.limits.AuditBytes {
		return nil, tooLarge(int64(s.limits.AuditBytes))
	}
	return in.AuditEvents, nil
}

// openChannel finds the channel that a caller names and may put events into.
func (s *Service) openChannel(ctx context.Context, c Caller, given, externalID string) (meta.Channel, error) {
	a, ok := s.locate(c, kindChannel, given)
	if !ok {
		return meta.Channel{}, refuse("InvalidChannelARN", "channelArn %.300q is neither the ARN nor the ID of a channel.", given)
	}
	row, err := meta.GetChannel(ctx, s.db.Read(), a.id)
	if fault.KindOf(err) == fault.NotFound || err == nil && (row.Account != a.account || row.Region != a.region || row.Region != c.Region) {
		return meta.Channel{}, refuse("ChannelNotFound", "There is no channel %.300q.", given)
	}
	if err != nil {
		return meta.Channel{}, err
	}
	decision, err := s.decide(ctx, s.channelARN(row), policy.Request{Account: c.Account, ARN: c.Principal, Action: actionPut, ExternalID: externalID})
	if err != nil {
		return meta.Channel{}, err
	}
	if !decision.Allowed() {
		return meta.Channel{}, refuse("ChannelInsufficientPermission", "%s may not put events into the channel %s.", c.Principal, given)
	}
	return row, nil
}

// put is one request's way through a channel.
type put struct {
	s         *Service
	channel   meta.Channel
	arn       string
	principal string
	peer      netip.AddrPort
	now       time.Time
	entries   []auditEntry // of a request, not looked at yet

	taken    []taken
	rejected []meta.Rejected
	out      PutAuditEventsOutput
}

// taken is an event that is fine and not stored yet.
type taken struct {
	StoredEvent
	facts
	data string
}

func (s *Service) newPut(channel meta.Channel, principal string, peer netip.AddrPort, now time.Time) *put {
	return &put{s: s, channel: channel, arn: s.channelARN(channel), principal: principal, peer: peer, now: now.UTC(),
		out: PutAuditEventsOutput{Failed: []FailedEvent{}, Successful: []StoredEvent{}}}
}

// add checks an event.
func (p *put) add(id, data, checksum string) {
	facts, no := checkEvent(data, checksum, p.channel.Account)
	if no == nil {
		p.taken = append(p.taken, taken{StoredEvent{id, newUUID()}, facts, data})
		return
	}
	p.out.Failed = append(p.out.Failed, FailedEvent{id, no.code, no.message})
	p.rejected = append(p.rejected, meta.Rejected{ID: risingUUID(p.now, len(p.rejected)), Channel: p.channel.ID, Received: p.now, Principal: p.principal,
		RequestID: id, Code: no.code, Message: no.message, EventData: data, Tries: 1})
}

// store makes the events that are fine durable in every destination.
func (p *put) store(ctx context.Context) error {
	// A caller that gives up must not leave a batch that becomes durable while the next try does not know of it.
	ctx = context.WithoutCancel(ctx)
	var uids []event.AuditUID
	if p.channel.Deduplicate && len(p.taken) > 0 {
		unlock, fresh, err := p.deduplicate(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		uids = fresh
	}
	if len(p.taken) > 0 {
		batch, err := p.batch(ctx)
		if err != nil {
			return err
		}
		if len(uids) > 0 {
			batch.Checkpoint = &event.Checkpoint{AuditUIDs: uids}
		}
		if err := p.s.opt.Ingest.Ingest(ctx, batch); err != nil {
			return fmt.Errorf("store audit events of channel %q: %w", p.channel.ID, err)
		}
	}
	for _, t := range p.taken {
		p.out.Successful = append(p.out.Successful, t.StoredEvent)
	}
	p.s.ingestion.note(p)
	return nil
}

// envelopeBytes is about what an envelope adds to its event.
const envelopeBytes = 512

// inputName is the input that events of channels come through.
const inputName = "channels"

func (p *put) batch(ctx context.Context) (event.Batch, error) {
	var origins []*event.Origin
	for _, id := range p.channel.Destinations {
		row, err := meta.GetEventDataStore(ctx, p.s.db.Read(), id)
		if err != nil {
			return event.Batch{}, err
		}
		origins = append(origins, &event.Origin{Input: inputName, Source: event.AuditEvents, Store: row.Store})
	}
	batch := event.Batch{Records: make([]event.Record, 0, len(p.taken)*len(origins))}
	for _, t := range p.taken {
		e := auditevent.Envelope{ID: t.EventID, Time: t.time, Region: p.channel.Region, Account: p.channel.Account, ChannelARN: p.arn,
			ChannelSource: p.channel.Source, Ingested: p.now}
		record := e.Append(make([]byte, 0, len(t.data)+envelopeBytes), []byte(t.data))
		for _, o := range origins {
			batch.Records = append(batch.Records, event.Record{Data: record, Received: p.now, Peer: p.peer, Origin: o})
		}
	}
	return batch, nil
}

// keepRejected puts the refused events on the channel's list. The sender was told of each; that the list could not be
// written does not make those that are stored fail.
func (p *put) keepRejected(ctx context.Context) {
	if len(p.rejected) == 0 {
		return
	}
	err := p.s.db.Write(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		for _, r := range p.rejected {
			if err := meta.InsertRejected(ctx, tx, r); err != nil {
				return err
			}
		}
		if !p.s.rejections.due(p.channel.ID, p.rejected) {
			return nil
		}
		_, err := meta.TrimRejected(ctx, tx, p.channel.ID, p.s.limits.Rejected, p.s.limits.RejectedBytes)
		return err
	})
	if err != nil {
		p.s.log.LogAttrs(ctx, slog.LevelError, "rejected events not kept", slog.Any(logkey.Err, err), slog.String(logkey.Input, p.arn), slog.Int(logkey.Events, len(p.rejected)))
	}
}

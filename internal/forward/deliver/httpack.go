package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Times and limits of Splunk's indexer acknowledgment.
const (
	ackBatches   = 16 // requests without acknowledgment
	firstPoll    = 50 * time.Millisecond
	slowestPoll  = 5 * time.Second
	ackTime      = 5 * time.Minute // without one the request is sent again
	acknowledged = -1              // of a request that needs no acknowledgment
)

// ackPoller holds the requests that the indexer has not acknowledged, in order.
type ackPoller struct {
	h    *httpSender
	open []openAck
	poll time.Duration
}

type openAck struct {
	id   int64
	upTo int64
	at   time.Time
}

func (p *ackPoller) empty() bool { return len(p.open) == 0 }
func (p *ackPoller) full() bool  { return len(p.open) >= ackBatches }

func (p *ackPoller) add(id, upTo int64) {
	p.open = append(p.open, openAck{id, upTo, time.Now()})
	p.poll = firstPoll
}

// wait waits for acknowledgments, or without any until the queue changes.
func (p *ackPoller) wait(ctx context.Context, changed <-chan struct{}) error {
	if p.empty() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			return nil
		}
	}
	if err := sleep(ctx, p.poll); err != nil {
		return err
	}
	p.poll = min(2*p.poll, slowestPoll)
	var ids []int64
	for _, a := range p.open {
		if a.id != acknowledged {
			ids = append(ids, a.id)
		}
	}
	done, err := p.h.askAcks(ctx, ids)
	if err != nil {
		return err
	}
	n := 0
	for i := range p.open {
		if done[p.open[i].id] {
			p.open[i].id = acknowledged
		}
		if n == i && p.open[i].id == acknowledged {
			n++
		}
	}
	if n > 0 {
		p.h.d.settle(p.open[n-1].upTo)
		p.open = append(p.open[:0], p.open[n:]...)
		p.poll = firstPoll
	} else if time.Since(p.open[0].at) > ackTime {
		return fmt.Errorf("%s has not acknowledged a request for %v; it is sent again", p.h.d.targets[0], ackTime)
	}
	return nil
}

// acknowledged waits for one acknowledgment.
func (h *httpSender) acknowledged(ctx context.Context, id int64) error {
	for begun, pause := time.Now(), firstPoll; ; pause = min(2*pause, slowestPoll) {
		done, err := h.askAcks(ctx, []int64{id})
		if err != nil || done[id] {
			return err
		}
		if time.Since(begun) > ackTime {
			return fmt.Errorf("%s has not acknowledged a request for %v; it is sent again", h.d.targets[0], ackTime)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// askAcks asks which requests are stored.
func (h *httpSender) askAcks(ctx context.Context, ids []int64) (map[int64]bool, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	body, err := json.Marshal(map[string][]int64{"acks": ids})
	if err != nil {
		return nil, err
	}
	t := h.d.targets[0]
	u, err := url.Parse(h.address(t))
	if err != nil {
		return nil, err
	}
	if i := strings.Index(u.Path, splunkPath); i >= 0 {
		u.Path = u.Path[:i]
	}
	u.Path += splunkPath + "/ack"
	u.RawQuery = "channel=" + h.channel
	status, header, answer, err := h.post(ctx, t, u.String(), "application/json", body)
	if err != nil {
		return nil, err
	}
	if status/100 != 2 {
		return nil, h.refusal(t, status, header, answer)
	}
	var a struct {
		Acks map[string]bool `json:"acks"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return nil, fmt.Errorf("%s answers %.100q when asked for acknowledgments", t, answer)
	}
	done := map[int64]bool{}
	for key, ok := range a.Acks {
		if id, err := strconv.ParseInt(key, 10, 64); err == nil && ok {
			done[id] = true
		}
	}
	return done, nil
}

// shrinkUnanswered makes requests smaller when none was answered although there was a connection: the receiver may take
// only so much, or take long.
func (d *Deliverer) shrinkUnanswered(n int, err error) {
	var answer *answerError
	var dial *dialError
	var hs *handshakeError
	if !errors.As(err, &answer) && !errors.As(err, &dial) && !errors.As(err, &hs) {
		d.shrink(n, err)
	}
}

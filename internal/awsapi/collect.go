package awsapi

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"

	"kiroku/internal/awsapi/selector"
	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/event"
	"kiroku/internal/logkey"
	"kiroku/internal/meta"
)

// collector is an event data store that takes CloudTrail events which reach Kiroku in other ways, for example from S3.
type collector struct {
	store           string // the lake's
	account, region string // "": events of all
	set             selector.Set
}

// reload reads which stores take CloudTrail events. It is called after each change of a store.
func (s *Service) reload(ctx context.Context) error {
	rows, err := meta.ListEventDataStores(ctx, s.db.Read(), "", "")
	if err != nil {
		return err
	}
	var list []collector
	for _, row := range rows {
		if statusOf(&row) != statusEnabled || row.Category == categoryActivity {
			continue
		}
		set, err := selector.Parse([]byte(row.Selectors))
		if err != nil {
			return fmt.Errorf("read selectors of event data store %q: %w", row.ID, err)
		}
		c := collector{row.Store, row.Account, row.Region, set}
		if s.ofOrganization(&row) {
			c.account = ""
		}
		if row.MultiRegion {
			c.region = ""
		}
		list = append(list, c)
	}
	s.collectors.Store(&list)
	return nil
}

// reloaded is reload where an error can only be told: the change itself was made.
func (s *Service) reloaded(ctx context.Context) {
	if err := s.reload(context.WithoutCancel(ctx)); err != nil {
		s.log.LogAttrs(ctx, slog.LevelError, "selectors of event data stores not read", slog.Any(logkey.Err, err))
	}
}

// StoresFor returns the lake's stores of the event data stores whose selectors keep a CloudTrail record. It is called for
// every record, from many goroutines. Records of an import, and
// Insights events that are made here, go to their destination only.
func (s *Service) StoresFor(rec *event.Record) []string {
	list := *s.collectors.Load()
	if len(list) == 0 || Imported(rec.From()) || madeHere(rec.From()) {
		return nil
	}
	t, err := readTrail(rec.Data)
	if err != nil {
		return nil
	}
	var out []string
	for i := range list {
		c := &list[i]
		if (c.account == "" || c.account == t.account) && (c.region == "" || c.region == t.region) && c.set.Match(&t.event) {
			out = append(out, c.store)
		}
	}
	return out
}

// trailFacts are what decides where a CloudTrail record goes. Its texts are parts of the record or of the walker's buffers, and
// of use as long as both.
type trailFacts struct {
	account, region string
	event           selector.Event
}

// More than a record of the largest size has, and how deep one may be nested.
const (
	maxLeaves = 1 << 18
	maxDepth  = 500
)

// readTrail reads a CloudTrail record. Records before eventVersion 1.05 name no recipient: their caller's account is it.
func readTrail(record []byte) (trailFacts, error) {
	var t trailFacts
	var caller string
	w := jsonleaf.Walker{MaxLeaves: maxLeaves, MaxDepth: maxDepth}
	err := w.Walk(record, func(l jsonleaf.Leaf) bool {
		if l.Kind == jsonleaf.Null {
			return true
		}
		if rest, ok := bytes.CutPrefix(l.Key, []byte("resources.")); ok {
			t.resource(rest, l.Value)
			return true
		}
		e := &t.event
		switch string(l.Key) {
		case "eventCategory":
			e.Category = selector.Category(event.Bytes(l.Value))
		case "readOnly":
			e.ReadOnly = event.Bytes(l.Value)
		case "eventSource":
			e.Source = event.Bytes(l.Value)
		case "eventName":
			e.Name = event.Bytes(l.Value)
		case "eventType":
			e.Type = event.Bytes(l.Value)
		case "errorCode":
			e.ErrorCode = event.Bytes(l.Value)
		case "sessionCredentialFromConsole":
			e.FromConsole = event.Bytes(l.Value)
		case "userIdentity.arn":
			e.UserARN = event.Bytes(l.Value)
		case "vpcEndpointId":
			e.VPCEndpointID = event.Bytes(l.Value)
		case "userIdentity.accountId":
			caller = event.Bytes(l.Value)
		case "recipientAccountId":
			t.account = event.Bytes(l.Value)
		case "awsRegion":
			t.region = event.Bytes(l.Value)
		}
		return true
	})
	if t.account == "" {
		t.account = caller
	}
	return t, err
}

// maxResources bounds the resources of a record that are looked at.
const maxResources = 1000

// resource takes a leaf below resources: its key is the number of the resource and a name.
func (t *trailFacts) resource(key, value []byte) {
	number, name, ok := bytes.Cut(key, []byte{'.'})
	n, err := strconv.Atoi(string(number))
	if !ok || err != nil || n < 0 || n >= maxResources {
		return
	}
	if missing := n + 1 - len(t.event.Resources); missing > 0 {
		t.event.Resources = append(t.event.Resources, slices.Repeat([]selector.Resource{{}}, missing)...)
	}
	switch r := &t.event.Resources[n]; string(name) {
	case "type":
		r.Type = event.Bytes(value)
	case "ARN":
		r.ARN = event.Bytes(value)
	case "ARNPrefix":
		if r.ARN == "" {
			r.ARN = event.Bytes(value)
		}
	}
}

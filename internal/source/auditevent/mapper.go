package auditevent

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/event"
	"kiroku/internal/source"
)

// maxDepth is how deeply an event may nest.
const maxDepth = 512

var errNotAnEvent = errors.New("read audit event: JSON object without eventCategory ActivityAuditLog and eventData")

// mapper maps one record after the other.
type mapper struct {
	walker jsonleaf.Walker
	onLeaf func(jsonleaf.Leaf) bool
	unmap  source.Unmapper
	text   []byte // what is put together from several values
	words  words

	// Of the record that is being mapped.
	e       *event.Event
	values  [numNames]string
	targets targets
	source  string // of the channel
	hasData bool
}

func newMapper() *mapper {
	m := &mapper{walker: jsonleaf.Walker{MaxDepth: maxDepth, MaxLeaves: math.MaxInt}}
	m.onLeaf = m.leaf
	return m
}

func (m *mapper) record(rec *event.Record, e *event.Event) error {
	doc := rec.Data
	if !utf8.Valid(doc) {
		doc = bytes.ToValidUTF8(doc, []byte("\ufffd"))
	}
	m.start(e, len(doc))
	defer m.start(nil, 0) // so that the record's bytes are not held until the next one
	if err := m.walker.Walk(doc, m.onLeaf); err != nil {
		return fmt.Errorf("read audit event: %w", err)
	}
	if m.values[nCategory] != eventCategory || !m.hasData {
		return errNotAnEvent
	}
	e.Int(event.ColSeverityID, "", event.SeverityInformational)
	m.mapProduct()
	m.mapFields()
	m.mapTime(rec)
	m.mapActor()
	m.mapSource()
	m.mapKind()
	m.mapMessage()
	m.unmap.End()
	return nil
}

func (m *mapper) start(e *event.Event, size int) {
	m.e, m.source, m.hasData = e, "", false
	m.values = [numNames]string{}
	m.targets = targets{}
	m.unmap.Start(e, size)
}

// dataPrefix begins the path of everything that the application said.
const dataPrefix = "eventData."

// leaf takes one value of the record.
func (m *mapper) leaf(l jsonleaf.Leaf) bool {
	if l.Kind == jsonleaf.Null || len(l.Value) == 0 {
		return true
	}
	value := ""
	if l.InDoc {
		value = event.Bytes(l.Value)
	} else {
		value = m.e.Keep(l.Value)
	}
	m.hasData = m.hasData || len(l.Key) >= len(dataPrefix) && string(l.Key[:len(dataPrefix)]) == dataPrefix
	if len(l.Key) <= maxNameText {
		if n := names[string(l.Key)]; n != noName && m.values[n] == "" {
			m.values[n] = value
			if n >= firstKept {
				m.e.Unmap(nameTexts[n], value)
			}
			return true
		}
	}
	if bytes.HasPrefix(l.Key, []byte(targetPrefix)) {
		m.targets.take(l.Key[len(targetPrefix):], value)
	}
	m.unmap.Keep(l.Key, l.KeyInDoc, value)
	return true
}

// put sets a text column from a field.
func (m *mapper) put(c event.Column, n name) { m.e.Str(c, nameTexts[n], m.values[n]) }

// keep keeps a field in unmapped that has no column after all.
func (m *mapper) keep(n name) { m.e.Unmap(nameTexts[n], m.values[n]) }

// mapProduct finds out whose event it is.
func (m *mapper) mapProduct() {
	e, v := m.e, &m.values
	m.source = v[nChannelSource]
	if m.source == "" {
		m.source = guessSource(v[nEventSource])
	}
	if p, ok := products[m.source]; ok {
		e.Str(event.ColProductVendor, "", p.vendor)
		e.Str(event.ColProductName, "", p.name)
		return
	}
	m.put(event.ColProductName, nEventSource)
}

// guessSource finds the channel's source where the record does not tell, by what the products' own senders write.
func guessSource(eventSource string) string {
	switch {
	case strings.HasPrefix(eventSource, "okta."):
		return sourceOkta
	case strings.HasPrefix(eventSource, "github."):
		return sourceGitHub
	case strings.EqualFold(eventSource, sourceCrowdStrike):
		return sourceCrowdStrike
	}
	return ""
}

// mapFields sets the columns that say the same as one field.
func (m *mapper) mapFields() {
	v := &m.values
	m.put(event.ColMetadataUID, nID)
	m.put(event.ColProductFeature, nCategory)
	m.put(event.ColEventCode, nType)
	if m.source == sourceOkta && v[nOktaType] != "" {
		m.keep(nType)
		m.put(event.ColEventCode, nOktaType)
	}
	m.e.Str(event.ColCloudProvider, "", "AWS") // regions and accounts are AWS's words
	m.put(event.ColCloudRegion, nRegion)
	m.put(event.ColCloudAccountUID, nDataAccount)
	if v[nAccount] != "" && v[nAccount] != v[nDataAccount] {
		m.keep(nDataAccount)
	}
	m.put(event.ColCloudAccountUID, nAccount)
	m.put(event.ColChannel, nChannel)
	m.put(event.ColLogProvider, nChannelSource)
	m.put(event.ColUserAgent, nUserAgent)
	m.put(event.ColAPIService, nEventSource)
	m.put(event.ColService, nEventSource)
	m.put(event.ColAPIOperation, nEventName)
	m.put(event.ColCorrelationUID, nUID)
}

// mapTime takes the time in front, which retention counts from; eventData's own is kept where it says something else.
func (m *mapper) mapTime(rec *event.Record) {
	e, v := m.e, &m.values
	own, ownErr := parseTime(v[nDataTime])
	t, err := parseTime(v[nTime])
	switch {
	case err == nil:
		e.Time(event.ColTime, nameTexts[nTime], t)
		if text := v[nTime]; text[len(text)-1] != 'Z' || len(text) > len("2006-01-02T15:04:05.000000Z") {
			m.keep(nTime) // the column shows neither zones nor nanoseconds
		}
	case ownErr == nil:
		t = own
		m.keep(nTime)
		e.Time(event.ColTime, nameTexts[nDataTime], t)
	default:
		t = rec.Received
		m.keep(nTime)
		e.Time(event.ColTime, "", t)
	}
	if ownErr == nil && own.Equal(t) && len(v[nDataTime]) == len("2006-01-02T15:04:05Z") {
		e.Time(event.ColTime, nameTexts[nDataTime], t)
		return
	}
	m.put(event.ColOriginalTime, nDataTime)
}

// parseTime reads yyyy-MM-DDTHH:mm:ss, in UTC, with or without a fraction and a zone.
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, errNoTime
	}
	if last := s[len(s)-1]; last == 'Z' || len(s) > len("2006-01-02T15:04:05") && (s[len(s)-6] == '+' || s[len(s)-6] == '-') {
		return time.Parse(time.RFC3339, s)
	}
	return time.Parse("2006-01-02T15:04:05", s)
}

var errNoTime = errors.New("no time")

// mapActor: principalId is the only name that all applications give.
func (m *mapper) mapActor() {
	m.put(event.ColActorUserType, nUserType)
	m.put(event.ColActorUserUID, nPrincipal)
	m.put(event.ColActorUserName, nPrincipal)
	if m.source != sourceOkta || m.values[nAlternateID] == "" {
		return
	}
	m.put(event.ColActorUserName, nAlternateID)
	if strings.IndexByte(m.values[nAlternateID], '@') > 0 {
		m.put(event.ColActorUserEmail, nAlternateID)
	}
}

// mapSource: what is no address and no host, for example the text "None", is no source.
func (m *mapper) mapSource() {
	text := m.values[nSourceAddress]
	switch {
	case text == "":
	case strings.Trim(text, "0123456789abcdefABCDEF.:") == "" && isAddress(text):
		m.put(event.ColSrcIP, nSourceAddress)
	case strings.IndexByte(text, '.') > 0 && strings.IndexByte(text, ' ') < 0:
		m.put(event.ColSrcHost, nSourceAddress)
	default:
		m.keep(nSourceAddress)
	}
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// mapMessage takes Okta's own words, else says who did what: "door.example.com:BadgeAccepted by badge-4711".
func (m *mapper) mapMessage() {
	e, v := m.e, &m.values
	if m.source == sourceOkta && v[nOktaMessage] != "" {
		m.put(event.ColMessage, nOktaMessage)
		return
	}
	done := v[nEventName]
	if m.source == sourceOkta && v[nOktaType] != "" {
		done = v[nOktaType]
	}
	b := append(append(append(m.text[:0], v[nEventSource]...), ':'), done...)
	if actor := e.GetStr(event.ColActorUserName); actor != "" {
		b = append(append(b, " by "...), actor...)
	}
	if e.GetInt(event.ColStatusID) == event.StatusFailure {
		b = append(append(b, ": "...), e.GetStr(event.ColOutcome)...)
	}
	m.text = b
	e.Str(event.ColMessage, "", e.Keep(b))
}

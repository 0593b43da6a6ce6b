package accessgateway

import (
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"kiroku/internal/event"
)

// leftovers keeps everything that has no column.
func (m *mapper) leftovers() {
	e, l := m.e, m.l
	for i := range l.Data {
		if i >= 64 || m.used&(1<<i) == 0 {
			m.unmap(ownPrefix(l.Data[i].Key), l.Data[i].Key, safe(l.Data[i].Key, l.Data[i].Value))
		}
	}
	m.repeats("sd_duplicates.", l.Duplicates, func(p Pair) string { return safe(p.Key, p.Value) })
	for i := range l.MessageFields {
		if i >= 64 || m.usedText&(1<<i) == 0 {
			m.unmap("message.", l.MessageFields[i].Key, safe(l.MessageFields[i].Key, l.MessageFields[i].Value))
		}
	}
	e.Unmap("COMPONENT", redact(real(l.Component.Value)))
	e.Unmap("SUB_COMPONENT", redact(real(l.SubComponent.Value)))
	e.Unmap("procid", l.ProcID)
	if e.GetStr(event.ColLogProvider) != real(l.Application.Value) {
		e.Unmap("APPLICATION", redact(real(l.Application.Value)))
	}
	if len(l.Bare) > 0 {
		e.Unmap("sd_bare", redact(strings.Join(l.Bare, " ")))
	}
	if len(l.Positional) > 0 && !e.Has(event.ColDstIP) && !e.Has(event.ColDstHost) {
		e.Unmap("positional", redact(strings.Join(l.Positional, " ")))
	}
	m.envelope()
	m.warnings()
}

func (m *mapper) envelope() {
	m.e.Unmap("envelope.relay", redact(m.l.Relay))
	for _, env := range slices.Backward(m.l.RelayHeaders) {
		for _, p := range [...]Pair{
			{"envelope.relay", env.Hostname}, {"envelope.relay.timestamp", env.Timestamp}, {"envelope.relay.app_name", env.AppName}, {"envelope.relay.procid", env.ProcID},
			{"envelope.relay.msgid", env.MsgID}, {"envelope.relay.structured_data", env.Data},
		} {
			m.e.Unmap(p.Key, redact(real(p.Value)))
		}
	}
	env := &m.l.Envelope
	if env.Format == envelopePRI || env.Format == "" {
		return
	}
	for _, p := range [...]Pair{
		{"envelope.timestamp", env.Timestamp}, {"envelope.hostname", env.Hostname}, {"envelope.app_name", env.AppName},
		{"envelope.procid", env.ProcID}, {"envelope.msgid", env.MsgID}, {"envelope.structured_data", env.Data},
	} {
		m.e.Unmap(p.Key, redact(p.Value))
	}
}

// maxRepeats bounds the work on a hostile line that repeats keys; raw_data has them all.
const maxRepeats = 64

// repeats keeps the later values of keys, those of one key in one text, because unmapped has every key once.
func (m *mapper) repeats(prefix string, list []Pair, show func(Pair) string) {
	list = list[:min(len(list), maxRepeats)]
	for i, p := range list {
		if repeated(list[:i], nil, p.Key) {
			continue
		}
		v := show(p)
		for _, later := range list[i+1:] {
			if later.Key == p.Key {
				v += ", " + show(later)
			}
		}
		m.unmap(prefix, p.Key, v)
	}
}

// ownPrefix keeps a key of the line, which a client may have chosen, apart from the names that Map gives itself.
func ownPrefix(key string) string {
	switch key {
	case "APPLICATION", "COMPONENT", "SUB_COMPONENT", "procid", "positional", "sd_bare", "intermediate_ips", "parse_warnings":
		return "data."
	}
	for _, p := range [...]string{"reason.", "reason_repeats.", "message.", "sd_duplicates.", "envelope.", "data."} {
		if strings.HasPrefix(key, p) {
			return "data."
		}
	}
	return ""
}

// unmap keeps a value under prefix and key.
func (m *mapper) unmap(prefix, key, v string) {
	if v == "" {
		return
	}
	if prefix == "" {
		m.e.Unmap(key, v)
		return
	}
	var buf [96]byte
	name := append(append(buf[:0], prefix...), key...)
	m.e.Unmap(m.e.Keep(name), v)
}

// maxWarnings bounds parse_warnings on a hostile line of many keys.
const maxWarnings = 4096

// warnings keeps what is odd about the line.
func (m *mapper) warnings() {
	var buf [512]byte
	b := buf[:0]
	for _, i := range m.l.Irregular {
		if len(b) > maxWarnings {
			break
		}
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = append(b, i.Code...)
		if i.Detail != "" {
			b = append(b, ':')
			b = append(b, redact(i.Detail)...)
		}
	}
	m.e.Unmap("parse_warnings", m.e.Keep(b))
}

// hash identifies node and text, so that a line that came by syslog can be found again in a downloaded file. It is no id:
// one node writes equal lines for distinct events.
func (m *mapper) hash() string {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.WriteString(m.l.Hostname.Value) // Digest's writes return no errors
	_, _ = d.WriteString("\n")
	_, _ = d.WriteString(m.l.text)
	const digits = "0123456789abcdef"
	var hex [16]byte
	for i, v := 15, d.Sum64(); i >= 0; i, v = i-1, v>>4 {
		hex[i] = digits[v&15]
	}
	return m.e.Keep(hex[:])
}

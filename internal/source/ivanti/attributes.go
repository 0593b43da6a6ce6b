package ivanti

import (
	"encoding/json"
	"strings"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/event"
)

// notAvailable stands in attributes for an empty realm and an empty user agent.
const notAvailable = "N/A"

// attributes returns the function that gives a record the attributes of Datadog's pipeline, with its names and types:
// counters are numbers, ports taken from texts are strings, roles are a list. A record that cannot be read has only its text.
func attributes(agents agentParser) func(*event.Record) (map[string]any, error) {
	return func(rec *event.Record) (map[string]any, error) {
		var n entry
		var scratch event.Event
		if readable := n.parse(rec, &scratch) == nil; !readable {
			return map[string]any{"message": strings.Clone(n.text())}, nil
		}
		a := tree{}
		n.keyAttributes(a)
		n.clientAttributes(a, agents)
		n.factAttributes(a)
		for i := range n.extra {
			extraAttribute(a, &n.extra[i])
		}
		return a.detach(), nil
	}
}

// tree is a nested object that is filled by dotted path.
type tree map[string]any

func (t tree) set(path string, v any) {
	for {
		head, rest, nested := strings.Cut(path, ".")
		if !nested {
			t[head] = v
			return
		}
		child, ok := t[head].(tree)
		if !ok {
			child = tree{}
			t[head] = child
		}
		t, path = child, rest
	}
}

// detach makes plain maps of t and the trees in it.
func (t tree) detach() map[string]any {
	m := make(map[string]any, len(t))
	for k, v := range t {
		if child, ok := v.(tree); ok {
			v = child.detach()
		}
		m[k] = v
	}
	return m
}

// keyAttributes sets the keys as they are, with those that the pipeline renames or converts left out.
func (n *entry) keyAttributes(a tree) {
	for k := range numKeys {
		if !n.has(k) {
			continue
		}
		v := strings.Clone(n.values[k])
		switch k {
		case keySourceIP, keyUser, keyUserAgent, keyText, keyAdditional:
		case keyTimestamp:
			if s, ok := atoi(v); ok {
				a.set("timestamp", s*1000)
			} else {
				a.set("timestamp", v)
			}
		case keyRoles:
			a.set("roles", v)
			if v != "" {
				a.set("roles", strings.Split(v, ", "))
			}
		default:
			a.set(keyNames[k], v)
		}
	}
	if typ := n.typ; typ != "" {
		a.set("event_type", strings.Clone(typ))
	}
	if status := n.status(); status != "" {
		a.set("status", status)
	}
	if n.values[keyRealm] == "" {
		a.set("realm_name", notAvailable)
	}
}

// status is the pipeline's word for the severity.
func (n *entry) status() string {
	_, word := n.severity()
	for i := range n.extra {
		if x := &n.extra[i]; word == "" && x.name == "severity" {
			word = strings.ToLower(x.value)
		}
	}
	switch word {
	case "info":
		return "Info"
	case "minor":
		return "Notice"
	case "major":
		return "Warning"
	case "critical":
		return "Critical"
	}
	return ""
}

// clientAttributes sets user, address and user agent.
func (n *entry) clientAttributes(a tree, agents agentParser) {
	if n.has(keyUser) {
		a.set("usr.name", strings.Clone(n.values[keyUser]))
	}
	if n.has(keySourceIP) {
		a.set("network.client.ip", strings.Clone(n.values[keySourceIP]))
		a.set("network.client.geoip", map[string]any{})
	}
	agent := strings.Clone(n.values[keyUserAgent])
	if agent == "" {
		a.set("http.useragent", notAvailable)
		return
	}
	a.set("http.useragent", agent)
	a.set("http.useragent_details", agents.details(agent))
}

// factAttributes sets what the text says, over what the keys say.
func (n *entry) factAttributes(a tree) {
	for k := range numFacts {
		info, v := &factInfos[k], strings.Clone(n.facts.values[k])
		if v == "" || info.ours {
			continue
		}
		if !info.number {
			a.set(info.name, v)
			continue
		}
		if i, ok := atoi(v); ok {
			a.set(info.name, i)
		} else {
			a.set(info.name, json.Number(v))
		}
	}
	if n.facts.text == textTunnelStarted {
		// The pipeline takes the tunnel's address for the client's.
		a.set("network.client.ip", strings.Clone(n.facts.values[factTunnelIP]))
	}
	if code, ok := atoi(n.facts.values[factStatus]); ok {
		if category := statusCategory(code); category != "" {
			a.set("http.status_category", category)
		}
	}
}

func extraAttribute(a tree, x *extra) {
	name, value := strings.Clone(x.name), strings.Clone(x.value)
	if name == "destination_ip" {
		name = "network.destination.ip"
		if network, ok := a["network"].(tree); ok && network["destination"] != nil {
			return
		}
	}
	switch x.kind {
	case jsonleaf.String:
		if name == "network.destination.ip" {
			a.set(name, value)
			return
		}
		a[name] = value
	default:
		var v any
		d := json.NewDecoder(strings.NewReader(value))
		d.UseNumber()
		if d.Decode(&v) != nil {
			v = value
		}
		a[name] = v
	}
}

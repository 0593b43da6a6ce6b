package ivanti

import (
	"strings"

	"kiroku/internal/event"
)

// mapPeople sets who did it. What the text says counts more than the keys, as in Datadog's pipeline; a key's value that
// differs is kept under its own name.
func (n *entry) mapPeople(e *event.Event) {
	f, v := &n.facts.values, &n.values
	n.override(e, event.ColActorUserName, keyUser, factUser)
	n.override(e, event.ColActorUserDomain, keyRealm, factRealm)
	if e.Has(event.ColActorUserName) && n.typ == "ADM" {
		e.Str(event.ColActorUserType, n.typFrom, "Admin")
	}
	mapRoles(e, v[keyRoles])

	// The text's session id ("sid5a5a…") is another one than the key's, which all records of the session carry.
	said, name := f[factSessionID], factInfos[factSessionID].name
	if said == "" {
		said, name = f[factTextSession], factInfos[factTextSession].name
	}
	e.Str(event.ColActorSessionUID, "session_id", v[keySessionID])
	if v[keySessionID] == "" {
		e.Str(event.ColActorSessionUID, name, said)
	}
	if said != v[keySessionID] {
		e.Str(event.ColActorSessionUIDAlt, name, said)
	}
}

func (n *entry) override(e *event.Event, c event.Column, k key, f fact) {
	given, said := n.values[k], n.facts.values[f]
	if said == "" || said == given {
		said, name := given, keyNames[k]
		if k == keyUser {
			_, said = cutVSYS(given)
		}
		e.Str(c, name, said)
		if said != given {
			e.Unmap(name, given)
		}
		return
	}
	e.Str(c, factInfos[f].name, said)
	e.Unmap(keyNames[k], given)
}

// mapRoles splits "Users, VPN Full".
func mapRoles(e *event.Event, roles string) {
	for roles != "" {
		role := roles
		if at := strings.Index(roles, ", "); at >= 0 {
			role, roles = roles[:at], roles[at+2:]
		} else {
			roles = ""
		}
		e.Add(event.ColActorUserGroups, "roles", role)
	}
}

// mapAddresses sets the client's public address and the tunnel's. Where the text names another client than the key, the
// text counts and the key's is kept.
func (n *entry) mapAddresses(e *event.Event) {
	f, given := &n.facts.values, n.values[keySourceIP]
	first := given
	if at := strings.IndexByte(given, ','); at > 0 { // Neurons may list several
		first = given[:at]
	}
	said, name := f[factClientIP], factInfos[factClientIP].name
	if f[factNewIP] != "" {
		said, name = f[factNewIP], factInfos[factNewIP].name
	}
	switch {
	case said != "" && said != given && isIP(said):
		e.Str(event.ColSrcIP, name, said)
		e.Unmap("source_ip", given)
	case isIP(first):
		e.Str(event.ColSrcIP, "source_ip", first)
		if len(first) < len(given) {
			e.Unmap("source_ip", given)
		}
	default:
		e.Unmap("source_ip", given)
	}
	e.Unmap("new_client_ip", f[factNewIP])
	e.Str(event.ColTunnelIP, factInfos[factTunnelIP].name, f[factTunnelIP])
	n.mapHostname(e)
}

// mapHostname: the hostname of a VPN session is the client's, that of a connection its target.
func (n *entry) mapHostname(e *event.Event) {
	host := n.facts.values[factHostname]
	if host == "" {
		return
	}
	e.Unmap("hostname", host)
	switch {
	case n.facts.text == textTunnelStarted:
		e.Str(event.ColSrcHost, "hostname", host)
	case isIP(host):
		e.Str(event.ColDstIP, "hostname", host)
		e.Str(event.ColDstHost, "hostname", host)
	default:
		e.Str(event.ColDstHost, "hostname", host)
	}
}

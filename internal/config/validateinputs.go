package config

import (
	"fmt"
	"slices"
)

func (v *validator) inputs() {
	names, addresses := map[string]bool{}, map[string]string{}
	for i := range v.c.Inputs {
		in := &v.c.Inputs[i]
		if in.path == "" {
			in.path = fmt.Sprintf("inputs[%d]", i)
		}
		v.input(in)
		if in.Name != "" && names[in.Name] {
			v.add(in.path, "name", "there are two inputs %q: give one of them another name", in.Name)
		}
		names[in.Name] = true
		if in.Address == "" || in.portText() == "0" {
			continue
		}
		key := in.transport() + " " + in.Address
		if other, taken := addresses[key]; taken {
			v.add(in.path, v.addressKey(in), "%s is taken by input %q: choose another port", key, other)
		}
		addresses[key] = in.Name
	}
}

// addressKey is the key that a person would change to move the input.
func (v *validator) addressKey(in *Input) string {
	if in.Port != 0 {
		return "port"
	}
	return "address"
}

func (v *validator) input(in *Input) {
	switch {
	case in.Type == "":
		v.add(in.path, "type", "a config must have a type: tcp, udp, tls or cloudtrail")
	case in.Type == CloudTrail:
		v.trail(in)
		return
	case !slices.Contains([]string{"tcp", "udp", "tls"}, in.Type):
		v.word(in.path, "type", in.Type, "tcp", "udp", "tls", CloudTrail)
	default:
		v.inputAddress(in)
		v.notTrail(in)
	}
	if in.Source != "" {
		v.word(in.path, "source", in.Source, sources()...)
	}
	v.inputStore(in)
	if _, err := in.Location(); err != nil {
		v.add(in.path, "zone", "%v", err)
	}
	allow, deny, frame := "allow", "deny", "frame_size"
	if in.agent {
		allow, deny, frame = "allowed_ips", "denied_ips", "max_message_size_bytes"
	}
	atLeast(v, in.path, frame, in.FrameSize, 1<<10)
	if in.FrameSize > 64<<20 {
		v.add(in.path, frame, "is %v: write at most 64MiB", in.FrameSize)
	}
	atLeast(v, in.path, "queue", in.Queue, 1<<20)
	atLeast(v, in.path, "max_connections", in.MaxConnections, 1)
	v.networks(in, allow, in.Allow)
	v.networks(in, deny, in.Deny)
	v.inputTLS(in)
	v.rules(in)
}

func (v *validator) inputStore(in *Input) {
	if in.Store != "" {
		v.word(in.path, "store", in.Store, v.storeNames()...)
	}
}

func (v *validator) inputAddress(in *Input) {
	switch {
	case in.Port != 0 && (in.Port < 0 || in.Port > 65535):
		v.add(in.path, "port", "%d is not a port: write a number from 1 to 65535", in.Port)
	case in.Port != 0 && v.isSet(in, "address"):
		v.add(in.path, "address", "address and port are both given: write only one of them")
	case in.Address == "":
		v.add(in.path, "port", "%s source must have a port", in.Type)
	default:
		if text := addressProblem(in.Address); text != "" {
			v.add(in.path, "address", "%s", text)
		}
	}
}

func (v *validator) isSet(in *Input, key string) bool {
	_, set := v.c.where[in.path+"."+key]
	return set
}

func (v *validator) networks(in *Input, key string, entries []string) {
	for i, e := range entries {
		if _, err := prefix(e); err != nil {
			v.add(in.path, fmt.Sprintf("%s[%d]", key, i), "invalid %s entry %q: not a valid IP address or CIDR", key, e)
		}
	}
}

func (v *validator) inputTLS(in *Input) {
	t := in.TLS
	if in.Type != "tls" {
		if t != (TLS{}) {
			if in.Type == "udp" {
				v.add(in.path, "tls", "tls configuration is only supported for tcp sources, got udp")
			} else {
				v.add(in.path, "tls", "is given although type is %s: write type: tls", in.Type)
			}
		}
		return
	}
	path := in.path + ".tls"
	if t.CertFile == "" || t.KeyFile == "" {
		v.add(path, "", "tls requires both cert_file and key_file")
	}
	if !slices.Contains([]string{"", "none", "optional", "required"}, t.ClientAuth) {
		v.add(path, "client_auth", "unrecognized client_auth %q; valid values: none, optional, required", t.ClientAuth)
	}
	if !slices.Contains([]string{"", "tlsv1.2", "tlsv1.3"}, t.MinVersion) {
		v.add(path, "min_tls_version", "unrecognized min_tls_version %q; valid values: tlsv1.2, tlsv1.3", t.MinVersion)
	}
	if (t.ClientAuth == "optional" || t.ClientAuth == "required") && t.CAFile == "" {
		v.add(path, "client_auth", "client_auth %q requires ca_file", t.ClientAuth)
	}
	v.certificate(path, t.CertFile, t.KeyFile)
	v.authorities(path, "ca_file", t.CAFile)
}

func (v *validator) rules(in *Input) {
	for i, r := range in.Rules {
		path := fmt.Sprintf("%s.log_processing_rules[%d]", in.path, i)
		for _, p := range problemsOf(r, i) {
			v.add(path, p.key, "%s", p.text)
		}
	}
}

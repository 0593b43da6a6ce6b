package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"kiroku/internal/event"
)

// problem is a problem of a key below path; its position is the key's, or that of the nearest thing around it.
func (c *Config) problem(path, key, format string, args ...any) Problem {
	full := join(path, key)
	_, shown, fromFolder := strings.Cut(full, "#")
	if !fromFolder {
		shown = full
	}
	for at := full; at != ""; {
		if pos, ok := c.where[at]; ok {
			return problemAt(pos, shown, format, args...)
		}
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
	}
	file, _, _ := strings.Cut(path, "#")
	if !fromFolder {
		file = ""
	}
	return problemAt(position{file: file}, shown, format, args...)
}

// Validate returns nil, or every problem of the configuration.
func (c *Config) Validate() error {
	if ps := c.problems(); len(ps) > 0 {
		return ps.sorted()
	}
	return nil
}

func (c *Config) problems() Problems {
	v := &validator{c: c}
	v.general()
	v.lake()
	v.stores()
	v.routes()
	v.priorities()
	v.inputs()
	v.awsAPI()
	v.siem()
	return v.found
}

// validator collects problems.
type validator struct {
	c     *Config
	found Problems
}

func (v *validator) add(path, key, format string, args ...any) {
	v.found = append(v.found, v.c.problem(path, key, format, args...))
}

// word checks that a value is one of words.
func (v *validator) word(path, key, value string, words ...string) {
	if !slices.Contains(words, value) {
		v.add(path, key, "%q is not known; %s", value, didYouMean(value, words))
	}
}

// atLeast checks a limit.
func atLeast[T ~int | ~int64](v *validator, path, key string, value, least T) {
	if value < least {
		v.add(path, key, "is %v: write at least %v", value, least)
	}
}

func (v *validator) file(path, key, name string) (ok bool) {
	if name == "" {
		return false
	}
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() { // opening a pipe would wait for its other end
		v.add(path, key, "%q is not a file", name)
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		v.add(path, key, "%v: check the path and that this user may read it", err)
		return false
	}
	_ = f.Close() // it was only read
	return true
}

// certificate checks a certificate and its key: that both can be read and belong together.
func (v *validator) certificate(path, certFile, keyFile string) {
	cert, key := v.file(path, "cert_file", certFile), v.file(path, "key_file", keyFile)
	if !cert || !key {
		return
	}
	if _, err := tls.LoadX509KeyPair(certFile, keyFile); err != nil {
		v.add(path, "cert_file", "with key_file: %v: write a certificate and its key, both PEM", err)
	}
}

// authorities checks a file of certificates of authorities.
func (v *validator) authorities(path, key, name string) {
	if !v.file(path, key, name) {
		return
	}
	pem, err := os.ReadFile(name)
	if err != nil {
		v.add(path, key, "%v", err)
	} else if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		v.add(path, key, "%q holds no certificate: write the certificates of authorities, PEM", name)
	}
}

func (v *validator) general() {
	c := v.c
	if c.DataDir == "" {
		v.add("", "data_dir", "is empty: name a folder")
	}
	if text := addressProblem(c.HTTP.Address); text != "" {
		v.add("http", "address", "%s", text)
	}
	if (c.HTTP.CertFile == "") != (c.HTTP.KeyFile == "") {
		v.add("http", "", "tls requires both cert_file and key_file")
	}
	v.certificate("http", c.HTTP.CertFile, c.HTTP.KeyFile)
	v.word("log", "level", c.Log.Level, "debug", "info", "warn", "error")
	v.word("log", "format", c.Log.Format, "text", "json")
	v.file("enrich", "geoip", c.Enrich.GeoIP)
	atLeast(v, "query", "threads", c.Query.Threads, 0)
	atLeast(v, "query", "timeout", c.Query.Timeout, seconds(1))
	atLeast(v, "query", "max_rows", c.Query.MaxRows, 1)
	if m := c.Query.Memory; m != 0 {
		atLeast(v, "query", "memory", m, 64<<20)
	}
}

func (v *validator) lake() {
	l := v.c.Lake
	atLeast(v, "lake", "flush_interval", l.FlushInterval, milliseconds(10))
	if l.FlushInterval > seconds(60) {
		v.add("lake", "flush_interval", "is %v: write at most 1m, since unacknowledged events wait for so long", l.FlushInterval)
	}
	atLeast(v, "lake", "flush_events", l.FlushEvents, 1000)
	atLeast(v, "lake", "flush_bytes", l.FlushBytes, 1<<20)
	atLeast(v, "lake", "publish_bytes", l.PublishBytes, 1<<20)
	atLeast(v, "lake", "compact_target", l.CompactTarget, 1<<20)
	atLeast(v, "lake", "snapshot_expiry", l.SnapshotExpiry, seconds(60))
	if l.PublishInterval < l.FlushInterval || l.PublishInterval <= 0 {
		v.add("lake", "publish_interval", "is %v, shorter than lake.flush_interval (%v): raise publish_interval or lower flush_interval", l.PublishInterval, l.FlushInterval)
	}
}

func (v *validator) siem() {
	const at = "siem_agents"
	s := v.c.SIEM
	atLeast(v, at, "connection_error_after", s.ConnectionErrorAfter, seconds(120)) // agents are heard of once a minute
	atLeast(v, at, "notification_error_after", s.NotificationErrorAfter, seconds(1))
	atLeast(v, at, "backlog_after", s.BacklogAfter, seconds(1))
	const disconnected = "disconnected_after"
	if s.DisconnectedAfter > s.ConnectionErrorAfter {
		return
	}
	if _, written := v.c.where[join(at, disconnected)]; written {
		v.add(at, disconnected, "is %v, not longer than connection_error_after (%v): raise it, or lower connection_error_after", s.DisconnectedAfter, s.ConnectionErrorAfter)
		return
	}
	v.add(at, "connection_error_after", "is %v, not shorter than disconnected_after (%v): lower it, or raise disconnected_after", s.ConnectionErrorAfter, s.DisconnectedAfter)
}

func (v *validator) stores() {
	seen := map[string]bool{}
	for i, s := range v.c.Stores {
		path := fmt.Sprintf("stores[%d]", i)
		switch {
		case !event.IsStoreName(s.Name):
			v.add(path, "name", "%q is not a store name: write %s", s.Name, event.StoreNameRule)
		case seen[s.Name]:
			v.add(path, "name", "there are two stores %q: remove one or rename it", s.Name)
		}
		seen[s.Name] = true
	}
}

func (v *validator) storeNames() []string {
	var names []string
	for _, s := range v.c.Stores {
		names = append(names, s.Name)
	}
	return names
}

func (v *validator) routes() {
	var inputs []string
	for _, in := range v.c.Inputs {
		if in.Name != "" {
			inputs = append(inputs, in.Name)
		}
	}
	for i, r := range v.c.Routes {
		path := fmt.Sprintf("routes[%d]", i)
		v.word(path, "store", r.Store, v.storeNames()...)
		if len(r.Sources)+len(r.Tags)+len(r.Services)+len(r.Inputs) == 0 {
			v.add(path, "", "has no condition: give sources, tags, services or inputs")
		}
		for j, s := range r.Sources {
			v.word(path, fmt.Sprintf("sources[%d]", j), s, sources()...)
		}
		for j, name := range r.Inputs {
			v.word(path, fmt.Sprintf("inputs[%d]", j), name, inputs...)
		}
	}
}

func (v *validator) priorities() {
	for source, services := range v.c.Priorities {
		if !isSource(source) {
			v.add("priorities", source, "is not known; %s", didYouMean(source, sources()))
		}
		for service, priority := range services {
			v.word(join("priorities", source), service, priority, "normal", "low")
		}
	}
}

// addressProblem says what is wrong with host:port, or nothing.
func addressProblem(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Sprintf("%q is not an address: write host:port, for example 127.0.0.1:5514 or [::1]:5514", address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Sprintf("%q is not a port: write a number from 1 to 65535", port)
	}
	return ""
}

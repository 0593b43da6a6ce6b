package check

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/wire"
)

// Status is how a hop did.
type Status string

// How a hop can do.
const (
	OK   Status = "ok"
	Warn Status = "warn" // it works, and may not always
	Fail Status = "fail"
	Skip Status = "skip" // there is nothing to try, or a hop before it failed
)

// Hop is one step of the way.
type Hop struct {
	Number      int     `json:"hop"`
	Name        string  `json:"name"`
	Destination string  `json:"destination,omitempty"`
	Status      Status  `json:"status"`
	MS          float64 `json:"ms"`
	Text        string  `json:"text"`
	Remedy      string  `json:"remedy,omitempty"`
}

// Use says whether the hop is about what was given, and not about the way.
func (h *Hop) Use() bool { return h.Number <= hopToken }

// The hops, in the order in which they are tried.
const (
	hopFlags = iota + 1
	hopToken
	hopDNS
	hopTCP
	hopProxy
	hopTLS
	hopAccess
	hopConfig
	hopClock
	hopRecords
	hopDestDNS
	hopDestTCP
	hopDestTLS
	hopConfirm
	hopRecord
)

// names of the hops.
var names = map[int]string{
	hopFlags: "flags", hopToken: "token form", hopDNS: "DNS of the server", hopTCP: "TCP to the server", hopProxy: "proxy", hopTLS: "TLS of the server",
	hopAccess: "token", hopConfig: "configuration", hopClock: "clock", hopRecords: "records", hopDestDNS: "DNS", hopDestTCP: "TCP", hopDestTLS: "TLS",
	hopConfirm: "confirmation", hopRecord: "test record",
}

// Times of the hops.
const (
	dnsTime     = 10 * time.Second
	connectTime = 10 * time.Second
	tlsTime     = 10 * time.Second
	alertTime   = time.Second // a refusal of a client certificate may come after the handshake
	probeTime   = 5 * time.Second
	recordTime  = 30 * time.Second
)

// Options of a check.
type Options struct {
	Server  string
	Token   func() (string, error)
	Way     agent.Way
	Version string
	Host    string // name of this machine in the headers
	// TokenFile is where Token comes from; "": from no file.
	TokenFile string
	// Send has each destination get and confirm a marked record.
	Send bool
	// Only names one destination; "": all are checked.
	Only string
	// Report is given each hop when it is done.
	Report func(Hop)
}

// checker goes the way.
type checker struct {
	Options
	base    *url.URL
	proxy   *deliver.Proxy
	proxied deliver.DialFunc
	client  *agent.Client
	failed  bool
}

// result is what a hop found.
type result struct {
	status Status
	text   string
	remedy string
	name   string // of the hop, when it is another than usual
}

// of says an error, with the advice that it has.
func (s say) of(err error) result {
	r := s.with(err)
	r.remedy = cmp.Or(fault.NextOf(err), r.remedy)
	return r
}

// Run tries every hop and says whether none failed.
func Run(ctx context.Context, o Options) bool {
	c := &checker{Options: o}
	config := c.server(ctx)
	if config == nil {
		return false
	}
	found := false
	for i := range config.Destinations {
		if d := &config.Destinations[i]; o.Only == "" || o.Only == d.Name {
			found = true
			c.destination(ctx, d)
		}
	}
	if !found {
		c.hop(hopDestDNS, o.Only, func() result {
			return destinationUnknown.with(o.Only)
		})
	}
	return !c.failed && ctx.Err() == nil
}

// hop tries one hop, reports it, and says whether the way goes on.
func (c *checker) hop(number int, destination string, try func() result) bool {
	began := time.Now()
	r := try()
	if r.status == Fail {
		c.failed = true
	}
	c.Report(Hop{Number: number, Name: cmp.Or(r.name, names[number]), Destination: destination, Status: r.status, MS: float64(time.Since(began).Microseconds()) / 1000, Text: r.text, Remedy: r.remedy})
	return r.status != Fail
}

// direct dials without a proxy.
func direct(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// lookup resolves a host.
func lookup(ctx context.Context, host string) result {
	if ip := net.ParseIP(host); ip != nil {
		return isAddress.with(host)
	}
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return explained(err, host)
	}
	return resolves.with(host, list(found))
}

func list[T fmt.Stringer](all []T) string {
	text := ""
	for i, v := range all {
		if i > 0 {
			text += ", "
		}
		text += v.String()
	}
	return text
}

// connect tries every address of a host.
func connect(ctx context.Context, address string) result {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return wrongAddress.of(err)
	}
	lookupCtx, cancel := context.WithTimeout(ctx, dnsTime)
	addresses, err := net.DefaultResolver.LookupHost(lookupCtx, host)
	cancel()
	if err != nil {
		return explained(err, host)
	}
	var bad []string
	var last error
	at := ""
	for _, a := range addresses {
		one, cancel := context.WithTimeout(ctx, connectTime)
		conn, err := direct(one, "tcp", net.JoinHostPort(a, port))
		cancel()
		if err != nil {
			bad, last = append(bad, net.JoinHostPort(a, port)), err
			continue
		}
		conn.Close()
		at = net.JoinHostPort(a, port)
	}
	switch {
	case at == "":
		return explained(last, host)
	case len(bad) > 0:
		return reachedInPart.with(at, bad, last).do(explained(last, host).remedy)
	}
	return reached.with(at)
}

// explained makes a failure of an error of the network: its text, and what it means.
func explained(err error, host string) result {
	text, _ := deliver.Explain(err, host)
	return remedied(err, text)
}

// remedied makes a failure of an error and its explanation.
func remedied(err error, text string) result {
	r := errorItself.with(err)
	r.remedy = cmp.Or(agent.Remedy(err, text), r.remedy)
	return r
}

// mark is a name that no other test record has.
func mark() string { return "kiroku-check-" + rand.Text()[:12] }

// greet is what a check says about the agent.
func (c *checker) greet() wire.Hello {
	return wire.Hello{Version: c.Version, Now: time.Now().UTC(), Check: true}
}

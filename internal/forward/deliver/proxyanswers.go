package deliver

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// ProxyAnswer is an answer of a proxy that does not let us through.
type ProxyAnswer struct {
	Cause  string // ADDRESS stands for where the way was to lead
	Remedy string
	HTTP   []int  // the statuses of CONNECT that say it; 0: what is no HTTP
	SOCKS  []byte // the answers to a request of SOCKS5 that say it
	SOCKS5 string // what else of SOCKS5 says it
	status int    // that is reported for SOCKS5
}

// The answers, by their place in proxyAnswers.
const (
	proxyWantsUser = iota
	proxyRefusesUser
	proxyRefusesPassword
	proxyForbids
	proxyCannotReach
	proxyRefusedThere
	proxyTimeout
	proxyNoHTTP
	proxyNoSOCKS
	proxyNoLogin
	proxyOther
)

// ProxyAnswers lists all answers.
func ProxyAnswers() []ProxyAnswer { return slices.Clone(proxyAnswers[:]) }

var proxyAnswers = [...]ProxyAnswer{
	proxyWantsUser:       {"it wants a user and password", "write them as USER:PASSWORD@ in front of its host, special characters as %XX", []int{407}, nil, "no log-in offered is taken", 0},
	proxyRefusesUser:     {"it does not accept user and password", "check them, and whether it takes Basic authentication", []int{407}, nil, "", 0},
	proxyRefusesPassword: {"it does not accept user and password", "check them", []int{401}, nil, "log-in refused", http.StatusProxyAuthRequired}, // 401 is tinyproxy's answer to wrong ones
	proxyForbids: {"its policy forbids ADDRESS", "let the proxy's administrator allow CONNECT to this host and port; many proxies allow port 443 only",
		[]int{403, 405}, []byte{2}, "", http.StatusForbidden},
	proxyCannotReach:  {"it cannot reach ADDRESS", "check the address, and the firewall behind the proxy", []int{502, 503}, []byte{3, 4, 6}, "", http.StatusBadGateway},
	proxyRefusedThere: {"ADDRESS refuses its connection", "check the port, and whether something listens there", nil, []byte{5}, "", http.StatusBadGateway},
	proxyTimeout:      {"ADDRESS does not answer it", "check the address, and the firewall behind the proxy", []int{504}, nil, "", 0},
	proxyNoHTTP:       {"its answer is no HTTP", "is it a SOCKS proxy (socks5://) or no proxy at all?", []int{0}, nil, "", 0},
	proxyNoSOCKS:      {"it does not speak SOCKS5", "is it an HTTP proxy (http://)?", nil, nil, "another version", 0},
	proxyNoLogin:      {"it takes none of our ways to log in", "let it take user and password, or none", nil, nil, "another log-in is wanted", 0},
	proxyOther:        {"it refuses the way to ADDRESS", "look into the log of the proxy", nil, nil, "", 0},
}

// text is what people are told. said is what the proxy said.
func (a *ProxyAnswer) text(addr, said string) string {
	cause := strings.ReplaceAll(a.Cause, "ADDRESS", addr)
	if said != "" {
		cause += " (" + said + ")"
	}
	return cause + "; " + a.Remedy
}

// refusedConnect is the error of an answer to CONNECT.
func (p *Proxy) refusedConnect(status int, addr string, line []byte) error {
	which, said := proxyOther, fmt.Sprintf("%.80q", line)
	switch i := slices.IndexFunc(proxyAnswers[:], func(a ProxyAnswer) bool { return slices.Contains(a.HTTP, status) }); {
	case i == proxyNoHTTP:
		which, said = i, fmt.Sprintf("%.40q", line)
	case i == proxyWantsUser && p.User != "":
		which, said = proxyRefusesUser, fmt.Sprint(status)
	case i >= 0:
		which, said = i, fmt.Sprint(status)
	}
	return p.refused(status, proxyAnswers[which].text(addr, said))
}

// refusedSOCKS is the error of an answer of SOCKS5.
func (p *Proxy) refusedSOCKS(which int, addr, said string) error {
	a := &proxyAnswers[which]
	return p.refused(a.status, a.text(addr, said))
}

// refusedRequest is the error of an answer to a request of SOCKS5.
func (p *Proxy) refusedRequest(answer byte, addr string) error {
	which := slices.IndexFunc(proxyAnswers[:], func(a ProxyAnswer) bool { return slices.Contains(a.SOCKS, answer) })
	if which < 0 {
		which = proxyOther
	}
	said := fmt.Sprintf("SOCKS5 answer %d", answer)
	if int(answer) < len(socksWords) {
		said += ", " + socksWords[answer]
	}
	return p.refusedSOCKS(which, addr, said)
}

// socksWords are the answers in the words of RFC 1928.
var socksWords = [...]string{"succeeded", "general failure", "not allowed by the ruleset", "network unreachable", "host unreachable", "connection refused", "TTL expired",
	"command not supported", "address type not supported"}

// Answer is what the proxy answers, as people see it.
func (a *ProxyAnswer) Answer() string {
	var all []string
	for _, status := range a.HTTP {
		if status == 0 {
			all = append(all, "no HTTP")
			continue
		}
		all = append(all, strconv.Itoa(status))
	}
	for _, answer := range a.SOCKS {
		all = append(all, fmt.Sprintf("SOCKS5 %d (%s)", answer, socksWords[answer]))
	}
	if a.SOCKS5 != "" {
		all = append(all, "SOCKS5: "+a.SOCKS5)
	}
	if len(all) == 0 {
		return "anything else"
	}
	return strings.Join(all, ", ")
}

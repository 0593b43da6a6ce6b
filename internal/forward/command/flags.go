package command

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kiroku/internal/fault"
	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/deliver"
)

// Environment variables.
const (
	envServer = "KIROKU_AGENT_SERVER"
	envToken  = "KIROKU_AGENT_TOKEN"
)

// serverFlags say which server is asked, as whom, and on which way.
type serverFlags struct {
	server, token, tokenFile string
	host                     string
	way                      agent.Way
}

// add adds the flags to a command.
func (f *serverFlags) add(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVar(&f.server, "server", "", "address of the Kiroku server, for example https://kiroku.example.com:8480 (or "+envServer+")")
	fs.StringVar(&f.token, "token", "", "token of the agent (or "+envToken+"); everybody on this machine sees it in the process list: --token-file is better")
	fs.StringVar(&f.tokenFile, "token-file", "", "file that holds the token; when the server refuses the token, the file is read again")
	fs.StringVar(&f.way.Proxy, "proxy", "", "proxy to the server: ADDRESS[:PORT] (HTTP, port 8080), or http://, https:// or socks5://[USER:PASSWORD@]HOST[:PORT]; default: as HTTPS_PROXY and HTTP_PROXY say")
	fs.StringVar(&f.way.NoProxy, "no-proxy", "", "what is reached without --proxy: names, .suffixes, addresses and networks, separated by commas (or NO_PROXY)")
	fs.StringArrayVar(&f.way.CAFiles, "ca-file", nil, "file with certificates of issuers to trust, roots or intermediates, PEM or DER; may be repeated")
	fs.BoolVar(&f.way.CAOnly, "ca-only", false, "trust only those of --ca-file, not those of the system")
	fs.StringVar(&f.host, "hostname", "", "name of this machine for the headers of syslog (default: as the system says)")
	must(c.MarkFlagFilename("token-file"))
	must(c.MarkFlagFilename("ca-file", "pem", "crt", "cer", "der"))
}

// fill completes what was not given from the environment.
func (f *serverFlags) fill(env *Env) {
	if f.server == "" {
		f.server = env.Getenv(envServer)
	}
	if f.token == "" && f.tokenFile == "" {
		f.token = env.Getenv(envToken)
	}
	if f.way.NoProxy == "" {
		f.way.NoProxy = cmp.Or(env.Getenv("NO_PROXY"), env.Getenv("no_proxy"))
	}
	if f.way.Proxy != "" {
		return
	}
	f.way.Proxy = cmp.Or(env.Getenv("HTTPS_PROXY"), env.Getenv("https_proxy"))
	if strings.HasPrefix(f.server, "http:") {
		f.way.Proxy = cmp.Or(env.Getenv("HTTP_PROXY"), env.Getenv("http_proxy"))
	}
	if f.way.Proxy != "" && f.way.NoProxy == "" {
		f.way.NoProxy = "localhost" // as everybody reads these variables: never to this machine itself
	}
}

// source is where the token comes from. It is asked once, so that what is wrong with it is said at once.
func (f *serverFlags) source() (func() (string, error), error) {
	var source func() (string, error)
	switch {
	case f.token != "" && f.tokenFile != "":
		return nil, fault.New(fault.Invalid, errors.New("--token and --token-file are both given"), "Give one of them; the file is better.")
	case f.tokenFile != "":
		source = agent.TokenFile(f.tokenFile)
	case f.token != "":
		source = func() (string, error) { return agent.CheckToken(f.token) }
	default:
		return nil, fault.New(fault.Invalid, &agent.TokenError{Err: errors.New("none is given")}, "Give the agent's token with --token-file FILE, with "+envToken+", or with --token.")
	}
	_, err := source()
	return source, err
}

// client makes the client, and the dialer through the proxy, nil without one.
func (f *serverFlags) client(env *Env) (*agent.Client, deliver.DialFunc, error) {
	f.fill(env)
	if _, err := agent.ParseServer(f.server); err != nil {
		return nil, nil, err
	}
	token, err := f.source()
	if err != nil {
		return nil, nil, err
	}
	transport, dial, err := f.way.Transport(f.server)
	if err != nil {
		return nil, nil, err
	}
	c, err := agent.NewClient(f.server, token, transport)
	if err != nil {
		return nil, nil, fmt.Errorf("make client: %w", err)
	}
	return c, dial, nil
}

// must is for mistakes in the program itself.
func must(err error) {
	if err != nil {
		panic("BUG: " + err.Error())
	}
}

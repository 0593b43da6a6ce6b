package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/config"
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

// destinationFlags make the destinations of an agent.
type destinationFlags struct {
	to   []string
	file string
	d    wire.Destination
	form, body,
	format, framing, confirm string
}

func (f *destinationFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringArrayVar(&f.to, "to", nil, "where to: udp, tcp, tls, relp, relp+tls://HOST:PORT, http(s)://…, file:///PATH, stdout:; may repeat")
	fl.StringVar(&f.file, "destination-file", "", `JSON or YAML file with a destination or a list of them, "-" for standard input`)
	fl.StringVar(&f.format, "format", string(wire.CEF), "cef, cef-mcas, leef, rfc5424-json, ocsf-json or json")
	fl.StringVar(&f.confirm, "confirm", "", "how records are known to have arrived: relp, http, halfclose, window or none (default: what the protocol offers)")
	fl.StringVar(&f.framing, "framing", "", "how records are told apart in a stream: lf, octet or nul")
	fl.StringVar(&f.form, "header", "", "mcas5424, rfc3164, rfc3164-year, rfc5424 or none")
	fl.BoolVar(&f.d.Header.NoPRI, "no-pri", false, "leave the priority out of the header")
	fl.BoolVar(&f.d.Header.NoHost, "no-host", false, "leave the host name out of the header")
	fl.StringVar(&f.d.Header.Host, "header-host", "", "host name in the header, instead of that of the agent's machine")
	fl.IntVar(&f.d.Header.Priority, "priority", 0, "priority in the header, 1 to 191 (default 109)")
	fl.IntVar(&f.d.MaxBytes, "max-bytes", 0, "longest record")
	fl.BoolVar(&f.d.Raw, "raw", false, "formats of JSON: with raw_data")
	fl.BoolVar(&f.d.Proxy, "through-proxy", false, "send through the agent's proxy, too")
	fl.StringArrayVar(&f.d.Failover, "failover", nil, "address of the same scheme that is tried when --to cannot be reached; may repeat")
	fl.StringArrayVar(&f.d.TLS.CAFiles, "tls-ca-file", nil, "certificates to trust, on the agent's machine; may repeat")
	fl.BoolVar(&f.d.TLS.CAOnly, "tls-ca-only", false, "do not trust those of the system")
	fl.StringVar(&f.d.TLS.ServerName, "tls-server-name", "", "name that the certificate must have, instead of the host's")
	fl.StringVar(&f.d.TLS.CertFile, "tls-cert-file", "", "client certificate, on the agent's machine")
	fl.StringVar(&f.d.TLS.KeyFile, "tls-key-file", "", "key of the client certificate, on the agent's machine")
	fl.StringVar(&f.d.TLS.Pin, "tls-pin", "", "base64 of the SHA-256 of a public key that the chain must have")
	fl.StringVar(&f.body, "http-body", "", "lines, array, splunk-hec or elastic")
	fl.StringToStringVar(&f.d.HTTP.Headers, "http-header", nil, "headers of requests, for example X-Tenant=soc")
	fl.StringVar(&f.d.HTTP.CredentialFile, "http-credential-file", "", "file on the agent's machine with the value of the header Authorization")
	fl.BoolVar(&f.d.HTTP.Ack, "http-ack", false, "Splunk: wait for the indexer's acknowledgment")
	fl.StringVar(&f.d.HTTP.Index, "http-index", "", "Elasticsearch, Splunk: index")
	fl.IntVar(&f.d.HTTP.Batch, "http-batch", 0, "records of a request (default 500)")
	fl.IntVar(&f.d.Rate.Records, "rate-records", 0, "most records a second")
	fl.IntVar(&f.d.Rate.Bytes, "rate-bytes", 0, "most bytes a second")
	must(c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"cef", "cef-mcas", "leef", "rfc5424-json", "ocsf-json", "json"}, cobra.ShellCompDirectiveNoFileComp)))
	must(c.RegisterFlagCompletionFunc("confirm", cobra.FixedCompletions([]string{"relp", "http", "halfclose", "window", "none"}, cobra.ShellCompDirectiveNoFileComp)))
}

// check refuses what the configuration could not tell from a flag that was left out.
func (f *destinationFlags) check(c *cobra.Command) error {
	if f.d.Header.Priority == 0 && c.Flags().Changed("priority") {
		return wrongUse(c, errors.New("--priority is 0; write 1 to 191: facility * 8 + severity"))
	}
	return nil
}

// destinations are those that the flags name; none: there is no such flag.
func (f *destinationFlags) destinations(c *cobra.Command, a *app) ([]wire.Destination, error) {
	if err := f.check(c); err != nil {
		return nil, err
	}
	if f.file != "" {
		if len(f.to) > 0 {
			return nil, wrongUse(c, errors.New("--destination-file and --to exclude each other"))
		}
		text, err := a.readText(f.file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.Invalid, fmt.Errorf("read destinations: %w", err), "Check the name of the file given with --destination-file.")
		}
		if err != nil {
			return nil, err
		}
		return readDestinations(text)
	}
	var all []wire.Destination
	for i, to := range f.to {
		d := f.given()
		d.To = to
		if len(f.to) > 1 {
			d.Name = fmt.Sprintf("siem-%d", i+1)
		}
		all = append(all, d)
	}
	return all, nil
}

// given is what the flags say of one destination.
func (f *destinationFlags) given() wire.Destination {
	d := f.d
	d.Format, d.Framing, d.Confirm = wire.Format(f.format), wire.Framing(f.framing), wire.Confirm(f.confirm)
	d.Header.Form, d.HTTP.Body = wire.HeaderForm(f.form), wire.HTTPBody(f.body)
	if len(f.to) > 0 {
		d.To = f.to[0]
	}
	return d
}

// readDestinations reads one destination or a list of them, in YAML, which JSON is, too.
func readDestinations(text []byte) ([]wire.Destination, error) {
	const next = "Write members as GET /api/v1/siem-agents/ID shows them, for example: {to: \"tls://siem.example.com:6514\", format: cef}."
	text, err := config.YAMLToJSON(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, errors.New("read destinations: "+strings.TrimSpace(err.Error())), next) // without the empty line at its end
	}
	if text = bytes.TrimSpace(text); !bytes.HasPrefix(text, []byte("[")) {
		text = append(append([]byte{'['}, text...), ']')
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var all []wire.Destination
	if err := d.Decode(&all); err != nil {
		return nil, fault.New(fault.Invalid, fmt.Errorf("read destinations: %w", err), next)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) || len(all) == 0 {
		return nil, fault.New(fault.Invalid, errors.New("read destinations: there is none, or something behind them"), next)
	}
	return all, nil
}

// typesOf reads data types.
func typesOf(names []string) (types []wire.Type) {
	for _, n := range names {
		types = append(types, wire.Type(strings.TrimSpace(n)))
	}
	return types
}

func newAgentsCreate(ag *agentsCommand) *cobra.Command {
	create := client.SIEMAgentCreate{}
	var types []string
	var to destinationFlags
	c := &cobra.Command{
		Use:   "create --name NAME --to ADDRESS",
		Short: "Create an agent and print its token, which is shown only now",
		Example: `  kiroku agents create --name soc --to tcp://siem.example.com:514 --format cef --confirm halfclose
  kiroku agents create --name splunk --to https://splunk.example.com:8088 --format json --http-body splunk-hec --http-credential-file /etc/kiroku/hec
  kiroku agents create --name logins --to relp://192.0.2.7:2514 --format cef-mcas --filter 'class_uid:3002' --types activities --start all`,
		Args: args(cobra.NoArgs, "no argument"),
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if err := needFlags(c, "name"); err != nil {
				return err
			}
			if create.Destinations, err = to.destinations(c, ag.app); err != nil {
				return err
			}
			if len(create.Destinations) == 0 {
				return wrongUse(c, errors.New("agents create needs --to or --destination-file"))
			}
			create.Types = typesOf(types)
			s, err := ag.dial()
			if err != nil {
				return err
			}
			made, err := cli.Answer[client.SIEMAgentCreated](s.CreateSIEMAgent(c.Context(), create))
			return ag.made("created agent", s.URL, &made, ag.located(create.Filter, err))
		},
	}
	c.Flags().StringVar(&create.Name, "name", "", "what to call it")
	c.Flags().StringSliceVar(&types, "types", []string{"activities", "alerts"}, "data types: activities, alerts")
	c.Flags().StringVar(&create.Filter, "filter", "", "what is sent, in the search language (default everything)")
	c.Flags().StringSliceVar(&create.Stores, "store", nil, "only of these stores")
	c.Flags().StringVar(&create.Start, "start", "48h", "what it begins with: now, all, a length of time such as 48h, or a time")
	to.add(c)
	return c
}

// made prints a new agent or token.
func (ag *agentsCommand) made(what, server string, m *client.SIEMAgentCreated, err error) error {
	if err != nil {
		return err
	}
	ag.warn(m.Warnings)
	if ag.asJSON {
		return writeJSON(ag.out, m)
	}
	if m.Note != "" {
		fmt.Fprintf(ag.err, "note: %s\n", cli.Clean(m.Note))
	}
	_, err = fmt.Fprintf(ag.out, "%s %s\ntoken %s\n", what, m.ID, m.Token)
	fmt.Fprintf(ag.err, "The token is shown only now. Run the agent with it:\n  kiroku agent run --server %s --token-file FILE\n", server)
	return err
}

// warn prints warnings about a filter.
func (ag *agentsCommand) warn(texts []string) {
	for _, text := range texts {
		fmt.Fprintf(ag.err, "warning: %s\n", cli.Clean(text))
	}
}

func givenText(c *cobra.Command, name, v string) *string {
	if !c.Flags().Changed(name) {
		return nil
	}
	return &v
}

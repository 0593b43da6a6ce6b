package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

func newAgentsEdit(ag *agentsCommand) *cobra.Command {
	var name, filter, which string
	var types, stores []string
	var to destinationFlags
	u := client.SIEMAgentUpdate{}
	c := &cobra.Command{
		Use:   "edit AGENT",
		Short: "Change an agent; what is not named stays",
		Long: `A running agent works with the change after at most 60 seconds, without a restart. Positions stay: another filter holds from the
next record on.

The flags about destinations change the agent's only destination, or the one that --destination names; what is not named stays.
--to several times or --destination-file name all destinations anew: one whose name is no longer there is forgotten, one with a new
name begins at --start.`,
		Example: `  kiroku agents edit soc --filter 'outcome:failure'
  kiroku agents edit soc --format json
  kiroku agents edit soc --destination siem-2 --to tls://siem.example.com:6514 --confirm halfclose`,
		Args: args(cobra.ExactArgs(1), "an agent"),
		RunE: func(c *cobra.Command, names []string) (err error) {
			if !ag.changes(c) {
				return wrongUse(c, errors.New("agents edit: name what to change, for example --filter or --format"))
			}
			u.Name, u.Filter, u.Types = givenText(c, "name", name), givenText(c, "filter", filter), typesOf(types)
			if c.Flags().Changed("store") {
				u.Stores = &stores
			}
			s, err := ag.dial()
			if err != nil {
				return err
			}
			if u.Destinations, err = ag.editedDestinations(c, s, names[0], which, &to); err != nil {
				return err
			}
			a, err := cli.Answer[client.SIEMAgent](s.UpdateSIEMAgent(c.Context(), names[0], u))
			if err != nil {
				return ag.located(filter, err)
			}
			ag.warn(a.Warnings)
			if ag.asJSON {
				return writeJSON(ag.out, a)
			}
			_, err = fmt.Fprintf(ag.out, "changed agent %s\n", cli.Clean(a.Name))
			return err
		},
	}
	c.Flags().StringVar(&name, "name", "", "what to call it")
	c.Flags().StringSliceVar(&types, "types", nil, "data types: activities, alerts")
	c.Flags().StringVar(&filter, "filter", "", "what is sent, in the search language; empty means everything")
	c.Flags().StringSliceVar(&stores, "store", nil, "only of these stores; empty means all")
	c.Flags().StringVar(&u.Start, "start", "", "where destinations and stores that are new begin: now, all, a length of time, or a time (default 48h)")
	c.Flags().StringVar(&which, "destination", "", "name of the destination that the flags about destinations change")
	to.add(c)
	return c
}

// changes says whether a flag names something to change.
func (ag *agentsCommand) changes(c *cobra.Command) bool {
	own := slices.ContainsFunc([]string{"name", "types", "filter", "store"}, c.Flags().Changed)
	return own || c.Flags().Changed("destination-file") || len(destinationChanges(c)) > 0
}

// destinationSetters copy what one flag says of a destination.
func destinationSetters() map[string]func(d, from *wire.Destination) {
	type dest = wire.Destination
	return map[string]func(d, from *dest){
		"to":                   func(d, from *dest) { d.To = from.To },
		"format":               func(d, from *dest) { setFormat(d, from.Format) },
		"confirm":              func(d, from *dest) { d.Confirm = from.Confirm },
		"framing":              func(d, from *dest) { d.Framing = from.Framing },
		"header":               func(d, from *dest) { d.Header.Form = from.Header.Form },
		"no-pri":               func(d, from *dest) { d.Header.NoPRI = from.Header.NoPRI },
		"no-host":              func(d, from *dest) { d.Header.NoHost = from.Header.NoHost },
		"header-host":          func(d, from *dest) { d.Header.Host = from.Header.Host },
		"priority":             func(d, from *dest) { d.Header.Priority = from.Header.Priority },
		"max-bytes":            func(d, from *dest) { d.MaxBytes = from.MaxBytes },
		"raw":                  func(d, from *dest) { d.Raw = from.Raw },
		"through-proxy":        func(d, from *dest) { d.Proxy = from.Proxy },
		"failover":             func(d, from *dest) { d.Failover = without(from.Failover) },
		"tls-ca-file":          func(d, from *dest) { d.TLS.CAFiles = without(from.TLS.CAFiles) },
		"tls-ca-only":          func(d, from *dest) { d.TLS.CAOnly = from.TLS.CAOnly },
		"tls-server-name":      func(d, from *dest) { d.TLS.ServerName = from.TLS.ServerName },
		"tls-cert-file":        func(d, from *dest) { d.TLS.CertFile = from.TLS.CertFile },
		"tls-key-file":         func(d, from *dest) { d.TLS.KeyFile = from.TLS.KeyFile },
		"tls-pin":              func(d, from *dest) { d.TLS.Pin = from.TLS.Pin },
		"http-body":            func(d, from *dest) { d.HTTP.Body = from.HTTP.Body },
		"http-header":          func(d, from *dest) { d.HTTP.Headers = from.HTTP.Headers },
		"http-credential-file": func(d, from *dest) { d.HTTP.CredentialFile = from.HTTP.CredentialFile },
		"http-ack":             func(d, from *dest) { d.HTTP.Ack = from.HTTP.Ack },
		"http-index":           func(d, from *dest) { d.HTTP.Index = from.HTTP.Index },
		"http-batch":           func(d, from *dest) { d.HTTP.Batch = from.HTTP.Batch },
		"rate-records":         func(d, from *dest) { d.Rate.Records = from.Rate.Records },
		"rate-bytes":           func(d, from *dest) { d.Rate.Bytes = from.Rate.Bytes },
	}
}

// without leaves out empty texts: --failover "" means none.
func without(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
}

// setFormat gives a destination another format. A header that is the default of the old format becomes that of the new one.
func setFormat(d *wire.Destination, f wire.Format) {
	if h, err := wire.NormalHeader(d.Format, wire.Header{}); err == nil && h.Form == d.Header.Form {
		d.Header.Form = ""
		if d.Header.Priority == wire.DefaultPriority {
			d.Header.Priority = 0
		}
	}
	d.Format = f
}

// setTo gives a destination another address. With another scheme, what the old one had by default or only it can have is gone.
func setTo(d *wire.Destination, to string) {
	was, _, _ := strings.Cut(d.To, ":")
	now, _, _ := strings.Cut(to, ":")
	d.To = to
	if now == was {
		return
	}
	d.Framing, d.Confirm, d.Failover = "", "", nil
	if d.MaxBytes == wire.DefaultMaxBytes || was == "udp" {
		d.MaxBytes = 0
	}
	if !strings.HasPrefix(now, "http") {
		d.HTTP = wire.HTTP{}
	}
	if now != "https" && now != "tls" && now != "relp+tls" {
		d.TLS = wire.TLS{}
	}
	if now == "udp" || now == "file" || now == "stdout" {
		d.Proxy = false
	}
}

// destinationChanges are the flags that say something about one destination.
func destinationChanges(c *cobra.Command) (flags []string) {
	for name := range destinationSetters() {
		if c.Flags().Changed(name) {
			flags = append(flags, name)
		}
	}
	slices.Sort(flags)
	return flags
}

// editedDestinations are those of an agent with what the flags change; none: they change nothing.
func (ag *agentsCommand) editedDestinations(c *cobra.Command, s *cli.Server, agent, which string, to *destinationFlags) ([]wire.Destination, error) {
	flags := destinationChanges(c)
	if err := to.check(c); err != nil {
		return nil, err
	}
	switch {
	case to.file != "" || len(to.to) > 1:
		if which != "" {
			return nil, wrongUse(c, errors.New("agents edit: --destination names one destination; --destination-file and several --to name all of them"))
		}
		return to.destinations(c, ag.app)
	case len(flags) == 0 && which != "":
		return nil, wrongUse(c, errors.New("agents edit: --destination needs a flag that says what to change of it, for example --format"))
	case len(flags) == 0:
		return nil, nil
	}
	given := to.given()
	a, err := cli.Answer[client.SIEMAgent](s.GetSIEMAgent(c.Context(), agent))
	if err != nil {
		return nil, err
	}
	all, names := make([]wire.Destination, len(a.Destinations)), make([]string, len(a.Destinations))
	for i := range a.Destinations {
		all[i], names[i] = a.Destinations[i].Config, a.Destinations[i].Name
	}
	i := slices.Index(names, which)
	switch {
	case which != "" && i < 0:
		return nil, fault.New(fault.Invalid, fmt.Errorf("agent %s has no destination %q", a.Name, which), "Name one of "+strings.Join(names, ", ")+" with --destination.")
	case which == "" && len(all) > 1:
		return nil, wrongUse(c, fmt.Errorf("agents edit: agent %s has %d destinations; name one of %s with --destination, or all of them with --destination-file", a.Name, len(all), strings.Join(names, ", ")))
	case which == "":
		i = 0
	}
	d := &all[i]
	if c.Flags().Changed("to") {
		setTo(d, given.To)
	}
	setters := destinationSetters()
	for _, name := range flags {
		setters[name](d, &given)
	}
	return all, nil
}

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/intake"
)

// plainInputs is where inputs stand that no integration configures.
const plainInputs = "syslog"

// statusPage prints a status as the Datadog Agent does: sections, names underlined, one fact a line.
type statusPage struct {
	w     io.Writer
	style cli.Style
	b     bytes.Buffer
}

func (p *statusPage) print(st *client.Status) error {
	now := st.Started.Add(time.Duration(st.UptimeS * float64(time.Second))) // the server's clock, not ours
	p.title("Kiroku (" + cmp.Or(st.Version, "unknown version") + ")")
	p.fact(2, "Started", cli.Ago(st.Started, now))
	p.fact(2, "Data folder", st.DataDir)
	p.fact(2, "Console and APIs", st.HTTP)
	memory := cli.Bytes(st.MemoryBytes) + " of Go"
	if st.ResidentBytes > 0 {
		memory = cli.Bytes(st.ResidentBytes) + " resident, " + memory
	}
	p.fact(2, "Memory", memory)
	groups := integrations(st)
	p.checks(groups)
	p.logs(groups, now)
	p.pipeline(st, now)
	p.stores(st)
	p.lake(st, now)
	p.agents(st, now)
	_, err := p.w.Write(p.b.Bytes())
	return err
}

// integration is one product with the inputs that are configured for it and the records recognised as its own.
type integration struct {
	name   string
	inputs []intake.Status
	source *client.SourceStatus
}

// integrations groups inputs and sources by the name of the integration: ivanti_connect_secure is the folder of conf.d, and
// ivanti-connect-secure its source.
func integrations(st *client.Status) []*integration {
	byName := map[string]*integration{}
	find := func(name string) *integration {
		if byName[name] == nil {
			byName[name] = &integration{name: name}
		}
		return byName[name]
	}
	for _, in := range st.Inputs {
		name := in.Integration
		if name == "" && in.Source != "" {
			name = strings.ReplaceAll(in.Source, "-", "_")
		}
		g := find(cmp.Or(name, plainInputs))
		g.inputs = append(g.inputs, in)
	}
	for i := range st.Pipeline.Sources {
		s := &st.Pipeline.Sources[i]
		find(strings.ReplaceAll(s.Source, "-", "_")).source = s
	}
	var out []*integration
	for _, g := range byName {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *integration) int { return cmp.Compare(a.name, b.name) })
	return out
}

// checks lists the integrations shortly: people who know the Datadog Agent look for them here.
func (p *statusPage) checks(groups []*integration) {
	p.title("Checks")
	for _, g := range groups {
		state := "OK"
		for _, in := range g.inputs {
			if s := stateOf(in); weight(s) > weight(state) {
				state = s
			}
		}
		p.fact(2, g.name, p.coloured(state)+" (see Logs Agent, Integrations)")
	}
}

func (p *statusPage) logs(groups []*integration, now time.Time) {
	p.title("Logs Agent")
	var total intake.Counters
	for _, g := range groups {
		for _, in := range g.inputs {
			total.Records += in.Records
			total.Bytes += in.Bytes
			total.Dropped += in.Dropped
		}
	}
	p.fact(2, "LogsReceived", cli.Count(total.Records))
	p.fact(2, "BytesReceived", cli.Count(total.Bytes))
	p.fact(2, "LogsDropped", cli.Count(total.Dropped))
	p.b.WriteString("\n")
	p.heading(2, "Integrations")
	for _, g := range groups {
		p.b.WriteString("\n")
		p.heading(2, g.name)
		for _, in := range g.inputs {
			p.input(in, now)
		}
		if g.source != nil {
			p.source(g.source, now)
		}
	}
}

func (p *statusPage) input(in intake.Status, now time.Time) {
	_, port, _ := strings.Cut(in.Address[max(0, strings.LastIndexByte(in.Address, ':')):], ":")
	if in.CloudTrail != nil {
		port = ""
	}
	fmt.Fprintf(&p.b, "    - Type: %s\n", cli.Clean(in.Type))
	p.fact(6, "Port", port)
	p.fact(6, "Service", cli.Clean(in.Service))
	p.fact(6, "Source", cli.Clean(cmp.Or(in.Source, "recognised by content")))
	p.fact(6, "Status", p.coloured(stateOf(in)))
	p.fact(6, "Inputs", cli.Clean(in.Name+" "+in.Address))
	p.fact(6, "Connections", cli.Count(in.Connections))
	p.fact(6, "Records", cli.Count(in.Records))
	p.fact(6, "Bytes Read", fmt.Sprintf("%s (%s)", cli.Count(in.Bytes), cli.Bytes(int64(in.Bytes))))
	p.fact(6, "Parsed", parseRate(in.Parsed, in.Unparsed))
	p.fact(6, "Dropped", cli.Count(in.Dropped))
	p.fact(6, "Malformed", cli.Count(in.Malformed))
	p.fact(6, "Oversized", cli.Count(in.Oversized))
	p.optional(6, "Syslog Discarded Bytes", in.Discarded)
	p.optional(6, "Wrong octet counts", in.Miscounted)
	p.optional(6, "Refused", in.Refused)
	p.optional(6, "Excluded by rules", in.Excluded)
	p.fact(6, "Last seen", cli.Ago(in.LastSeen, now))
	if in.CloudTrail != nil {
		p.trail(in.CloudTrail, now)
	}
	if len(in.Peers) > 0 {
		p.b.WriteString("      Peers:\n")
		for _, peer := range in.Peers {
			fmt.Fprintf(&p.b, "        %s: %s, %s, %s dropped, %s malformed, %s oversized", cli.Clean(peer.Address), plural(int64(peer.Records), "record"),
				cli.Bytes(int64(peer.Bytes)), cli.Count(peer.Dropped), cli.Count(peer.Malformed), cli.Count(peer.Oversized))
			if peer.Unparsed > 0 {
				fmt.Fprintf(&p.b, ", %s unparsed", cli.Count(peer.Unparsed))
			}
			if peer.Refused > 0 {
				fmt.Fprintf(&p.b, ", %s refused", cli.Count(peer.Refused))
			}
			fmt.Fprintf(&p.b, ", last seen %s\n", cli.Ago(peer.LastSeen, now))
		}
	}
}

// source shows the records of a source, whichever input they came through.
func (p *statusPage) source(s *client.SourceStatus, now time.Time) {
	p.b.WriteString("    - Type: recognised by content, on any input\n")
	p.fact(6, "Source", cli.Clean(s.Source))
	p.fact(6, "Status", p.coloured("OK"))
	p.fact(6, "Events", cli.Count(s.Events))
	p.fact(6, "Parsed", parseRate(uint64(s.Events-s.Unparsed), uint64(s.Unparsed)))
	p.fact(6, "Last seen", cli.Ago(s.LastSeen, now))
}

// stateOf words an input's state as the Datadog Agent does.
func stateOf(in intake.Status) string {
	switch {
	case in.Error != "":
		return "Error: " + in.Error
	case in.State == "error", in.State == "stopped":
		return "Error: " + in.State
	case in.CloudTrail != nil && in.CloudTrail.Digests != nil && in.CloudTrail.Digests.Wrong != "":
		return "Warning: digests or log files are invalid"
	case in.CloudTrail != nil && in.CloudTrail.Digests != nil && in.CloudTrail.Digests.Error != "":
		return "Warning: digests cannot be verified"
	case in.State == "listening", in.State == "reading":
		return "OK"
	}
	return "Pending"
}

// weight orders states: of several inputs the worst is told.
func weight(state string) int {
	switch {
	case state == "OK":
		return 0
	case strings.HasPrefix(state, "Warning"):
		return 2
	case strings.HasPrefix(state, "Error"):
		return 3
	}
	return 1
}

func (p *statusPage) coloured(state string) string {
	switch weight(state) {
	case 0:
		return p.style.Good(state)
	case 1:
		return cli.Clean(state)
	}
	return p.style.Bad(cli.Clean(state))
}

func parseRate(parsed, unparsed uint64) string {
	if parsed+unparsed == 0 {
		return "nothing yet"
	}
	return fmt.Sprintf("%.1f %% (%s parsed, %s unparsed)", 100*float64(parsed)/float64(parsed+unparsed), cli.Count(parsed), cli.Count(unparsed))
}

func (p *statusPage) pipeline(st *client.Status, now time.Time) {
	p.title("Pipeline")
	pl := st.Pipeline
	p.fact(2, "Workers", cli.Count(pl.Workers))
	p.fact(2, "Waiting records", cli.Count(pl.Queued))
	p.fact(2, "Events since start", cli.Count(pl.Events))
	p.fact(2, "Unparsed", cli.Count(pl.Unparsed))
	p.fact(2, "Duplicates left out", cli.Count(pl.Duplicates))
	for _, s := range pl.Sources {
		p.fact(4, s.Source, fmt.Sprintf("%s, %s unparsed, last seen %s", plural(s.Events, "event"), cli.Count(s.Unparsed), cli.Ago(s.LastSeen, now)))
	}
}

func (p *statusPage) stores(st *client.Status) {
	p.title("Event data stores")
	t := cli.Table{Columns: []cli.Column{{Name: "  STORE"}, {Name: "EVENTS", Right: true}, {Name: "BYTES", Right: true}, {Name: "FILES", Right: true},
		{Name: "FRESH", Right: true}, {Name: "RETENTION", Right: true}, {Name: "OLDEST"}, {Name: "NEWEST"}}}
	for _, s := range st.Stores {
		t.Add("  "+s.Name, cli.Count(s.Events), cli.Bytes(s.Bytes), cli.Count(s.DataFiles), cli.Count(s.FreshSegments), retention(s.RetentionDays), stamp(s.Oldest), stamp(s.Newest))
	}
	_ = t.Print(&p.b) // a buffer takes everything
}

func (p *statusPage) lake(st *client.Status, now time.Time) {
	p.title("Lake")
	l := st.Lake
	state := p.style.Good("OK")
	switch {
	case l.PushingBack:
		state = p.style.Bad("Error: intake waits: " + cli.Clean(cmp.Or(l.Error, "nothing can be stored")))
	case l.Error != "":
		state = p.style.Bad("Error: " + cli.Clean(l.Error))
	}
	p.fact(2, "Status", state)
	p.fact(2, "Published", fmt.Sprintf("%s, %s", plural(int64(l.DataFiles), "file"), cli.Bytes(l.DataBytes)))
	p.fact(2, "Fresh", fmt.Sprintf("%s, %s, %s", plural(int64(l.FreshSegments), "segment"), plural(l.FreshEvents, "event"), cli.Bytes(l.FreshBytes)))
	p.fact(2, "Last publish", cli.Ago(l.LastPublish, now))
	p.fact(2, "Publish lag", cli.Span(time.Duration(l.PublishLagS*float64(time.Second))))
	p.fact(2, "SQL jobs", fmt.Sprintf("%d running, %d waiting", st.Query.Running, st.Query.Queued))
	disk := cli.Bytes(l.DiskFreeBytes) + " free"
	if l.DiskTotalBytes > 0 {
		disk += fmt.Sprintf(" of %s (%.0f %%)", cli.Bytes(l.DiskTotalBytes), 100*float64(l.DiskFreeBytes)/float64(l.DiskTotalBytes))
	}
	p.fact(2, "Disk", disk)
}

// title writes the name of a section between lines.
func (p *statusPage) title(name string) {
	if p.b.Len() > 0 {
		p.b.WriteString("\n")
	}
	line := strings.Repeat("=", cli.Width(name))
	fmt.Fprintf(&p.b, "%s\n%s\n%s\n", line, p.style.Strong(name), line)
}

// heading writes a name and underlines it.
func (p *statusPage) heading(indent int, name string) {
	in := strings.Repeat(" ", indent)
	name = cli.Clean(name)
	fmt.Fprintf(&p.b, "%s%s\n%s%s\n", in, p.style.Strong(name), in, strings.Repeat("-", cli.Width(name)))
}

// fact writes one fact; those without a value are left out.
func (p *statusPage) fact(indent int, name, value string) {
	if value != "" {
		fmt.Fprintf(&p.b, "%s%s: %s\n", strings.Repeat(" ", indent), cli.Clean(name), value)
	}
}

func (p *statusPage) optional(indent int, name string, n uint64) {
	if n > 0 {
		p.fact(indent, name, cli.Count(n))
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

func retention(days int) string {
	if days == 0 {
		return "for ever"
	}
	return plural(int64(days), "day")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/intake/file"
)

// importInput is the column "input" of imported events.
const importInput = "import"

// importFlags are the flags of "kiroku import".
type importFlags struct {
	source, store, service string
	tags                   []string
	quiet, json            bool
}

func newImport(a *app) *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import PATH...",
		Short: "Store the records of files, archives and folders",
		Long: `Reads records from files, folders (hidden files left out), patterns and standard input (-), and stores them. gzip (of several
members), zstd and tar are recognised by their content, also in each other, for example .tar.gz with .gz members. A record is
a line (LF, CR LF or NUL), an element of a JSON array, or an element of "Records" in a log file of CloudTrail.

Running it again adds nothing, also after the file was renamed, copied or compressed, and an import that was interrupted goes on
where it ended: what is stored is known by content, in pieces of 4 MiB, per store and per path within an archive. That holds
for standard input, too. A file that has grown is read again from its last whole piece on; import files that no longer change.
Lines of Okta Access Gateway are compared with what came by syslog or in other files: of equal lines the n-th is stored when
fewer than n are stored. They, and records whose own id is known, count as "already there".

A record longer than 4 MiB, or cut off by damage of its file, is stored as far as it goes with the tag "truncated". When a
file cannot be read to its end, what was before the damage is stored, the other files are imported, and the exit code is 1.`,
		Example: `  kiroku import --source ivanti-connect-secure /var/log/archive/vpn-2025*.log.gz
  kiroku import --source okta-access-gateway --store oag node-20260101.tar.gz
  zcat huge.gz | kiroku import --source generic -`,
		Args: args(cobra.MinimumNArgs(1), "at least one path (- is standard input)"),
		RunE: func(c *cobra.Command, paths []string) error {
			if err := checkSource(f.source); err != nil {
				return err
			}
			items, missing := file.Find(paths)
			if len(items) == 0 && !f.json {
				return fault.New(fault.NotFound, errors.Join(missing...), "Name files, folders or patterns that exist; - is standard input.")
			}
			s, err := a.dial()
			if err != nil {
				return err
			}
			return a.runImport(c.Context(), s, items, missing, &f)
		},
	}
	a.clientFlags(c)
	c.Flags().StringVar(&f.source, "source", "", "source of all records (default: recognised by content)")
	c.Flags().StringVar(&f.store, "store", "", "event data store (default: as the routes say)")
	c.Flags().StringVar(&f.service, "service", "", "service of records whose source knows no better one")
	c.Flags().StringSliceVar(&f.tags, "tag", nil, "tag of all records; may be repeated")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "show no progress")
	c.Flags().BoolVar(&f.json, "json", false, "print the summary as JSON")
	must(c.RegisterFlagCompletionFunc("source", completeSources))
	return c
}

func completeSources(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return sourceNames(), cobra.ShellCompDirectiveNoFileComp
}

func sourceNames() []string {
	return []string{string(event.IvantiConnectSecure), string(event.OktaAccessGateway), string(event.CloudTrail), string(event.AuditEvents),
		string(event.DefenderForCloudApps), string(event.Generic)}
}

func checkSource(name string) error {
	if name == "" || slices.Contains(sourceNames(), name) {
		return nil
	}
	return fault.New(fault.Invalid, fmt.Errorf("source %q is not known", name), fmt.Sprintf("Use one of %v, or none to recognise it by content.", sourceNames()))
}

// importSummary is what an import did.
type importSummary struct {
	Files     int      `json:"files"`   // paths that were read
	Members   int64    `json:"members"` // files and members of archives
	Records   int64    `json:"records"`
	New       int64    `json:"new"`
	Already   int64    `json:"already"`
	Unparsed  *int64   `json:"unparsed,omitempty"` // missing when the token may not search
	Truncated int64    `json:"truncated"`
	Seconds   float64  `json:"seconds"`
	Errors    []string `json:"errors"`
}

func (a *app) runImport(ctx context.Context, s *cli.Server, items []file.Item, missing []error, f *importFlags) error {
	if err := checkStore(ctx, s, f.store); err != nil {
		return err
	}
	began := time.Now()
	var p file.Progress
	show := cli.NewProgress(a.err, terminalWidth(a.err), f.quiet)
	sink := &sink{server: s, params: client.IngestParams{Source: f.source, Store: f.store, Service: f.service, Tags: f.tags, Input: importInput}, show: show}
	var total int64
	for _, it := range items {
		total += it.Size
	}
	stop := show.Run(func() cli.Progress {
		now := cli.Progress{Done: p.Read.Load(), Total: total, Items: p.New.Load() + p.Already.Load()}
		if name := p.Current.Load(); name != nil {
			now.Current = *name
		}
		return now
	})
	damages, err := file.Import(ctx, items, sink, file.Options{Store: f.store, Repeats: mayRepeat(f.source), Stdin: a.in, Progress: &p})
	stop()
	damages = append(missing, damages...)
	sum := importSummary{Files: len(items), Members: p.Members.Load(), New: p.New.Load(), Already: p.Already.Load(), Truncated: p.Truncated.Load(),
		Seconds: time.Since(began).Seconds(), Errors: []string{}}
	sum.Records = sum.New + sum.Already
	if err == nil {
		sum.Unparsed = sink.unparsed(ctx, sum.New)
	}
	return errors.Join(a.tellImport(&sum, damages, err, f.json), err)
}

// mayRepeat says whether equal records of a file may be distinct events that have no id.
func mayRepeat(source string) bool { return source == "" || source == string(event.OktaAccessGateway) }

// tellImport prints what was wrong and the summary.
func (a *app) tellImport(sum *importSummary, damages []error, err error, asJSON bool) error {
	for _, d := range damages {
		a.report(d)
		sum.Errors = append(sum.Errors, d.Error())
	}
	if err != nil {
		sum.Errors = append(sum.Errors, err.Error())
	}
	var werr error
	if asJSON {
		werr = writeJSON(a.out, sum)
	} else {
		unparsed := ""
		if sum.Unparsed != nil {
			unparsed = fmt.Sprintf(", %s unparsed", cli.Count(*sum.Unparsed))
		}
		if sum.Truncated > 0 {
			unparsed += fmt.Sprintf(", %s truncated", cli.Count(sum.Truncated))
		}
		_, werr = fmt.Fprintf(a.out, "%s, %s: %s new, %s already there%s, in %.1f s\n", plural(int64(sum.Files), "file"), plural(sum.Records, "record"),
			cli.Count(sum.New), cli.Count(sum.Already), unparsed, sum.Seconds)
	}
	switch {
	case err != nil:
		fmt.Fprintln(a.err, "kiroku: the import is not complete; run the same command again to go on")
	case len(damages) > 0 && werr == nil:
		fmt.Fprintf(a.err, "kiroku: %d of the paths or members could not be read completely\n", len(damages))
		return errSilent
	}
	return werr
}

// plural counts things in words.
func plural(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return cli.Count(n) + " " + thing + "s"
}

// checkStore refuses a store that does not exist, where the token may see stores.
func checkStore(ctx context.Context, s *cli.Server, name string) error {
	if name == "" {
		return nil
	}
	list, err := cli.Answer[client.StoreList](s.ListStores(ctx))
	if kind := fault.KindOf(err); kind == fault.Denied || kind == fault.Busy {
		return nil // an ingest token sees no stores; and sending waits for a server that is not there yet
	}
	if err != nil {
		return err
	}
	names := []string{}
	for _, st := range list.Stores {
		if st.Name == name {
			return nil
		}
		names = append(names, st.Name)
	}
	return fault.New(fault.NotFound, fmt.Errorf("there is no store %q", name), fmt.Sprintf(`Create it with "kiroku stores create %s", or use one of %v.`, name, names))
}

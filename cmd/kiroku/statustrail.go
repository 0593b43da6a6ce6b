package main

import (
	"fmt"
	"strings"
	"time"

	"kiroku/internal/cli"
	"kiroku/internal/intake"
)

// trail shows what an input that reads CloudTrail's files tells besides.
func (p *statusPage) trail(c *intake.CloudTrail, now time.Time) {
	if c.Principal != "" {
		p.fact(6, "Credentials", cli.Clean(c.Principal))
	}
	for _, t := range c.Trails {
		state := p.style.Good("read")
		if !t.Read {
			state = "skipped: " + cli.Clean(t.Skipped)
		}
		if t.Warning != "" {
			state += "; " + p.style.Bad(cli.Clean(t.Warning))
		}
		p.fact(6, "Trail "+t.ARN, state)
	}
	for _, b := range c.Buckets {
		looked := "never looked through"
		if !b.Looked.IsZero() {
			looked = "looked at " + cli.Ago(b.Looked, now)
		}
		text := fmt.Sprintf("%s, %s, %s; %s", plural(int64(b.Accounts), "account"), plural(int64(b.Regions), "region"), plural(int64(b.Folders), "folder"), looked)
		if b.History > 0 {
			text += fmt.Sprintf("; history pending of %s", plural(int64(b.History), "folder"))
		}
		p.fact(6, "Bucket s3://"+b.Bucket+"/"+b.Prefix, text)
	}
	if q := c.Queue; q != nil {
		p.fact(6, "Queue "+q.URL, fmt.Sprintf("%s received, %s deleted, %s with nothing to do, %s parked, %s given back, %s in flight", cli.Count(q.Received), cli.Count(q.Deleted),
			cli.Count(q.Nothing), cli.Count(q.Parked), cli.Count(q.Waiting), cli.Count(q.InFlight)))
	}
	if d := c.Digests; d != nil {
		text := d.State
		if d.Wrong != "" {
			text = p.style.Bad(d.State)
		}
		if !d.Verified.IsZero() {
			text += ", " + cli.Ago(d.Verified, now)
		}
		for _, bad := range []string{d.Wrong, d.Error} {
			if bad != "" {
				text += "; " + p.style.Bad(cli.Clean(bad))
			}
		}
		p.fact(6, "Digests", text)
		if d.Next != "" {
			p.fact(8, "Next", cli.Clean(d.Next))
		}
	}
	o := c.Objects
	p.fact(6, "Objects", fmt.Sprintf("%s stored, %s stored before, %s failed attempts", cli.Count(o.Stored), cli.Count(o.Already), cli.Count(o.Failed)))
	p.optional(6, "Objects damaged", o.Damaged)
	p.optional(6, "Objects gone", o.Gone)
	p.optional(6, "Objects archived", o.Archived)
	p.optional(6, "Digests named by messages", o.Digests)
	p.optional(6, "Foreign objects named by messages", o.Foreign)
	p.fact(6, "Objects remembered", cli.Count(c.Remembered))
	if c.OwnReads > 0 {
		p.fact(6, "Own reads in the trail", p.style.Bad(cli.Count(c.OwnReads)+": leave the bucket or Kiroku's principal out of the trail's data events"))
	}
	for _, x := range c.Problems {
		text := cli.Clean(x.Place + ": " + x.Text)
		if !x.Over.IsZero() {
			text += "; over " + cli.Ago(x.Over, now)
		}
		p.fact(6, "Problem "+cli.Ago(x.Time, now), text)
		if x.Next != "" && x.Over.IsZero() {
			p.fact(8, "Next", cli.Clean(x.Next))
		}
	}
	if len(c.Missing) > 0 {
		p.fact(6, "Permissions missing", p.style.Bad(cli.Clean(strings.Join(c.Missing, ", "))))
		p.b.WriteString("      Policy that is needed:\n")
		for line := range strings.Lines(c.Policy) {
			fmt.Fprintf(&p.b, "        %s\n", cli.Clean(strings.TrimSuffix(line, "\n")))
		}
	}
}

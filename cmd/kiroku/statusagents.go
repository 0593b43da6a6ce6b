package main

import (
	"fmt"
	"time"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/forward/wire"
)

// agents shows the SIEM agents that somebody should look at.
func (p *statusPage) agents(st *client.Status, now time.Time) {
	all := &st.SiemAgents
	if all.Agents == 0 {
		return
	}
	p.title("SIEM agents")
	p.fact(2, "Agents", cli.Count(all.Agents))
	if len(all.Unwell) == 0 {
		p.fact(2, "Status", p.style.Good("OK"))
		return
	}
	for i := range all.Unwell {
		a := &all.Unwell[i]
		text := fmt.Sprintf("%s, %s, last heard of %s", a.State, a.Delivery, contact(a, now))
		if a.Delivery == wire.DeliveryBacklog || a.Delivery == wire.DeliveryBlocked {
			text += fmt.Sprintf(", %s and %s behind", plural(a.LagRecords, "event"), lag(a.LagSeconds))
		}
		if a.SpooledRecords > 0 {
			text += fmt.Sprintf(", %s in its spool", plural(a.SpooledRecords, "record"))
		}
		p.fact(2, a.Name, p.style.Bad(cli.Clean(text)))
		for _, n := range a.Notifications {
			p.fact(4, n.Title, cli.Clean(n.Text))
			p.fact(4, "Next", cli.Clean(n.Remedy))
		}
	}
}

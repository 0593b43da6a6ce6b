package serve

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kiroku/internal/forward/wire"
)

var (
	descSIEMState         = desc("siem_agent_state", "1 for the state that a SIEM agent has: created, connected, connection_error, disconnected or completed.", "agent", "name", "state")
	descSIEMContact       = desc("siem_agent_last_contact_seconds", "Unix time when a SIEM agent was last heard of.", "agent", "name")
	descSIEMConfig        = desc("siem_agent_config_version", "Unix time when the configuration of a SIEM agent was last changed.", "agent", "name")
	descSIEMNotifications = desc("siem_agent_notifications", "How often what an open notification tells has happened. Codes of newer agents that this server does not know are other.", "agent", "name", "destination", "code")
	descSIEMDelivery      = desc("siem_agent_delivery", "1 for how a destination does: ok, backlog, paused or blocked.", "agent", "name", "destination", "delivery")
	descSIEMConfirmed     = siemDesc("records_confirmed_total", "Records that have arrived, since the agent was created.")
	descSIEMDead          = siemDesc("dead_letter_total", "Records that can never be delivered.")
	descSIEMOversize      = siemDesc("oversize_total", "Records that were shortened.")
	descSIEMBacklog       = siemDesc("backlog_records", "Events that a destination was not given yet, before filtering.")
	descSIEMLag           = siemDesc("lag_seconds", "How long ago the next event of a destination was taken in, by the server or into the agent's spool.")
	descSIEMPulled        = siemDesc("records_pulled_total", "Records that the agent has pulled since it was started.")
	descSIEMSent          = siemDesc("bytes_sent_total", "Bytes that the agent has sent since it was started.")
	descSIEMResent        = siemDesc("duplicates_resent_total", "Records that the agent has sent again since it was started.")
	descSIEMReplays       = siemDesc("replays_total", "How often the agent went back since it was started.")
	descSIEMReconnects    = siemDesc("reconnects_total", "How often the agent has connected again since it was started.")
	descSIEMErrors        = siemDesc("dest_errors_total", "Errors of the destination since the agent was started: data_server_send_error, data_server_connection_error, data_server_tls_error, or other from an agent that does not tell them apart.", "code")
	descSIEMQueue         = siemDesc("send_queue_bytes", "Bytes on their way to the destination.")
	descSIEMOldest        = siemDesc("oldest_unconfirmed_seconds", "Age of the oldest record that is sent and not confirmed.")
	descSIEMSpooled       = siemDesc("spooled_records", "Records in the agent's spool: acknowledged, and not confirmed by the destination.")
	descSIEMSpooledBytes  = siemDesc("spooled_bytes", "Bytes of them on the agent's disk.")
	descSIEMLimited       = siemDesc("rate_limited_seconds_total", "How long the agent has waited for the rate limit since it was started.")
	descSIEMCert          = siemDesc("cert_expiry_seconds", "Until the certificate of the destination ends; negative: since then.")
)

// siemDesc describes a figure of a destination.
func siemDesc(name, help string, labels ...string) *prometheus.Desc {
	return desc("siem_agent_"+name, help, append([]string{"agent", "name", "destination"}, labels...)...)
}

// siemTime bounds how long the figures of SIEM agents may take.
const siemTime = 10 * time.Second

func (c collector) siemAgents(counter, gauge figure) {
	ctx, cancel := context.WithTimeout(context.Background(), siemTime)
	defer cancel()
	for _, a := range c.s.agents.List(ctx) {
		gauge(descSIEMState, 1, a.ID, a.Name, string(a.State))
		gauge(descSIEMConfig, float64(a.Updated.Unix()), a.ID, a.Name)
		if !a.LastContact.IsZero() {
			gauge(descSIEMContact, float64(a.LastContact.UnixMilli())/1000, a.ID, a.Name)
		}
		siemNotifications(&a, gauge)
		for i := range a.Destinations {
			siemDestination(&a, &a.Destinations[i], counter, gauge)
		}
	}
}

// other stands for codes that only the agent knows: whoever has a token could make up any number of them.
const other = "other"

func siemNotifications(a *wire.AgentStatus, gauge figure) {
	type key struct{ destination, code string }
	counts := map[key]int64{}
	for _, n := range a.Notifications {
		k := key{n.Destination, other}
		if wire.Known(n.Code) {
			k.code = string(n.Code)
		}
		counts[k] += n.Count
	}
	for k, n := range counts {
		gauge(descSIEMNotifications, float64(n), a.ID, a.Name, k.destination, k.code)
	}
}

func siemDestination(a *wire.AgentStatus, d *wire.DestinationStatus, counter, gauge figure) {
	l, m := []string{a.ID, a.Name, d.Name}, &d.Metrics
	gauge(descSIEMDelivery, 1, append(l, string(d.Delivery))...)
	gauge(descSIEMBacklog, float64(d.LagRecords), l...)
	gauge(descSIEMLag, float64(d.LagSeconds), l...)
	gauge(descSIEMSpooled, float64(d.SpooledRecords), l...)
	gauge(descSIEMSpooledBytes, float64(d.SpooledBytes), l...)
	gauge(descSIEMQueue, float64(m.QueueBytes), l...)
	gauge(descSIEMOldest, float64(m.OldestMS)/1000, l...)
	if m.CertExpires != 0 {
		gauge(descSIEMCert, float64(m.CertExpires), l...)
	}
	for _, c := range []struct {
		desc *prometheus.Desc
		n    int64
	}{{descSIEMConfirmed, d.Confirmed}, {descSIEMDead, d.Dead}, {descSIEMOversize, d.Oversize}, {descSIEMPulled, m.Pulled}, {descSIEMSent, m.Bytes}, {descSIEMResent, m.Resent},
		{descSIEMReplays, m.Replays}, {descSIEMReconnects, m.Reconnects}} {
		counter(c.desc, float64(max(0, c.n)), l...)
	}
	counter(descSIEMLimited, float64(max(0, m.LimitedMS))/1000, l...)
	unknown := m.Errors
	for _, code := range wire.DeliveryErrors() {
		counter(descSIEMErrors, float64(max(0, m.ErrorsBy[code])), append(l, string(code))...)
		unknown -= m.ErrorsBy[code]
	}
	if unknown > 0 {
		counter(descSIEMErrors, float64(unknown), append(l, other)...)
	}
}

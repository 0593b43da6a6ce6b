package serve

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kiroku/internal/forward/wire"
)

var (
	siemLabels = []string{"agent", "name", "destination"}

	descSIEMState         = desc("siem_agent_state", "1 for the state that a SIEM agent has.", "agent", "name", "state")
	descSIEMContact       = desc("siem_agent_last_contact_seconds", "Unix time when a SIEM agent was last heard of.", "agent", "name")
	descSIEMConfig        = desc("siem_agent_config_version", "Unix time when the configuration of a SIEM agent was last changed.", "agent", "name")
	descSIEMNotifications = desc("siem_agent_notifications", "How often what an open notification tells has happened.", "agent", "name", "destination", "code")
	descSIEMDelivery      = desc("siem_agent_delivery", "1 for how a destination does.", "agent", "name", "destination", "delivery")
	descSIEMConfirmed     = desc("siem_agent_records_confirmed_total", "Records that have arrived, since the agent was created.", siemLabels...)
	descSIEMDead          = desc("siem_agent_dead_letter_total", "Records that can never be delivered.", siemLabels...)
	descSIEMOversize      = desc("siem_agent_oversize_total", "Records that were shortened.", siemLabels...)
	descSIEMBacklog       = desc("siem_agent_backlog_records", "Events that a destination was not given yet, before filtering.", siemLabels...)
	descSIEMLag           = desc("siem_agent_lag_seconds", "How long ago the next event of a destination was taken in, by the server or into the agent's spool.", siemLabels...)
	descSIEMPulled        = desc("siem_agent_records_pulled_total", "Records that the agent has pulled since it was started.", siemLabels...)
	descSIEMSent          = desc("siem_agent_bytes_sent_total", "Bytes that the agent has sent since it was started.", siemLabels...)
	descSIEMResent        = desc("siem_agent_duplicates_resent_total", "Records that the agent has sent again since it was started.", siemLabels...)
	descSIEMReplays       = desc("siem_agent_replays_total", "How often the agent went back since it was started.", siemLabels...)
	descSIEMReconnects    = desc("siem_agent_reconnects_total", "How often the agent has connected again since it was started.", siemLabels...)
	descSIEMErrors        = desc("siem_agent_dest_errors_total", "Errors of the destination since the agent was started.", siemLabels...)
	descSIEMQueue         = desc("siem_agent_send_queue_bytes", "Bytes on their way to the destination.", siemLabels...)
	descSIEMOldest        = desc("siem_agent_oldest_unconfirmed_seconds", "Age of the oldest record that is sent and not confirmed.", siemLabels...)
	descSIEMSpooled       = desc("siem_agent_spooled_records", "Records in the agent's spool: acknowledged, and not confirmed by the destination.", siemLabels...)
	descSIEMSpooledBytes  = desc("siem_agent_spooled_bytes", "Bytes of them on the agent's disk.", siemLabels...)
	descSIEMLimited       = desc("siem_agent_rate_limited_seconds_total", "How long the agent has waited for the rate limit since it was started.", siemLabels...)
	descSIEMCert          = desc("siem_agent_cert_expiry_seconds", "Until the certificate of the destination ends.", siemLabels...)
)

// siemTime bounds how long the figures of SIEM agents may take.
const siemTime = 10 * time.Second

func (c collector) siemAgents(counter func(*prometheus.Desc, uint64, ...string), gauge func(*prometheus.Desc, float64, ...string)) {
	ctx, cancel := context.WithTimeout(context.Background(), siemTime)
	defer cancel()
	for _, a := range c.s.agents.List(ctx) {
		gauge(descSIEMState, 1, a.ID, a.Name, string(a.State))
		gauge(descSIEMConfig, float64(a.Updated.Unix()), a.ID, a.Name)
		if !a.LastContact.IsZero() {
			gauge(descSIEMContact, float64(a.LastContact.UnixMilli())/1000, a.ID, a.Name)
		}
		for _, n := range a.Notifications {
			gauge(descSIEMNotifications, float64(n.Count), a.ID, a.Name, n.Destination, string(n.Code))
		}
		for i := range a.Destinations {
			siemDestination(&a, &a.Destinations[i], counter, gauge)
		}
	}
}

func siemDestination(a *wire.AgentStatus, d *wire.DestinationStatus, counter func(*prometheus.Desc, uint64, ...string), gauge func(*prometheus.Desc, float64, ...string)) {
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
		{descSIEMReplays, m.Replays}, {descSIEMReconnects, m.Reconnects}, {descSIEMErrors, m.Errors}, {descSIEMLimited, m.LimitedMS / 1000}} {
		counter(c.desc, uint64(max(0, c.n)), l...)
	}
}

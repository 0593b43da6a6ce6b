package wire

import (
	"slices"
	"strconv"
)

// Code names a kind of notification.
type Code string

// The codes: the first five are those of Defender for Cloud Apps (troubleshooting-siem.md), the others are ours.
const (
	InternalError     Code = "internal_error"
	SendError         Code = "data_server_send_error"
	ConnectionError   Code = "data_server_connection_error"
	AgentError        Code = "siem_agent_error"
	NotificationError Code = "siem_agent_notification_error"

	TLSError             Code = "data_server_tls_error"
	TokenExpiring        Code = "token_expiring"
	TokenRefused         Code = "token_refused"
	ConfigRejected       Code = "config_rejected"
	ClockSkew            Code = "clock_skew"
	RecordOversize       Code = "record_oversize"
	RecordDeadLetter     Code = "record_dead_letter"
	RetentionGap         Code = "retention_gap"
	UnconfirmedTransport Code = "unconfirmed_transport"
	SessionReplaced      Code = "session_replaced"
	SpoolFull            Code = "spool_full"
	SpoolDamaged         Code = "spool_damaged"
	SpoolLeft            Code = "spool_left"
)

// DeliveryErrors are the codes of what keeps records from a data server.
func DeliveryErrors() []Code { return []Code{SendError, ConnectionError, TLSError} }

// Explanation is what people are told about a code.
type Explanation struct {
	Code   Code
	Title  string
	Cause  string
	Remedy string
}

// Explain returns the explanation of a code; of one that is not known, a general one.
func Explain(c Code) Explanation {
	for _, e := range explanations {
		if e.Code == c {
			return e
		}
	}
	return Explanation{Code: c, Title: string(c), Cause: "The agent is of another version than the server.", Remedy: "Run the same version of kiroku on both sides."}
}

// Count writes a number of things: "1 record", "2 records".
func Count(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.FormatInt(n, 10) + " " + thing + "s"
}

// Known says whether a code is one of the constants.
func Known(c Code) bool {
	return slices.ContainsFunc(explanations[:], func(e Explanation) bool { return e.Code == c })
}

// Explanations lists all codes, in the order of the constants.
func Explanations() []Explanation { return append([]Explanation(nil), explanations[:]...) }

const checkIt = ` Run "kiroku agent check" on the agent's machine: it tries every hop.`

var explanations = [...]Explanation{
	{InternalError, "Internal error", "Something failed in the agent that should not.",
		"Read the text and the agent's log; restart the agent. If it comes again, report it with the log."},
	{SendError, "Data server send error", "The agent reached the data server and could not send to it, or it did not confirm. It pulls nothing more until that works, or with a spool until that is full; nothing is lost meanwhile.",
		"Look whether the data server takes events, and whether a firewall or load balancer ends its connections." + checkIt},
	{ConnectionError, "Data server connection error", "The agent cannot connect to the data server. It pulls nothing more until that works, or with a spool until that is full; nothing is lost meanwhile.",
		"1. Check host and port of the destination: kiroku agents show ID. 2. Check that no firewall blocks the way." + checkIt},
	{AgentError, "SIEM agent error", "The agent has not been heard of for longer than siem_agents.connection_error_after of the server's configuration.",
		"Check that the agent runs, and that its machine reaches this server. Was its configuration or token changed?" + checkIt},
	{NotificationError, "SIEM agent notification error", "The agent has been reporting errors between itself and the data server for longer than siem_agents.notification_error_after of the server's configuration.",
		"Check the firewalls of the SIEM and of the agent's machine, whether the address of the SIEM has changed, and whether the agent trusts its certificate." + checkIt},
	{TLSError, "Data server TLS error", "The data server was reached, and TLS with it failed.",
		"The text says what to do: usually a missing issuer to be named with tls.ca_files (--tls-ca-file), another name in the certificate, or a client certificate that the server wants." + checkIt},
	{TokenExpiring, "Token expiring", "The token that the agent uses was rotated and stops to work soon.",
		"Put the new token into the file of --token-file: no restart is needed. An agent with --token or KIROKU_AGENT_TOKEN has to be started again with the new one."},
	{TokenRefused, "Token refused", "A process asked with a token of this agent that is expired or revoked, and was refused. An agent that is refused ends and delivers nothing.",
		"Give the agent a token that is valid and start it again: kiroku agents rotate-token ID prints a new one; put it into the file of --token-file. If the agent runs with another token already, end the process that uses the old one."},
	{ConfigRejected, "Configuration rejected", "The agent cannot work with the configuration of a destination; it does not send there.",
		"Correct what the text names: kiroku agents edit ID."},
	{ClockSkew, "Clock skew", "The clocks of the agent's machine and of the server differ by more than 60 seconds.",
		"Synchronise both clocks, for example by NTP. Delivery does not depend on it; certificates and the states do."},
	{RecordOversize, "Record too long", "Records were longer than the destination's max_bytes (--max-bytes): their longest texts were shortened and end in ...[cut N].",
		"Raise max_bytes (--max-bytes) of the destination if the SIEM takes longer records, or use TCP, TLS or RELP instead of UDP."},
	{RecordDeadLetter, "Record in the dead letters", "A record can never be delivered: it cannot be encoded within the limit, or the data server refuses it: it says so, or it refused that record alone for 2 minutes and took others meanwhile. Delivery goes on with the next.",
		"See them with kiroku agents dead-letters ID; correct the cause and send them again with --replay."},
	{RetentionGap, "Retention gap", "Retention has removed events that the agent had not delivered yet.",
		"The text names the time and the number. Lengthen the retention, and recover from another copy if there is one."},
	{UnconfirmedTransport, "Unconfirmed transport", "The destination does not confirm what it receives (UDP, or TCP without confirmation): what is lost on the way is lost.",
		"Use RELP, HTTPS, or TCP with --confirm halfclose, if the SIEM offers it."},
	{SessionReplaced, "Session replaced", "A second process was started with the token of this agent; the first one stopped.",
		"Run one process for each agent: stop the other, or make another agent for it."},
	{SpoolFull, "Spool full", "The spool on the agent's disk takes nothing more: it has reached its size, or the disk is full. The agent pulls nothing more until there is room; nothing is lost meanwhile, the server keeps what is not pulled.",
		"Look why the data server does not take what waits; give the spool more room with --spool-size, or free room on its disk. It goes on by itself."},
	{SpoolDamaged, "Spool damaged", "Records that were acknowledged to this server cannot be read any more from the spool on the agent's disk.",
		"Check that disk, and put the files back from a copy if there is one. Else start the agent with --spool-skip-damaged, which delivers everything that can be read, and send the missing period again while this server has it: kiroku agents recover."},
	{SpoolLeft, "Spool left", "In the spool on the agent's disk records wait for a destination that the agent has no more.",
		"Add a destination of that name to have them delivered there: kiroku agents edit ID. Or stop the agent, remove the folder that the text names, and start the agent again: then they are gone."},
}

package ivanti

import (
	"strings"

	"kiroku/internal/event"
)

// fact is something that only the message text says.
type fact uint8

const (
	factUser fact = iota
	factRealm
	factClientIP
	factSessionID
	factNewIP
	factHostname
	factTunnelIP
	factTimeTaken
	factDuration
	factReason
	factDetail
	factURL
	factMethod
	factStatus
	factURLHost
	factPort
	factBytesRead
	factBytesWritten
	factClientPort
	factDstIP
	factDstHost
	factDstPort
	factOldIP
	factForwardedIP
	factReadChunks
	factWrittenChunks
	factTextSession
	factACLCount
	factOptimizedACLCount
	factConcurrentUsers
	factConnections
	factMatchedFiles
	factDetectedFiles
	factMismatchedFiles
	factAgent
	factMac
	factPolicy
	factObject
	factEntityType
	factEntityName
	factTargetUser
	factBandwidth
	factTransport
	numFacts

	// factPlain is the first fact that goes to its column without further thought.
	factPlain = factReason
)

// factInfo describes a fact.
type factInfo struct {
	name   string       // native name, as Datadog's pipeline calls it
	column event.Column // ColUnmapped: no column
	// number says that the attribute is a number; ports are texts there.
	number bool
	// ours says that Datadog's pipeline does not extract it: it is no attribute.
	ours bool
}

var factInfos = [numFacts]factInfo{
	factUser:              {name: "usr.name", column: event.ColActorUserName},
	factRealm:             {name: "realm_name", column: event.ColActorUserDomain},
	factClientIP:          {name: "network.client.ip", column: event.ColSrcIP},
	factSessionID:         {name: "session_id", column: event.ColActorSessionUIDAlt},
	factNewIP:             {name: "new_client_ip", column: event.ColSrcIP},
	factHostname:          {name: "hostname", column: event.ColUnmapped},
	factTunnelIP:          {name: "ivanti_connect_secure.tunnel_ip", column: event.ColTunnelIP, ours: true},
	factTimeTaken:         {name: "ivanti_connect_secure.time_taken", column: event.ColDurationMS, number: true},
	factDuration:          {name: "ivanti_connect_secure.duration", column: event.ColDurationMS, number: true},
	factReason:            {name: "reason", column: event.ColStatusDetail},
	factDetail:            {name: "reason", column: event.ColStatusDetail, ours: true},
	factURL:               {name: "http.url", column: event.ColHTTPURL},
	factMethod:            {name: "http.method", column: event.ColHTTPMethod},
	factStatus:            {name: "http.status_code", column: event.ColHTTPStatus, number: true},
	factURLHost:           {name: "http.url_details.host", column: event.ColURLHost},
	factPort:              {name: "port", column: event.ColDstPort, number: true},
	factBytesRead:         {name: "network.bytes_read", column: event.ColBytesIn, number: true},
	factBytesWritten:      {name: "network.bytes_written", column: event.ColBytesOut, number: true},
	factClientPort:        {name: "network.client.port", column: event.ColSrcPort},
	factDstIP:             {name: "network.destination.ip", column: event.ColDstIP},
	factDstHost:           {name: "network.destination.host", column: event.ColDstHost, ours: true},
	factDstPort:           {name: "network.destination.port", column: event.ColDstPort},
	factOldIP:             {name: "old_client_ip", column: event.ColSrcIPOld},
	factForwardedIP:       {name: "forwarded_ip", column: event.ColUnmapped},
	factReadChunks:        {name: "read_chunks", column: event.ColUnmapped, number: true},
	factWrittenChunks:     {name: "written_chunks", column: event.ColUnmapped, number: true},
	factTextSession:       {name: "sessionid", column: event.ColActorSessionUIDAlt},
	factACLCount:          {name: "ivanti_connect_secure.acl_count", column: event.ColUnmapped, number: true},
	factOptimizedACLCount: {name: "ivanti_connect_secure.optimized_acl_count", column: event.ColUnmapped, number: true},
	factConcurrentUsers:   {name: "ivanti_connect_secure.concurrent_users", column: event.ColUnmapped, number: true},
	factConnections:       {name: "ivanti_connect_secure.connections", column: event.ColUnmapped, number: true},
	factMatchedFiles:      {name: "ivanti_connect_secure.matched_files", column: event.ColUnmapped, number: true},
	factDetectedFiles:     {name: "ivanti_connect_secure.detected_files", column: event.ColUnmapped, number: true},
	factMismatchedFiles:   {name: "ivanti_connect_secure.mismatched_files", column: event.ColUnmapped, number: true},
	factAgent:             {name: "http.useragent", column: event.ColUserAgent, ours: true},
	factMac:               {name: "macaddr", column: event.ColSrcMac, ours: true},
	factPolicy:            {name: "ivanti_connect_secure.policy", column: event.ColPolicyName, ours: true},
	factObject:            {name: "ivanti_connect_secure.object", column: event.ColUnmapped, ours: true},
	factEntityType:        {name: "ivanti_connect_secure.object", column: event.ColEntityType, ours: true},
	factEntityName:        {name: "ivanti_connect_secure.object", column: event.ColEntityName, ours: true},
	factTargetUser:        {name: "ivanti_connect_secure.target_user", column: event.ColUserName, ours: true},
	factBandwidth:         {name: "ivanti_connect_secure.bandwidth", column: event.ColUnmapped, ours: true},
	factTransport:         {name: "ivanti_connect_secure.transport_mode", column: event.ColUnmapped, ours: true},
}

// facts is what the message text says.
type facts struct {
	text   text
	given  uint64 // one bit for every fact that is not empty
	values [numFacts]string
}

func (f *facts) set(k fact, v string) {
	if v != "" {
		f.values[k] = v
		f.given |= 1 << k
	}
}

// read finds the rule for a text of a type of log.
func (f *facts) read(typ, s string) {
	switch typ {
	case "WEB":
		f.readWeb(s)
	case "JAV":
		f.readConnection(s)
	case "NWC", "ERR":
		f.readTunnel(s)
	case "STS", "SYS":
		f.readStatistics(s)
	case "ADM":
		f.readAdmin(s)
	default:
		f.readAuthentication(s)
	}
}

// text says which of the known texts a message is. The OCSF class follows from it.
type text uint8

const (
	textUnknown text = iota
	textWebCompleted
	textWebFailed
	textWebBlocked
	textWebDenied
	textUnauthenticated
	textLoginFailed
	textLoginRejected
	textLoginSucceeded
	textAuthFailed    // one authentication server said no
	textAuthSucceeded // one authentication server said yes
	textLogout
	textSessionTimeout
	textSessionCreated
	textSessionDeleted
	textSessionResumed
	textLockedOut
	textVersionDenied
	textRestrictionPassed
	textHostCheckPassed
	textHostCheckFailed
	textSSLFailed
	textAddressChanged
	textConnectionClosed
	textACLCount
	textTunnelStarted
	textTunnelEnded
	textTunnelTransport
	textKeyExchange
	textUsers
	textConnections
	textIntegrityScan
	textCreated
	textModified
	textDeleted
	textUserAdded
	textUserRemoved
)

// guessType tells the kind of log from the text, for filters that print no message id.
func guessType(s string) string {
	switch {
	case has(s, "WebRequest "), has(s, "Access blocked "), has(s, "Access denied because outbound"):
		return "WEB"
	case has(s, "VPN Tunneling: "), has(s, "Transport mode switched"), has(s, "Key Exchange number"):
		return "NWC"
	case has(s, "Closed connection to "), has(s, "Connected to "), has(s, "Connection request "), has(s, "Connect request "):
		return "JAV"
	case has(s, "Number of "):
		return "STS"
	case has(s, "Integrity "), has(s, "Sending ") && strings.Contains(s, " SNMP trap"), has(s, "Successful syslog connection "),
		has(s, "LMDB "), has(s, "Successfully executed '"):
		return "SYS"
	case has(s, "SAML "):
		return "SML"
	case has(s, "Leased "), has(s, "License "):
		return "LIC"
	case has(s, "Admin "), has(s, "Created ("), has(s, "Modified ("), has(s, "Deleted ("), has(s, "Syslog server "),
		has(s, "User Accounts modified"), adminLogin(s):
		return "ADM"
	case has(s, "Login "), has(s, "Logout "), has(s, "Session"), has(s, "Primary auth"), has(s, "Secondary auth"),
		has(s, "Unauthenticated request"), has(s, "Connection from IP"), has(s, "Remote address"), has(s, "Host Checker"),
		has(s, "SSL negotiation"), has(s, "Agent login"), has(s, "Authentication requests"), has(s, "Authenticating user"),
		has(s, "Established connection with type"), has(s, "OCSP "), has(s, "CRL "):
		return "AUT"
	}
	var probe facts
	if probe.readAuthentication(s); probe.text != textUnknown {
		return "AUT"
	}
	if refusal(s) {
		return "JAV"
	}
	return ""
}

// refusal is a connect request that was refused: its wording differs between versions.
func refusal(s string) bool {
	return strings.Contains(s, "permission denied") && strings.Contains(s, "onnect")
}

// adminLogin: Login succeeded for U/R from IP A[ via (PORT|word) port]. Users' text has the address without "IP".
func adminLogin(s string) bool {
	if !has(s, "Login succeeded for ") {
		return false
	}
	who, _, _, ok := fromIP(s)
	return ok && has(blanks(s[len(who)+len(" from "):]), "IP ")
}

func has(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }

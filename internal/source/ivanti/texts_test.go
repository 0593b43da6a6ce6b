package ivanti_test

import (
	"encoding/json"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/source/ivanti"
	"kiroku/internal/source/sourcetest"
)

// texts are those that appliances are known to write, under their ids. shared says that users and administrators share the
// text, so that without an id it counts as the users'.
var texts = []struct {
	id, text string
	shared   bool
}{
	{id: "WEB20174", text: "WebRequest completed, GET to [https://wiki.example.com/] from [198.51.100.9] result=[200] sent=[1] received=[2] in [3] seconds"},
	{id: "WEB30441", text: "WebRequest Failed : Host: h.example.net, Request: GET https://h.example.net/ Reason: Connection refused"},
	{id: "WEB20172", text: "Access blocked after DNS lookup. Check Web ACL settings - Host: h.example.net, Request: GET https://h.example.net/"},
	{id: "WEB23290", text: "Access blocked to invalid SSL site - Host: h.example.net, Port: 8443, Request: GET https://h.example.net/"},
	{id: "WEB30439", text: "Access blocked due to invalid ActiveSync request. Host: h.example.net, Request: POST /x"},
	{id: "WEB20171", text: "Access denied because outbound secure http connections are disabled - Host: h.example.net, Request: GET https://h.example.net/"},
	{id: "AUT31556", text: "Unauthenticated request url /dana/js came from IP 198.51.100.9."},
	{id: "AUT20920", text: "Connection from IP 198.51.100.9 not authenticated yet (URL=/dana/js)"},
	{id: "AUT23457", text: "Login failed using auth server LDAP (LDAP Server).  Reason: Failed"},
	{id: "AUT23457", text: "Login failed. Reason: No Certificate"},
	{id: "AUT31985", text: "Login failed for 'Primary' authentication using auth server 'LDAP' ('LDAP Server').  Reason: 'Failed'"},
	{id: "ADM23458", text: "Login failed for 'Primary' authentication using auth server 'Administrators' ('Local').  Reason: 'Failed'", shared: true},
	{id: "AUT24327", text: "Primary authentication failed for alice/LDAP from 198.51.100.9"},
	{id: "AUT24326", text: "Secondary authentication successful for alice/LDAP from 198.51.100.9 forwarded for 203.0.113.1"},
	{id: "AUT21062", text: "Login failed from 198.51.100.9 for alice/Employees because account is disabled."},
	{id: "AUT21063", text: "Login failed from 198.51.100.9 for alice/Employees using LDAP. Locked."},
	{id: "ADM22814", text: "Login failed from 198.51.100.9 for admin/Admin Users using Administrators.", shared: true},
	{id: "AUT21051", text: "Login rejected from IP 198.51.100.9 for alice/Employees due to internal error."},
	{id: "AUT21052", text: "Login rejected login from IP 198.51.100.9. Too many users."},
	{id: "AUT31504", text: "Login succeeded for alice/Employees (session:sid0000aaaa) from 198.51.100.9."},
	{id: "AUT22670", text: "Login succeeded for alice/Employees from 198.51.100.9."},
	{id: "AUT22669", text: "alice/Employees from IP 198.51.100.9 via 443 port authenticated successfully using LDAP authentication."},
	{id: "AUT24414", text: "Agent login succeeded for alice/Employees (session:sid0000aaaa) from 198.51.100.9 with Pulse-Secure/9.1.7 (Windows 10) Pulse/9.1.7."},
	{id: "AUT24604", text: "SSL negotiation failed while client at source IP '198.51.100.9' was trying to connect to '203.0.113.1'. Reason: 'alert bad certificate'"},
	{id: "AUT20919", text: "Remote address for user alice/Employees changed from 198.51.100.9 to 198.51.100.10."},
	{id: "AUT32033", text: "Session created for user: [alice/Employees] from [198.51.100.9] with primary auth-server type: [LDAP], mac-address: [11-22-33-44-55-66]."},
	{id: "AUT32051", text: "Established connection with type: [ESP]"},
	{id: "AUT31829", text: "Session:[sid0000aaaa] for user:[alice] with roles:[Users] deleted. Bandwidth consumed [] bytes"},
	{id: "AUT22927", text: "Session timed out for alice/Employees (session:sid0000aaaa) due to inactivity (last access at 09:15:02 2026/06/30). Idle."},
	{id: "ADM22818", text: "Session timed out for admin/Admin Users due to inactivity (last access at 09:15:02 2026/06/30).", shared: true},
	{id: "AUT20914", text: "Max session timeout for alice/Employees (session:sid0000aaaa)."},
	{id: "AUT20914", text: "Logout from 198.51.100.9 (session:sid0000aaaa)"},
	{id: "ADM23573", text: "Admin bob/Admin Users logged out from IP 198.51.100.6 because user started new session from IP 198.51.100.7."},
	{id: "AUT23523", text: "User alice/Employees logged out because of a new session"},
	{id: "AUT31900", text: "Session resumed from user agent 'Pulse-Secure/9.1.7' (session:sid0000aaaa)."},
	{id: "AUT24803", text: "Host Checker policy 'P' passed on host '198.51.100.9' address '11-22-33-44-55-66'  for user 'alice'."},
	{id: "AUT24804", text: "Host Checker policy 'P' failed on host '198.51.100.9' address '11-22-33-44-55-66' for user 'alice' reason 'Rule-A:old'."},
	{id: "AUT31984", text: "Host Checker Compliance Result - ['Fully Non Compliant'] for user"},
	{id: "AUT23278", text: "Host Checker realm restrictions successfully passed for alice/Employees , with certificate 'CN=alice'"},
	{id: "AUT23279", text: "Source IP realm restrictions successfully passed for alice/Employees"},
	{id: "AUT23280", text: "User Limit realm restrictions successfully passed for alice/Employees"},
	{id: "AUT24570", text: "User alice denied access as the client version '9.1.7' is lower than the minimum '22.1'"},
	{id: "AUT30684", text: "Authentication requests from IP address 198.51.100.9 temporarily locked out"},
	{id: "AUT31815", text: `Authenticating user with Primary Authentication Server: "User Auth"`},
	{id: "AUT31262", text: "OCSP check of certificate 'CN=alice' succeeded"},
	{id: "AUT31263", text: "CRL check of certificate 'CN=alice' failed"},
	{id: "SYS32100", text: "Integrity Scan Completed: Integrity Scan Results : Matched Files 3, Newly Detected Files 0, Mismatched Files 0"},
	{id: "SYS32101", text: "Integrity Checker Tool: Periodic Scan Started!"},
	{id: "SYS32102", text: "Integrity Checker Tool: Periodic Scan Finished!"},
	{id: "SYS20704", text: "Sending iveLogNearlyFull [ logFullPercent='93' logName='event' ] SNMP trap to 198.51.100.5:162"},
	{id: "SYS31437", text: "Successful syslog connection to peer: '198.51.100.5'"},
	{id: "SYS31231", text: "Successfully executed 'Post Settings Request'."},
	{id: "SYS32083", text: "LMDB shards usage stats shard: 0:1%   1:1%   "},
	{id: "LIC30499", text: "Leased 0 units of 'Virtual CPUs' from 198.51.100.5 - reserved: 0 maximum: 0 incremental quantum: 0"},
	{id: "SML31064", text: "SAML AuthnRequest sent to 'https://idp.example.com'"},
	{id: "STS20641", text: "Number of concurrent users logged in to the device: 2"},
	{id: "STS30667", text: "Number of NCP connections: 2"},
	{id: "STS30666", text: "Number of JCP connections: 2"},
	{id: "JAV20023", text: "Closed connection to h.example.net port 3389 after 7 seconds, with 1 bytes read (in 5 chunks) and 2 bytes written (in 5 chunks)"},
	{id: "JAV20023", text: "Closed connection to 198.51.100.44 after 437 seconds, with 36662 bytes read and 24509 bytes written "},
	{id: "JAV20022", text: "Connection request to 198.51.100.45 denied, permission denied"},
	{id: "JAV20022", text: "Connect request to h.example.net port 22: permission denied"},
	{id: "JAV20022", text: "Request to connect to h.example.net port 22 permission denied"},
	{id: "JAV20021", text: "Connected to h.example.net port 3389"},
	{id: "NWC24670", text: "VPN Tunneling: ACL count = 4."},
	{id: "NWC31271", text: "VPN Tunneling: Optimized ACL count = 4."},
	{id: "NWC23464", text: "VPN Tunneling: Session started for user (session: sid0000aaaa) with IPv4 address 198.51.100.60, hostname LAPTOP"},
	{id: "NWC23465", text: "VPN Tunneling: Session ended for user (session: sid0000aaaa) with IPv4 address 198.51.100.60"},
	{id: "NWC30477", text: "VPN Tunneling: User with IP 198.51.100.60 connected with ESP transport mode. "},
	{id: "NWC30993", text: "Transport mode switched over to SSL for user with NCIP 198.51.100.60 "},
	{id: "NWC23508", text: "Key Exchange number 2 occurred for user with NCIP 198.51.100.60 "},
	{id: "ADM22668", text: "Login succeeded for admin/Admin Users from IP 203.0.113.50."},
	{id: "ADM22668", text: "Login succeeded for admin/Admin Users from IP 203.0.113.50 via 443 port."},
	{id: "ADM22668", text: "Login succeeded for admin/Admin Users from IP 203.0.113.50 via internal port."},
	{id: "ADM22667", text: "Admin admin/Admin Users from IP 203.0.113.50 via 443 port authenticated successfully using Administrators authentication."},
	{id: "ADM24595", text: "Created (Users > User Roles[Sales]) with the following attributes: [Name=Sales] [Password=*****]"},
	{id: "ADM24596", text: "Modified (Users > User Roles[Sales]) with the following attributes: [Name=Sales]"},
	{id: "ADM24597", text: "Deleted (Users > User Roles[Sales])"},
	{id: "ADM20716", text: "Syslog server 198.51.100.5 (facility LOCAL5, filter Standard, type UDP, interface Global) removed from Events logs"},
	{id: "ADM22800", text: "User Accounts modified. Removed username carol from authentication server System Local."},
}

// A text means the same in every filter: with an id by that, without one by itself.
func TestTextsInEveryFilter(t *testing.T) {
	const header = `<134>1 2026-06-30T09:15:02+09:00 192.0.2.10 PulseSecure: - - - `
	columns := []event.Column{event.ColMessage, event.ColActorUserName, event.ColActorUserDomain, event.ColActorUserType, event.ColSrcIP, event.ColTunnelIP,
		event.ColHTTPURL, event.ColStatusDetail, event.ColEntityName, event.ColPolicyName}
	for _, tt := range texts {
		object, err := json.Marshal(map[string]string{"message_id": tt.id, "timestamp": "1782778502", "source_ip": "203.0.113.50", "user": "u", "realm_name": "r", "roles": "g", "raw_message": tt.text})
		if err != nil {
			t.Fatal(err)
		}
		filter := func(line string) *event.Event {
			rec := sourcetest.Record([]byte(header + line))
			if !ivanti.Recognise(rec) {
				t.Errorf("not recognised: %s", line)
			}
			e := new(event.Event)
			if err := ivanti.Map(rec, e); err != nil {
				t.Fatal(err)
			}
			return e
		}
		byID := filter(string(object))
		welf := filter(`id=firewall time="2026-06-30 09:15:02" pri=6 fw=192.0.2.1 vpn=ive ivs=Root user=u realm="r" roles="g" proto= src=203.0.113.50 dst= dstname= type=vpn op= arg="" result= sent= rcvd= agent="" duration= msg="` + tt.id + ": " + tt.text + `"`)
		standard := filter(`2026-06-30 09:15:02 - ive - [203.0.113.50] Root::u(r)[g] - ` + tt.text)
		typ := tt.id[:3]
		for name, e := range map[string]*event.Event{"JSON": byID, "WELF": welf, "Standard": standard} {
			want := typ
			if tt.shared && e == standard {
				want = "AUT"
			}
			if got := e.GetStr(event.ColService); got != want {
				t.Errorf("%s: type %q, want %q: %s", name, got, want, tt.text)
			}
			if got, want := e.GetInt(event.ColClassUID), byID.GetInt(event.ColClassUID); got != want {
				t.Errorf("%s: class %d, with an id in JSON %d: %s", name, got, want, tt.text)
			}
			if got, want := e.GetInt(event.ColActivityID), byID.GetInt(event.ColActivityID); got != want {
				t.Errorf("%s: activity %d, with an id in JSON %d: %s", name, got, want, tt.text)
			}
			for _, c := range columns {
				got, want := e.GetStr(c), byID.GetStr(c)
				if c == event.ColActorUserType && tt.shared && e == standard || c == event.ColMessage && e != byID {
					continue // the other filters cut blanks at the ends
				}
				if got != want {
					t.Errorf("%s: %s is %q, with an id in JSON %q: %s", name, c, got, want, tt.text)
				}
			}
		}
	}
}

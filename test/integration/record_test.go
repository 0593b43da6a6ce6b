//go:build integration

package integration

import (
	"fmt"
	"time"
)

// epoch is the time of the first record; others follow a millisecond apart.
var epoch = time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)

// body is the JSON of one Ivanti Connect Secure record. Its unique_id is "<run>-<n>".
func body(run string, n int) string {
	at := epoch.Add(time.Duration(n) * time.Millisecond)
	return fmt.Sprintf(`{"message_id":"AUT31504","date":"%s","timestamp":"%d","us_timestamp":"%d.%06d","opaque_id":"9002","gateway_id":"","gateway_name":"",`+
		`"unique_id":"%s-%d","sev_num":"3","sev_string":"info","source_ip":"203.0.113.%d","macaddr":"","user":"user%d","realm_name":"Employees",`+
		`"roles":"Employees-Role, VPN-Full","session_id":"5f934b7c31","useragent":"Pulse-Secure/22.7.2.28369 (Windows 11) Pulse/22.7.2.28369",`+
		`"device_id":"","browser_id":"","tenant_id":"","cert_hash":"","additional_details":[],`+
		`"raw_message":"Login succeeded for user%d/Employees (session:sid%032x) from 203.0.113.%d"}`,
		at.Format(time.DateOnly), at.Unix(), at.Unix(), at.Nanosecond()/1000, run, n, n%254+1, n%500, n%500, n, n%254+1)
}

// record is the same with the header that the appliance writes.
func record(run string, n int) string {
	return fmt.Sprintf("<134>1 %s vpn1.example.com PulseSecure: - - - %s", epoch.Add(time.Duration(n)*time.Millisecond).Format(time.RFC3339), body(run, n))
}

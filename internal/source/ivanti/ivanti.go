package ivanti

import (
	"kiroku/internal/event"
	"kiroku/internal/source"
)

const (
	vendorName  = "Ivanti"
	productName = "Connect Secure"
	serviceName = "Ivanti Connect Secure"
)

// Source is Ivanti Connect Secure.
var Source = source.Source{
	Name:       event.IvantiConnectSecure,
	Recognise:  Recognise,
	Map:        Map,
	Fields:     fields,
	Attributes: attributes(lazyAgents()),
}

// fields are the names of the appliance and of Datadog's pipeline.
var fields = []source.Field{
	{Name: "event_type", Column: event.ColService},
	{Name: "message_id", Column: event.ColEventCode},
	{Name: "unique_id", Column: event.ColMetadataUID},
	{Name: "timestamp", Column: event.ColTime},
	{Name: "us_timestamp", Column: event.ColOriginalTime},
	{Name: "sev_string", Column: event.ColLogLevel},
	{Name: "raw_message", Column: event.ColMessage},
	{Name: "usr.name", Column: event.ColActorUserName},
	{Name: "user", Column: event.ColActorUserName},
	{Name: "realm_name", Column: event.ColActorUserDomain},
	{Name: "roles", Column: event.ColActorUserGroups},
	{Name: "session_id", Column: event.ColActorSessionUID},
	{Name: "session_id", Column: event.ColActorSessionUIDAlt}, // the text's, which Datadog's pipeline calls so, too
	{Name: "sessionid", Column: event.ColActorSessionUIDAlt},
	{Name: "network.client.ip", Column: event.ColSrcIP},
	{Name: "source_ip", Column: event.ColSrcIP},
	{Name: "network.client.port", Column: event.ColSrcPort},
	{Name: "network.client.geoip.country.iso_code", Column: event.ColSrcCountry},
	{Name: "network.client.geoip.subdivision.iso_code", Column: event.ColSrcRegion},
	{Name: "network.client.geoip.city.name", Column: event.ColSrcCity},
	{Name: "network.client.geoip.continent.code", Column: event.ColSrcContinent},
	{Name: "macaddr", Column: event.ColSrcMac},
	{Name: "device_id", Column: event.ColSrcUID},
	{Name: "old_client_ip", Column: event.ColSrcIPOld},
	{Name: "ivanti_connect_secure.tunnel_ip", Column: event.ColTunnelIP},
	{Name: "network.destination.ip", Column: event.ColDstIP},
	{Name: "network.destination.port", Column: event.ColDstPort},
	{Name: "port", Column: event.ColDstPort},
	{Name: "network.bytes_read", Column: event.ColBytesIn},
	{Name: "network.bytes_written", Column: event.ColBytesOut},
	{Name: "http.method", Column: event.ColHTTPMethod},
	{Name: "http.url", Column: event.ColHTTPURL},
	{Name: "http.url_details.host", Column: event.ColURLHost},
	{Name: "http.status_code", Column: event.ColHTTPStatus},
	{Name: "http.status_category", Column: event.ColHTTPStatusCategory},
	{Name: "http.useragent", Column: event.ColUserAgent},
	{Name: "useragent", Column: event.ColUserAgent},
	{Name: "http.useragent_details.browser.family", Column: event.ColUserAgentBrowser},
	{Name: "http.useragent_details.os.family", Column: event.ColUserAgentOS},
	{Name: "http.useragent_details.device.family", Column: event.ColUserAgentDevice},
	{Name: "reason", Column: event.ColStatusDetail},
	{Name: "ivanti_connect_secure.policy", Column: event.ColPolicyName},
	{Name: "ivanti_connect_secure.target_user", Column: event.ColUserName},
}

package event

// Column is one column of the event table. Its number is not stored: files know columns by name and FieldID.
type Column uint8

// The columns, in the order of the table.
const (
	ColEventUID Column = iota
	ColTime
	ColIngestTime
	ColSeq
	ColSource
	ColRawData
	ColClassUID
	ColTypeUID
	ColCategoryUID
	ColActivityID
	ColSeverityID
	ColOriginalTime
	ColTimezoneOffset
	ColInput
	ColChannel
	ColCollector
	ColService
	ColTags
	ColLabels
	ColPriority
	ColParseError
	ColRawEncoding
	ColActivityName
	ColStatusID
	ColOutcome
	ColStatusCode
	ColStatusDetail
	ColMessage
	ColMetadataUID
	ColEventCode
	ColLogName
	ColLogLevel
	ColLogProvider
	ColCorrelationUID
	ColProductName
	ColProductVendor
	ColProductVersion
	ColProductFeature
	ColOCSFVersion
	ColProfiles
	ColActorUserName
	ColActorUserUID
	ColActorUserUIDAlt
	ColActorUserType
	ColActorUserEmail
	ColActorUserDomain
	ColActorUserGroups
	ColActorAccountUID
	ColActorCredentialUID
	ColActorSessionUID
	ColActorSessionUIDAlt
	ColActorSessionIssuer
	ColActorIDPName
	ColActorIDPDomain
	ColActorInvokedBy
	ColActorAppName
	ColIsMFA
	ColIsRemote
	ColAuthProtocolID
	ColAuthProtocol
	ColUserName
	ColUserUID
	ColGroupName
	ColEntityName
	ColEntityUID
	ColEntityType
	ColPolicyName
	ColPolicyType
	ColPolicyDesc
	ColSrcIP
	ColSrcPort
	ColSrcHost
	ColSrcUID
	ColSrcMac
	ColSrcCountry
	ColSrcRegion
	ColSrcCity
	ColSrcContinent
	ColSrcLat
	ColSrcLong
	ColSrcASN
	ColSrcASOrg
	ColSrcIPOld
	ColTunnelIP
	ColDstIP
	ColDstPort
	ColDstHost
	ColDstSvcName
	ColDeviceHost
	ColUserAgent
	ColUserAgentBrowser
	ColUserAgentOS
	ColUserAgentDevice
	ColHTTPMethod
	ColHTTPURL
	ColURLHost
	ColHTTPReferrer
	ColHTTPStatus
	ColHTTPStatusCategory
	ColAPIOperation
	ColAPIService
	ColAPIVersion
	ColAPIRequestUID
	ColAPIError
	ColAPIErrorMessage
	ColCloudProvider
	ColCloudAccountUID
	ColCloudRegion
	ColResourceName
	ColResourceUids
	ColResourceTypes
	ColAppName
	ColAppUID
	ColAppType
	ColProcessCmdLine
	ColBytesIn
	ColBytesOut
	ColDurationMS
	ColActionID
	ColDispositionID
	ColFindingUID
	ColFindingTitle
	ColRiskScore
	ColUnmapped

	// NumColumns is how many columns there are.
	NumColumns = int(ColUnmapped) + 1
)

var columns = [NumColumns]Info{
	ColEventUID:           {Name: "event_uid", Kind: String, FieldID: 1, Required: true, Path: "", Doc: "UUIDv7 given at intake; rises with arrival"},
	ColTime:               {Name: "time", Kind: Timestamp, FieldID: 2, Required: true, Path: "time", Doc: "the event's own time"},
	ColIngestTime:         {Name: "ingest_time", Kind: Timestamp, FieldID: 3, Required: true, Path: "metadata.logged_time", Doc: "when Kiroku received the record"},
	ColSeq:                {Name: "seq", Kind: Long, FieldID: 4, Required: true, Path: "metadata.sequence", Doc: "number within the store, given at commit, without gaps"},
	ColSource:             {Name: "source", Kind: String, FieldID: 5, Required: true, Path: "", Doc: "product whose record this is"},
	ColRawData:            {Name: "raw_data", Kind: String, FieldID: 6, Required: true, Path: "raw_data", Doc: "the record verbatim; base64 where raw_encoding says so"},
	ColClassUID:           {Name: "class_uid", Kind: Int, FieldID: 7, Required: true, Path: "class_uid", Doc: "OCSF class; 0 Base Event, also for records that could not be parsed"},
	ColTypeUID:            {Name: "type_uid", Kind: Long, FieldID: 8, Required: true, Path: "type_uid", Doc: "class_uid * 100 + activity_id"},
	ColCategoryUID:        {Name: "category_uid", Kind: Int, FieldID: 9, Required: true, Path: "category_uid", Doc: "OCSF category"},
	ColActivityID:         {Name: "activity_id", Kind: Int, FieldID: 10, Required: true, Path: "activity_id", Doc: "OCSF activity of the class"},
	ColSeverityID:         {Name: "severity_id", Kind: Int, FieldID: 11, Required: true, Path: "severity_id", Doc: "0 unknown, 1 informational, 2 low, 3 medium, 4 high, 5 critical, 6 fatal"},
	ColOriginalTime:       {Name: "original_time", Kind: String, FieldID: 12, Required: false, Path: "metadata.original_time", Doc: "time stamp as the record wrote it"},
	ColTimezoneOffset:     {Name: "timezone_offset", Kind: Int, FieldID: 13, Required: false, Path: "timezone_offset", Doc: "minutes east of UTC of the original time stamp"},
	ColInput:              {Name: "input", Kind: String, FieldID: 14, Required: false, Path: "", Doc: "name of the input that received the record"},
	ColChannel:            {Name: "channel", Kind: String, FieldID: 15, Required: false, Path: "", Doc: "channel through which an application delivered the record"},
	ColCollector:          {Name: "collector", Kind: String, FieldID: 16, Required: false, Path: "", Doc: "address of the host that handed the record to us"},
	ColService:            {Name: "service", Kind: String, FieldID: 17, Required: false, Path: "", Doc: "service the event belongs to, for example WEB, AUT"},
	ColTags:               {Name: "tags", Kind: StringList, FieldID: 18, Required: false, Path: "metadata.labels", Doc: "tags of the input"},
	ColLabels:             {Name: "labels", Kind: StringList, FieldID: 19, Required: false, Path: "", Doc: "labels given by the source's mapping"},
	ColPriority:           {Name: "priority", Kind: String, FieldID: 20, Required: false, Path: "", Doc: "normal or low"},
	ColParseError:         {Name: "parse_error", Kind: String, FieldID: 21, Required: false, Path: "", Doc: "why the record could not be mapped; empty when it was"},
	ColRawEncoding:        {Name: "raw_encoding", Kind: String, FieldID: 22, Required: false, Path: "", Doc: "base64 when the record was not valid UTF-8"},
	ColActivityName:       {Name: "activity_name", Kind: String, FieldID: 23, Required: false, Path: "activity_name", Doc: "the source's word where activity_id is 99"},
	ColStatusID:           {Name: "status_id", Kind: Int, FieldID: 24, Required: false, Path: "status_id", Doc: "0 unknown, 1 success, 2 failure, 99 other"},
	ColOutcome:            {Name: "outcome", Kind: String, FieldID: 25, Required: false, Path: "", Doc: "success, failure, denied, rejected, unauthenticated, blocked"},
	ColStatusCode:         {Name: "status_code", Kind: String, FieldID: 26, Required: false, Path: "status_code", Doc: "the source's result code"},
	ColStatusDetail:       {Name: "status_detail", Kind: String, FieldID: 27, Required: false, Path: "status_detail", Doc: "reason in words"},
	ColMessage:            {Name: "message", Kind: String, FieldID: 28, Required: false, Path: "message", Doc: "what happened, as the source words it"},
	ColMetadataUID:        {Name: "metadata_uid", Kind: String, FieldID: 29, Required: false, Path: "metadata.uid", Doc: "the record's own id"},
	ColEventCode:          {Name: "event_code", Kind: String, FieldID: 30, Required: false, Path: "metadata.event_code", Doc: "the source's event or message id"},
	ColLogName:            {Name: "log_name", Kind: String, FieldID: 31, Required: false, Path: "metadata.log_name", Doc: "log within the product"},
	ColLogLevel:           {Name: "log_level", Kind: String, FieldID: 32, Required: false, Path: "metadata.log_level", Doc: "severity as the source writes it"},
	ColLogProvider:        {Name: "log_provider", Kind: String, FieldID: 33, Required: false, Path: "metadata.log_provider", Doc: "program or channel that wrote the log"},
	ColCorrelationUID:     {Name: "correlation_uid", Kind: String, FieldID: 34, Required: false, Path: "metadata.correlation_uid", Doc: "id that joins related events"},
	ColProductName:        {Name: "product_name", Kind: String, FieldID: 35, Required: false, Path: "metadata.product.name", Doc: ""},
	ColProductVendor:      {Name: "product_vendor", Kind: String, FieldID: 36, Required: false, Path: "metadata.product.vendor_name", Doc: ""},
	ColProductVersion:     {Name: "product_version", Kind: String, FieldID: 37, Required: false, Path: "metadata.product.version", Doc: ""},
	ColProductFeature:     {Name: "product_feature", Kind: String, FieldID: 38, Required: false, Path: "metadata.product.feature.name", Doc: ""},
	ColOCSFVersion:        {Name: "ocsf_version", Kind: String, FieldID: 39, Required: false, Path: "metadata.version", Doc: "1.8.0"},
	ColProfiles:           {Name: "profiles", Kind: StringList, FieldID: 40, Required: false, Path: "metadata.profiles", Doc: "OCSF profiles of the event"},
	ColActorUserName:      {Name: "actor_user_name", Kind: String, FieldID: 41, Required: false, Path: "actor.user.name", Doc: "who did it"},
	ColActorUserUID:       {Name: "actor_user_uid", Kind: String, FieldID: 42, Required: false, Path: "actor.user.uid", Doc: ""},
	ColActorUserUIDAlt:    {Name: "actor_user_uid_alt", Kind: String, FieldID: 43, Required: false, Path: "actor.user.uid_alt", Doc: ""},
	ColActorUserType:      {Name: "actor_user_type", Kind: String, FieldID: 44, Required: false, Path: "actor.user.type", Doc: ""},
	ColActorUserEmail:     {Name: "actor_user_email", Kind: String, FieldID: 45, Required: false, Path: "actor.user.email_addr", Doc: ""},
	ColActorUserDomain:    {Name: "actor_user_domain", Kind: String, FieldID: 46, Required: false, Path: "actor.user.domain", Doc: "realm or domain of the actor"},
	ColActorUserGroups:    {Name: "actor_user_groups", Kind: StringList, FieldID: 47, Required: false, Path: "actor.user.groups.name", Doc: "roles or groups of the actor"},
	ColActorAccountUID:    {Name: "actor_account_uid", Kind: String, FieldID: 48, Required: false, Path: "actor.user.account.uid", Doc: ""},
	ColActorCredentialUID: {Name: "actor_credential_uid", Kind: String, FieldID: 49, Required: false, Path: "actor.user.credential_uid", Doc: ""},
	ColActorSessionUID:    {Name: "actor_session_uid", Kind: String, FieldID: 50, Required: false, Path: "actor.session.uid", Doc: ""},
	ColActorSessionUIDAlt: {Name: "actor_session_uid_alt", Kind: String, FieldID: 51, Required: false, Path: "actor.session.uid_alt", Doc: ""},
	ColActorSessionIssuer: {Name: "actor_session_issuer", Kind: String, FieldID: 52, Required: false, Path: "actor.session.issuer", Doc: ""},
	ColActorIDPName:       {Name: "actor_idp_name", Kind: String, FieldID: 53, Required: false, Path: "actor.idp.name", Doc: ""},
	ColActorIDPDomain:     {Name: "actor_idp_domain", Kind: String, FieldID: 54, Required: false, Path: "actor.idp.domain", Doc: ""},
	ColActorInvokedBy:     {Name: "actor_invoked_by", Kind: String, FieldID: 55, Required: false, Path: "actor.invoked_by", Doc: ""},
	ColActorAppName:       {Name: "actor_app_name", Kind: String, FieldID: 56, Required: false, Path: "actor.app_name", Doc: ""},
	ColIsMFA:              {Name: "is_mfa", Kind: Bool, FieldID: 57, Required: false, Path: "actor.session.is_mfa", Doc: ""},
	ColIsRemote:           {Name: "is_remote", Kind: Bool, FieldID: 58, Required: false, Path: "is_remote", Doc: ""},
	ColAuthProtocolID:     {Name: "auth_protocol_id", Kind: Int, FieldID: 59, Required: false, Path: "auth_protocol_id", Doc: ""},
	ColAuthProtocol:       {Name: "auth_protocol", Kind: String, FieldID: 60, Required: false, Path: "auth_protocol", Doc: ""},
	ColUserName:           {Name: "user_name", Kind: String, FieldID: 61, Required: false, Path: "user.name", Doc: "the user that was acted upon"},
	ColUserUID:            {Name: "user_uid", Kind: String, FieldID: 62, Required: false, Path: "user.uid", Doc: ""},
	ColGroupName:          {Name: "group_name", Kind: String, FieldID: 63, Required: false, Path: "group.name", Doc: ""},
	ColEntityName:         {Name: "entity_name", Kind: String, FieldID: 64, Required: false, Path: "entity.name", Doc: "object that was managed: application, realm, database, store"},
	ColEntityUID:          {Name: "entity_uid", Kind: String, FieldID: 65, Required: false, Path: "entity.uid", Doc: ""},
	ColEntityType:         {Name: "entity_type", Kind: String, FieldID: 66, Required: false, Path: "entity.type", Doc: ""},
	ColPolicyName:         {Name: "policy_name", Kind: String, FieldID: 67, Required: false, Path: "policy.name", Doc: ""},
	ColPolicyType:         {Name: "policy_type", Kind: String, FieldID: 68, Required: false, Path: "policy.type", Doc: ""},
	ColPolicyDesc:         {Name: "policy_desc", Kind: String, FieldID: 69, Required: false, Path: "policy.desc", Doc: "the rule that decided"},
	ColSrcIP:              {Name: "src_ip", Kind: String, FieldID: 70, Required: false, Path: "src_endpoint.ip", Doc: ""},
	ColSrcPort:            {Name: "src_port", Kind: Int, FieldID: 71, Required: false, Path: "src_endpoint.port", Doc: ""},
	ColSrcHost:            {Name: "src_host", Kind: String, FieldID: 72, Required: false, Path: "src_endpoint.hostname", Doc: ""},
	ColSrcUID:             {Name: "src_uid", Kind: String, FieldID: 73, Required: false, Path: "src_endpoint.uid", Doc: ""},
	ColSrcMac:             {Name: "src_mac", Kind: String, FieldID: 74, Required: false, Path: "src_endpoint.mac", Doc: ""},
	ColSrcCountry:         {Name: "src_country", Kind: String, FieldID: 75, Required: false, Path: "src_endpoint.location.country", Doc: "ISO 3166-1 alpha-2"},
	ColSrcRegion:          {Name: "src_region", Kind: String, FieldID: 76, Required: false, Path: "src_endpoint.location.region", Doc: "ISO 3166-2"},
	ColSrcCity:            {Name: "src_city", Kind: String, FieldID: 77, Required: false, Path: "src_endpoint.location.city", Doc: ""},
	ColSrcContinent:       {Name: "src_continent", Kind: String, FieldID: 78, Required: false, Path: "src_endpoint.location.continent", Doc: ""},
	ColSrcLat:             {Name: "src_lat", Kind: Double, FieldID: 79, Required: false, Path: "src_endpoint.location.lat", Doc: ""},
	ColSrcLong:            {Name: "src_long", Kind: Double, FieldID: 80, Required: false, Path: "src_endpoint.location.long", Doc: ""},
	ColSrcASN:             {Name: "src_asn", Kind: Long, FieldID: 81, Required: false, Path: "src_endpoint.autonomous_system.number", Doc: ""},
	ColSrcASOrg:           {Name: "src_as_org", Kind: String, FieldID: 82, Required: false, Path: "src_endpoint.autonomous_system.name", Doc: ""},
	ColSrcIPOld:           {Name: "src_ip_old", Kind: String, FieldID: 83, Required: false, Path: "", Doc: "client address before the change"},
	ColTunnelIP:           {Name: "tunnel_ip", Kind: String, FieldID: 84, Required: false, Path: "tunnel_interface.ip", Doc: "address given to the client inside the tunnel"},
	ColDstIP:              {Name: "dst_ip", Kind: String, FieldID: 85, Required: false, Path: "dst_endpoint.ip", Doc: ""},
	ColDstPort:            {Name: "dst_port", Kind: Int, FieldID: 86, Required: false, Path: "dst_endpoint.port", Doc: ""},
	ColDstHost:            {Name: "dst_host", Kind: String, FieldID: 87, Required: false, Path: "dst_endpoint.hostname", Doc: ""},
	ColDstSvcName:         {Name: "dst_svc_name", Kind: String, FieldID: 88, Required: false, Path: "dst_endpoint.svc_name", Doc: ""},
	ColDeviceHost:         {Name: "device_host", Kind: String, FieldID: 89, Required: false, Path: "device.hostname", Doc: "host that the event happened on"},
	ColUserAgent:          {Name: "user_agent", Kind: String, FieldID: 90, Required: false, Path: "http_request.user_agent", Doc: ""},
	ColUserAgentBrowser:   {Name: "user_agent_browser", Kind: String, FieldID: 91, Required: false, Path: "", Doc: "browser family of user_agent"},
	ColUserAgentOS:        {Name: "user_agent_os", Kind: String, FieldID: 92, Required: false, Path: "", Doc: "operating system family of user_agent"},
	ColUserAgentDevice:    {Name: "user_agent_device", Kind: String, FieldID: 93, Required: false, Path: "", Doc: "device family of user_agent"},
	ColHTTPMethod:         {Name: "http_method", Kind: String, FieldID: 94, Required: false, Path: "http_request.http_method", Doc: ""},
	ColHTTPURL:            {Name: "http_url", Kind: String, FieldID: 95, Required: false, Path: "http_request.url.url_string", Doc: ""},
	ColURLHost:            {Name: "url_host", Kind: String, FieldID: 96, Required: false, Path: "http_request.url.hostname", Doc: ""},
	ColHTTPReferrer:       {Name: "http_referrer", Kind: String, FieldID: 97, Required: false, Path: "http_request.referrer", Doc: ""},
	ColHTTPStatus:         {Name: "http_status", Kind: Int, FieldID: 98, Required: false, Path: "http_response.code", Doc: ""},
	ColHTTPStatusCategory: {Name: "http_status_category", Kind: String, FieldID: 99, Required: false, Path: "http_response.status", Doc: "Informational, Successful, Redirection, Client Error, Server Error"},
	ColAPIOperation:       {Name: "api_operation", Kind: String, FieldID: 100, Required: false, Path: "api.operation", Doc: ""},
	ColAPIService:         {Name: "api_service", Kind: String, FieldID: 101, Required: false, Path: "api.service.name", Doc: ""},
	ColAPIVersion:         {Name: "api_version", Kind: String, FieldID: 102, Required: false, Path: "api.version", Doc: ""},
	ColAPIRequestUID:      {Name: "api_request_uid", Kind: String, FieldID: 103, Required: false, Path: "api.request.uid", Doc: ""},
	ColAPIError:           {Name: "api_error", Kind: String, FieldID: 104, Required: false, Path: "api.response.error", Doc: ""},
	ColAPIErrorMessage:    {Name: "api_error_message", Kind: String, FieldID: 105, Required: false, Path: "api.response.error_message", Doc: ""},
	ColCloudProvider:      {Name: "cloud_provider", Kind: String, FieldID: 106, Required: false, Path: "cloud.provider", Doc: ""},
	ColCloudAccountUID:    {Name: "cloud_account_uid", Kind: String, FieldID: 107, Required: false, Path: "cloud.account.uid", Doc: ""},
	ColCloudRegion:        {Name: "cloud_region", Kind: String, FieldID: 108, Required: false, Path: "cloud.region", Doc: ""},
	ColResourceName:       {Name: "resource_name", Kind: String, FieldID: 109, Required: false, Path: "web_resources.name", Doc: "first resource"},
	ColResourceUids:       {Name: "resource_uids", Kind: StringList, FieldID: 110, Required: false, Path: "resources.uid", Doc: ""},
	ColResourceTypes:      {Name: "resource_types", Kind: StringList, FieldID: 111, Required: false, Path: "resources.type", Doc: ""},
	ColAppName:            {Name: "app_name", Kind: String, FieldID: 112, Required: false, Path: "app.name", Doc: ""},
	ColAppUID:             {Name: "app_uid", Kind: String, FieldID: 113, Required: false, Path: "app.uid", Doc: ""},
	ColAppType:            {Name: "app_type", Kind: String, FieldID: 114, Required: false, Path: "", Doc: ""},
	ColProcessCmdLine:     {Name: "process_cmd_line", Kind: String, FieldID: 115, Required: false, Path: "process.cmd_line", Doc: ""},
	ColBytesIn:            {Name: "bytes_in", Kind: Long, FieldID: 116, Required: false, Path: "traffic.bytes_in", Doc: "received from the client"},
	ColBytesOut:           {Name: "bytes_out", Kind: Long, FieldID: 117, Required: false, Path: "traffic.bytes_out", Doc: "sent to the client"},
	ColDurationMS:         {Name: "duration_ms", Kind: Long, FieldID: 118, Required: false, Path: "duration", Doc: "milliseconds"},
	ColActionID:           {Name: "action_id", Kind: Int, FieldID: 119, Required: false, Path: "action_id", Doc: "1 allowed, 2 denied"},
	ColDispositionID:      {Name: "disposition_id", Kind: Int, FieldID: 120, Required: false, Path: "disposition_id", Doc: "1 allowed, 2 blocked"},
	ColFindingUID:         {Name: "finding_uid", Kind: String, FieldID: 121, Required: false, Path: "finding_info.uid", Doc: ""},
	ColFindingTitle:       {Name: "finding_title", Kind: String, FieldID: 122, Required: false, Path: "finding_info.title", Doc: ""},
	ColRiskScore:          {Name: "risk_score", Kind: Int, FieldID: 123, Required: false, Path: "risk_score", Doc: ""},
	ColUnmapped:           {Name: "unmapped", Kind: StringMap, FieldID: 124, Required: false, Path: "unmapped", Doc: "leaves of the record that have no column, by dotted name; the second of one name is name#2"},
}

package auditevent

import (
	"sync"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// Source is the events of channels.
var Source = newSource()

func newSource() source.Source {
	mappers := &sync.Pool{New: func() any { return newMapper() }}
	return source.Source{
		Name:      event.AuditEvents,
		Recognise: Recognise,
		Map: func(rec *event.Record, e *event.Event) error {
			m := mappers.Get().(*mapper)
			defer mappers.Put(m)
			return m.record(rec, e)
		},
		Fields: fields,
	}
}

// fields are CloudTrail Lake's names. Details, parameters, response elements and additional data have no column: they are
// found in unmapped under the same names, for example eventData.requestParameters.reportId.
var fields = []source.Field{
	{Name: "eventID", Column: event.ColMetadataUID},
	{Name: "eventTime", Column: event.ColTime},
	{Name: "eventCategory", Column: event.ColProductFeature},
	{Name: "awsRegion", Column: event.ColCloudRegion},
	{Name: "recipientAccountId", Column: event.ColCloudAccountUID},
	{Name: "metadata.channelARN", Column: event.ColChannel},
	{Name: "metadata.channelSource", Column: event.ColLogProvider},
	{Name: "eventData.userIdentity.type", Column: event.ColActorUserType},
	{Name: "eventData.userIdentity.principalId", Column: event.ColActorUserUID},
	{Name: "eventData.userAgent", Column: event.ColUserAgent},
	{Name: "eventData.eventSource", Column: event.ColAPIService},
	{Name: "eventData.eventName", Column: event.ColAPIOperation},
	{Name: "eventData.eventTime", Column: event.ColTime},
	{Name: "eventData.UID", Column: event.ColCorrelationUID},
	{Name: "eventData.errorCode", Column: event.ColAPIError},
	{Name: "eventData.errorMessage", Column: event.ColAPIErrorMessage},
	{Name: "eventData.sourceIPAddress", Column: event.ColSrcIP},
	{Name: "eventData.sourceIPAddress", Column: event.ColSrcHost},
	{Name: "eventData.recipientAccountId", Column: event.ColCloudAccountUID},
}

// product is what sends events through channels of one source.
type product struct {
	vendor, name string
	classify     func(*mapper) (kind, bool) // nil: API Activity
}

// The sources of channels whose events are told apart by name.
const (
	sourceOkta        = "OktaSystemLogEvents"
	sourceGitHub      = "GitHub"
	sourceCrowdStrike = "CrowdStrike"
	sourceCyberArk    = "CyberArk"
	sourceOneLogin    = "OneLogin"
)

// products are the sources that a channel may have (CloudTrail User Guide, "Additional information about integration
// partners"). Channels of source Custom carry any application's events.
var products = map[string]product{
	sourceOkta:                    {"Okta", "Okta", classifyOkta},
	sourceGitHub:                  {"GitHub", "GitHub", classifyGitHub},
	sourceCrowdStrike:             {"CrowdStrike", "Falcon", classifyWords},
	sourceCyberArk:                {"CyberArk", "CyberArk", classifyWords},
	sourceOneLogin:                {"One Identity", "OneLogin", classifyWords},
	"CloudStorageSecurityConsole": {vendor: "Cloud Storage Security", name: "Cloud Storage Security"},
	"Clumio":                      {vendor: "Clumio", name: "Clumio"},
	"IBMMulticloud":               {vendor: "IBM", name: "Multicloud"},
	"KongGatewayEnterprise":       {vendor: "Kong", name: "Gateway Enterprise"},
	"LaunchDarkly":                {vendor: "LaunchDarkly", name: "LaunchDarkly"},
	"MontyCloud":                  {vendor: "MontyCloud", name: "MontyCloud"},
	"NetskopeCloudExchange":       {vendor: "Netskope", name: "Cloud Exchange"},
	"Shoreline":                   {vendor: "Shoreline.io", name: "Shoreline"},
	"Snyk":                        {vendor: "Snyk", name: "Snyk"},
	"WizAuditLogs":                {vendor: "Wiz", name: "Wiz"},
}

package defender

import (
	"bytes"
	"sync"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// Source is Microsoft Defender for Cloud Apps.
var Source = newSource()

func newSource() source.Source {
	mappers := &sync.Pool{New: func() any { return newMapper() }}
	return source.Source{
		Name:      event.DefenderForCloudApps,
		Recognise: recognise,
		Map: func(rec *event.Record, e *event.Event) error {
			m := mappers.Get().(*mapper)
			defer mappers.Put(m)
			return m.record(rec, e)
		},
		Fields: fields,
	}
}

// fields are the names of CEF, of what its labels name, and of the table CloudAppEvents. All other names are found in
// unmapped: portalURL, targetObjects, relatedAudits, policyIDs, RawEventData.Operation.
var fields = []source.Field{
	{Name: "externalId", Column: event.ColMetadataUID},
	{Name: "rt", Column: event.ColTime},
	{Name: "msg", Column: event.ColMessage},
	{Name: "suser", Column: event.ColActorUserName},
	{Name: "destinationServiceName", Column: event.ColAppName},
	{Name: "dvc", Column: event.ColSrcIP},
	{Name: "src", Column: event.ColSrcIP},
	{Name: "c6a1", Column: event.ColSrcIP},
	{Name: "requestClientApplication", Column: event.ColUserAgent},
	{Name: "cn1", Column: event.ColRiskScore},
	{Name: "riskScore", Column: event.ColRiskScore},
	{Name: "cs2", Column: event.ColAppUID},
	{Name: "uniqueServiceAppIds", Column: event.ColAppUID},
	{Name: "Timestamp", Column: event.ColTime},
	{Name: "ActionType", Column: event.ColEventCode},
	{Name: "Application", Column: event.ColAppName},
	{Name: "ApplicationId", Column: event.ColAppUID},
	{Name: "AccountObjectId", Column: event.ColActorUserUID},
	{Name: "AccountId", Column: event.ColActorUserUIDAlt},
	{Name: "AccountDisplayName", Column: event.ColActorUserName},
	{Name: "AccountType", Column: event.ColActorUserType},
	{Name: "IPAddress", Column: event.ColSrcIP},
	{Name: "CountryCode", Column: event.ColSrcCountry},
	{Name: "City", Column: event.ColSrcCity},
	{Name: "ISP", Column: event.ColSrcASOrg},
	{Name: "UserAgent", Column: event.ColUserAgent},
	{Name: "ObjectName", Column: event.ColResourceName},
	{Name: "ObjectType", Column: event.ColResourceTypes},
	{Name: "ObjectId", Column: event.ColResourceUids},
	{Name: "ReportId", Column: event.ColMetadataUID},
	{Name: "tenantId", Column: event.ColCloudAccountUID},
}

// recognise says whether a record is a line of a SIEM agent or a row of the table CloudAppEvents.
func recognise(rec *event.Record) bool {
	b := rec.Data
	if Index(b) >= 0 {
		return true
	}
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == '{' && isRow(b)
}

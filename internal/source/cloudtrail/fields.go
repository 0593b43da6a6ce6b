package cloudtrail

import (
	"net/netip"
	"strings"
	"time"

	"kiroku/internal/event"
)

// categoryManagement is the category of events before eventVersion 1.07, which named none.
const categoryManagement = "Management"

// mapFields sets the columns that say the same as one field.
func (m *mapper) mapFields() {
	e, v := m.e, &m.values
	m.put(event.ColProductVersion, nEventVersion)
	m.put(event.ColCloudRegion, nRegion)
	m.put(event.ColUserAgent, nUserAgent)
	m.put(event.ColAPIError, nErrorCode)
	m.put(event.ColStatusCode, nErrorCode)
	m.put(event.ColAPIErrorMessage, nErrorMessage)
	m.put(event.ColStatusDetail, nErrorMessage)
	m.put(event.ColAPIRequestUID, nRequestID)
	m.put(event.ColEventCode, nEventType)
	m.put(event.ColAPIVersion, nAPIVersion)
	m.put(event.ColCorrelationUID, nSharedEventID)
	m.put(event.ColSrcUID, nVPCEndpoint)
	m.put(event.ColDstSvcName, nLoginTo)
	m.either(event.ColMetadataUID, nEventID, nEventIDLower) // aggregated events write eventId
	m.either(event.ColAPIService, nEventSource, nInsightSource)
	m.either(event.ColAPIOperation, nEventName, nInsightName)
	m.either(event.ColCloudAccountUID, nRecipient, nAccount)
	if v[nRecipient] == "" && v[nAccount] == "" && v[nEventType] == "" {
		// Before eventVersion 1.02 a record was always the caller's account's own, and named neither.
		m.put(event.ColCloudAccountUID, nUserAccount)
	}
	e.Str(event.ColProductFeature, "", categoryManagement)
	m.put(event.ColProductFeature, nCategory)
	from := nEventSource
	if v[from] == "" {
		from = nInsightSource
	}
	e.Str(event.ColService, nameTexts[from], service(v[from]))
}

// service is an event source without AWS's domain: "ec2" of "ec2.amazonaws.com".
func service(eventSource string) string {
	return strings.TrimSuffix(strings.TrimSuffix(eventSource, ".cn"), ".amazonaws.com")
}

// secondsLayout is how CloudTrail writes times.
const secondsLayout = "2006-01-02T15:04:05Z"

// mapTime takes eventTime, or the start of the window that an aggregated event counts in.
func (m *mapper) mapTime(rec *event.Record) {
	n := nEventTime
	if m.values[n] == "" {
		n = nWindowStart
	} else {
		m.keep(nWindowStart)
	}
	text := m.values[n]
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		m.e.Time(event.ColTime, "", rec.Received)
		m.put(event.ColOriginalTime, n)
		return
	}
	m.e.Time(event.ColTime, nameTexts[n], t)
	if len(text) != len(secondsLayout) {
		m.put(event.ColOriginalTime, n) // a fraction or a zone that the column does not show
	}
}

// mapSource: the address is an IP address, the name of the service that called, or a text such as "AWS Internal".
func (m *mapper) mapSource() {
	c := event.ColSrcHost
	if text := m.values[nSourceAddress]; text != "" && strings.Trim(text, "0123456789abcdefABCDEF.:") == "" { // an error costs memory
		if _, err := netip.ParseAddr(text); err == nil {
			c = event.ColSrcIP
		}
	}
	m.put(c, nSourceAddress)
}

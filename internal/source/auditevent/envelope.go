package auditevent

import (
	"time"

	"kiroku/internal/event"
)

const (
	eventVersion  = "1.11" // of CloudTrail's record; it has nothing to do with eventData's version
	eventCategory = "ActivityAuditLog"
	eventType     = "ActivityLog"

	eventTimeLayout     = "2006-01-02T15:04:05.999999Z"
	ingestionTimeLayout = "2006-01-02T15:04:05.000Z"
)

// Envelope is what belongs to an audit event besides its eventData.
type Envelope struct {
	ID            string    // given on receipt, a UUID
	Time          time.Time // of the event; retention counts from it
	Region        string    // of the call; may be empty
	Account       string    // that owns the channel
	ChannelARN    string
	ChannelSource string    // the channel's Source, for example OktaSystemLogEvents; empty: guessed from the event
	Ingested      time.Time // when it was received
}

// Append appends the event as it is stored: one JSON object with eventData, which must be a JSON object, verbatim.
//
//	{"eventVersion","eventCategory","eventType","eventID","eventTime","awsRegion"?,"recipientAccountId",
//	 "metadata":{"ingestionTime","channelARN","channelSource"?},"eventData":{…}}
func (v *Envelope) Append(b, eventData []byte) []byte {
	b = append(b, `{"eventVersion":"`+eventVersion+`","eventCategory":"`+eventCategory+`","eventType":"`+eventType+`","eventID":`...)
	b = event.AppendJSONString(b, v.ID)
	b = append(b, `,"eventTime":"`...)
	b = v.Time.UTC().AppendFormat(b, eventTimeLayout)
	b = append(b, '"')
	if v.Region != "" {
		b = event.AppendJSONString(append(b, `,"awsRegion":`...), v.Region)
	}
	b = event.AppendJSONString(append(b, `,"recipientAccountId":`...), v.Account)
	b = append(b, `,"metadata":{"ingestionTime":"`...)
	b = v.Ingested.UTC().AppendFormat(b, ingestionTimeLayout)
	b = event.AppendJSONString(append(b, `","channelARN":`...), v.ChannelARN)
	if v.ChannelSource != "" {
		b = event.AppendJSONString(append(b, `,"channelSource":`...), v.ChannelSource)
	}
	b = append(b, `},"eventData":`...)
	b = append(b, eventData...)
	return append(b, '}')
}

package cloudtrail

import (
	"sync"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

const (
	vendorName  = "AWS"
	productName = "CloudTrail"

	// Tag stands on every event.
	Tag = "cloudtrail"
)

// Source is AWS CloudTrail.
var Source = newSource()

func newSource() source.Source {
	mappers := &sync.Pool{New: func() any { return newMapper() }}
	return source.Source{
		Name:      event.CloudTrail,
		Recognise: Recognise,
		Map: func(rec *event.Record, e *event.Event) error {
			m := mappers.Get().(*mapper)
			defer mappers.Put(m)
			return m.record(rec, e)
		},
		// The same event comes in several files: delivery is at least once, and trails overlap. An id alone is not enough:
		// the two accounts of a call may see it under one id.
		Identity:   []event.Column{event.ColCloudAccountUID, event.ColCloudRegion, event.ColProductFeature, event.ColMetadataUID},
		Fields:     fields,
		Priorities: priorities,
	}
}

// fields are CloudTrail's own names, as they stand in the record. Parameters and response elements of calls have no
// column: they are found in unmapped under the same names, for example requestParameters.bucketName.
var fields = []source.Field{
	{Name: "eventVersion", Column: event.ColProductVersion},
	{Name: "eventTime", Column: event.ColTime},
	{Name: "timeWindow.windowStart", Column: event.ColTime},
	{Name: "eventSource", Column: event.ColAPIService},
	{Name: "eventName", Column: event.ColAPIOperation},
	{Name: "awsRegion", Column: event.ColCloudRegion},
	{Name: "sourceIPAddress", Column: event.ColSrcIP},
	{Name: "sourceIPAddress", Column: event.ColSrcHost},
	{Name: "userAgent", Column: event.ColUserAgent},
	{Name: "errorCode", Column: event.ColAPIError},
	{Name: "errorMessage", Column: event.ColAPIErrorMessage},
	{Name: "requestID", Column: event.ColAPIRequestUID},
	{Name: "eventID", Column: event.ColMetadataUID},
	{Name: "eventType", Column: event.ColEventCode},
	{Name: "apiVersion", Column: event.ColAPIVersion},
	{Name: "eventCategory", Column: event.ColProductFeature},
	{Name: "recipientAccountId", Column: event.ColCloudAccountUID},
	{Name: "sharedEventID", Column: event.ColCorrelationUID},
	{Name: "vpcEndpointId", Column: event.ColSrcUID},
	{Name: "accountId", Column: event.ColCloudAccountUID},
	{Name: "resources.ARN", Column: event.ColResourceUids},
	{Name: "resources.ARNPrefix", Column: event.ColResourceUids},
	{Name: "resources.type", Column: event.ColResourceTypes},
	{Name: "userIdentity.type", Column: event.ColActorUserType},
	{Name: "userIdentity.principalId", Column: event.ColActorUserUIDAlt},
	{Name: "userIdentity.arn", Column: event.ColActorUserUID},
	{Name: "userIdentity.accountId", Column: event.ColActorAccountUID},
	{Name: "userIdentity.accessKeyId", Column: event.ColActorCredentialUID},
	{Name: "userIdentity.credentialId", Column: event.ColActorCredentialUID},
	{Name: "userIdentity.userName", Column: event.ColActorUserName},
	{Name: "userIdentity.invokedBy", Column: event.ColActorInvokedBy},
	{Name: "userIdentity.identityProvider", Column: event.ColActorIDPName},
	{Name: "userIdentity.onBehalfOf.userId", Column: event.ColActorUserUIDAlt},
	{Name: "userIdentity.sessionContext.attributes.mfaAuthenticated", Column: event.ColIsMFA},
	{Name: "userIdentity.sessionContext.sessionIssuer.arn", Column: event.ColActorSessionIssuer},
	{Name: "userIdentity.sessionContext.webIdFederationData.federatedProvider", Column: event.ColActorIDPName},
	{Name: "insightDetails.eventSource", Column: event.ColAPIService},
	{Name: "insightDetails.eventName", Column: event.ColAPIOperation},
}

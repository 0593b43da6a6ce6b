package auditevent

// name is a field of a record that has a column or that others are concluded from.
type name uint8

const (
	noName name = iota
	nCategory
	nType
	nID
	nTime
	nRegion
	nAccount
	nChannel
	nChannelSource
	nUserType
	nPrincipal
	nUserAgent
	nEventSource
	nEventName
	nDataTime
	nUID
	nErrorCode
	nErrorMessage
	nSourceAddress
	nDataAccount

	// The values from here on stay in unmapped, too.
	nAlternateID
	nRepository
	nOrganization
	nOktaType
	nOktaSeverity
	nOktaMessage
	nOktaResult
	nRequestUser
	nRequestTeam

	numNames
)

const firstKept = nAlternateID

// nameTexts are the names as records write them, nested ones with dots.
var nameTexts = [numNames]string{
	nCategory:      "eventCategory",
	nType:          "eventType",
	nID:            "eventID",
	nTime:          "eventTime",
	nRegion:        "awsRegion",
	nAccount:       "recipientAccountId",
	nChannel:       "metadata.channelARN",
	nChannelSource: "metadata.channelSource",
	nUserType:      "eventData.userIdentity.type",
	nPrincipal:     "eventData.userIdentity.principalId",
	nUserAgent:     "eventData.userAgent",
	nEventSource:   "eventData.eventSource",
	nEventName:     "eventData.eventName",
	nDataTime:      "eventData.eventTime",
	nUID:           "eventData.UID",
	nErrorCode:     "eventData.errorCode",
	nErrorMessage:  "eventData.errorMessage",
	nSourceAddress: "eventData.sourceIPAddress",
	nDataAccount:   "eventData.recipientAccountId",

	nAlternateID:  "eventData.userIdentity.details.alternateId",
	nRepository:   "eventData.userIdentity.details.Repository",
	nOrganization: "eventData.userIdentity.details.GitHubOrganization",
	nOktaType:     "eventData.additionalEventData.eventType",
	nOktaSeverity: "eventData.additionalEventData.severity",
	nOktaMessage:  "eventData.additionalEventData.displayMessage",
	nOktaResult:   "eventData.additionalEventData.outcome.result",
	nRequestUser:  "eventData.requestParameters.user",
	nRequestTeam:  "eventData.requestParameters.team",
}

// maxNameText is as long as the longest name: longer paths need no look-up.
const maxNameText = 49

// names finds a name by its text.
var names = func() map[string]name {
	m := make(map[string]name, numNames)
	for n := noName + 1; n < numNames; n++ {
		m[nameTexts[n]] = n
	}
	return m
}()

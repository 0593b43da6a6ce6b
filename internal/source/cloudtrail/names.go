package cloudtrail

// name is a field of a record that has a column or that others are concluded from.
type name uint8

const (
	noName name = iota
	nEventVersion
	nEventTime
	nEventSource
	nEventName
	nRegion
	nSourceAddress
	nUserAgent
	nErrorCode
	nErrorMessage
	nRequestID
	nEventID
	nEventIDLower
	nEventType
	nAPIVersion
	nCategory
	nRecipient
	nAccount
	nSharedEventID
	nVPCEndpoint
	nWindowStart
	nUserType
	nPrincipal
	nUserARN
	nUserAccount
	nAccessKey
	nCredential
	nUserName
	nInvokedBy
	nIdentityProvider
	nOnBehalfOf
	nMFA
	nIssuerARN
	nFederatedProvider
	nInsightSource
	nInsightName

	// The values from here on stay in unmapped, too.
	nReadOnly
	nIssuerName
	nInsightState
	nInsightType
	nMFAUsed
	nAdditionalUser
	nLoginTo
	nParamUserName
	nParamUsername
	nParamRoleName
	nParamGroupName
	nParamPolicyARN
	nParamPolicyName
	nParamRoleARN
	nParamSession
	nResponseUserARN
	nResponseRoleARN
	nResponseUserName
	nResponseRoleName

	numNames
)

const firstKept = nReadOnly

// nameTexts are the names as records write them, nested ones with dots.
var nameTexts = [numNames]string{
	nEventVersion:      "eventVersion",
	nEventTime:         "eventTime",
	nEventSource:       "eventSource",
	nEventName:         "eventName",
	nRegion:            "awsRegion",
	nSourceAddress:     "sourceIPAddress",
	nUserAgent:         "userAgent",
	nErrorCode:         "errorCode",
	nErrorMessage:      "errorMessage",
	nRequestID:         "requestID",
	nEventID:           "eventID",
	nEventIDLower:      "eventId",
	nEventType:         "eventType",
	nAPIVersion:        "apiVersion",
	nCategory:          "eventCategory",
	nRecipient:         "recipientAccountId",
	nAccount:           "accountId",
	nSharedEventID:     "sharedEventID",
	nVPCEndpoint:       "vpcEndpointId",
	nWindowStart:       "timeWindow.windowStart",
	nUserType:          "userIdentity.type",
	nPrincipal:         "userIdentity.principalId",
	nUserARN:           "userIdentity.arn",
	nUserAccount:       "userIdentity.accountId",
	nAccessKey:         "userIdentity.accessKeyId",
	nCredential:        "userIdentity.credentialId",
	nUserName:          "userIdentity.userName",
	nInvokedBy:         "userIdentity.invokedBy",
	nIdentityProvider:  "userIdentity.identityProvider",
	nOnBehalfOf:        "userIdentity.onBehalfOf.userId",
	nMFA:               "userIdentity.sessionContext.attributes.mfaAuthenticated",
	nIssuerARN:         "userIdentity.sessionContext.sessionIssuer.arn",
	nFederatedProvider: "userIdentity.sessionContext.webIdFederationData.federatedProvider",
	nInsightSource:     "insightDetails.eventSource",
	nInsightName:       "insightDetails.eventName",

	nReadOnly:         "readOnly",
	nIssuerName:       "userIdentity.sessionContext.sessionIssuer.userName",
	nInsightState:     "insightDetails.state",
	nInsightType:      "insightDetails.insightType",
	nMFAUsed:          "additionalEventData.MFAUsed",
	nAdditionalUser:   "additionalEventData.UserName",
	nLoginTo:          "additionalEventData.LoginTo",
	nParamUserName:    "requestParameters.userName",
	nParamUsername:    "requestParameters.username",
	nParamRoleName:    "requestParameters.roleName",
	nParamGroupName:   "requestParameters.groupName",
	nParamPolicyARN:   "requestParameters.policyArn",
	nParamPolicyName:  "requestParameters.policyName",
	nParamRoleARN:     "requestParameters.roleArn",
	nParamSession:     "requestParameters.roleSessionName",
	nResponseUserARN:  "responseElements.user.arn",
	nResponseRoleARN:  "responseElements.role.arn",
	nResponseUserName: "responseElements.user.userName",
	nResponseRoleName: "responseElements.role.roleName",
}

// maxNameText is longer than every name: longer paths need no look-up.
const maxNameText = 68

// names finds a name by its text.
var names = func() map[string]name {
	m := make(map[string]name, numNames)
	for n := noName + 1; n < numNames; n++ {
		m[nameTexts[n]] = n
	}
	return m
}()

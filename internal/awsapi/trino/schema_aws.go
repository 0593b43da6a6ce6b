package trino

import (
	"strings"

	"kiroku/internal/event"
)

// awsEvents are the columns of stores for management, data and network activity events. The lake's columns stand in for
// the record where source/cloudtrail writes the field there unchanged; a test compares them.
func awsEvents() []column {
	address := text("sourceIPAddress")
	address.flat = `coalesce(%."src_ip", %."src_host")`
	account := text("recipientAccountId").in(event.ColCloudAccountUID)
	account.flat = `CASE WHEN %."event_code" IS NULL OR %."product_feature" = 'Aggregated' THEN ` + rawText("$.recipientAccountId") + ` ELSE ` + account.flat + ` END`
	return []column{
		text("eventVersion").in(event.ColProductVersion),
		userIdentity(),
		stamp("eventTime").in(event.ColTime),
		text("eventSource").in(event.ColAPIService),
		text("eventName").in(event.ColAPIOperation),
		text("awsRegion").in(event.ColCloudRegion),
		address,
		text("userAgent").in(event.ColUserAgent),
		text("errorCode").in(event.ColAPIError),
		text("errorMessage").in(event.ColAPIErrorMessage),
		texts("requestParameters"),
		texts("responseElements"),
		texts("additionalEventData"),
		text("requestID").in(event.ColAPIRequestUID),
		text("eventID").in(event.ColMetadataUID),
		boolean("readOnly"),
		rows("resources", text("accountId"), text("type"), text("ARN"), text("ARNPrefix")),
		text("eventType").in(event.ColEventCode),
		text("apiVersion").in(event.ColAPIVersion),
		boolean("managementEvent"),
		account,
		text("sharedEventID").in(event.ColCorrelationUID),
		text("annotation"),
		text("vpcEndpointId").in(event.ColSrcUID),
		text("vpcEndpointAccountId"),
		texts("serviceEventDetails"),
		texts("addendum"),
		texts("edgeDeviceDetails"),
		texts("insightDetails"),
		text("eventCategory").in(event.ColProductFeature),
		row("tlsDetails", text("tlsVersion"), text("cipherSuite"), text("clientProvidedHostHeader"), text("keyExchange")),
		text("sessionCredentialFromConsole"),
		row("eventContext", texts("requestContext"),
			row("tagContext", rows("resourceTags", text("arn"), texts("tags")), texts("principalTags"))),
		wholeRecord("eventjson", wholeText),
		wholeRecord("eventjsonchecksum", `sha256(`+wholeText+`)`),
	}
}

// shortColumns makes the columns that the lake holds whole those of the record as CloudTrail cuts it.
func shortColumns(columns []column) []column {
	for i, c := range columns {
		switch c.name {
		case "requestid", "useragent", "errorcode", "errormessage":
			columns[i].flat = `CASE WHEN strlen(%."raw_data") > 262144 THEN kiroku_json_text(kiroku_short_event(%."raw_data"), ` + quoteText(c.path) + `) ELSE ` + c.flat + ` END`
		case "eventjson", "eventjsonchecksum":
			columns[i].flat = strings.ReplaceAll(c.flat, wholeText, shortText)
		}
	}
	return columns
}

// rawText takes a text out of the record.
func rawText(path string) string { return `kiroku_json_text(%."raw_data", ` + quoteText(path) + `)` }

func userIdentity() column {
	principal := text("principalId").in(event.ColActorUserUIDAlt)
	principal.flat = `CASE WHEN %."actor_user_type" = 'IdentityCenterUser' OR %."actor_user_uid_alt" IS NULL THEN ` +
		rawText("$.userIdentity.principalId") + ` ELSE %."actor_user_uid_alt" END`
	// An empty key is no value of the lake's column.
	key := text("accessKeyId")
	key.flat = `CASE WHEN %."actor_credential_uid" IS NULL OR %."actor_user_type" = 'IdentityCenterUser' THEN ` +
		rawText("$.userIdentity.accessKeyId") + ` ELSE %."actor_credential_uid" END`
	// The lake's column has a name for everybody: of an IAM user it is this one, unless the record has none.
	name := text("userName")
	name.flat = `CASE WHEN %."actor_user_type" = 'IAMUser' AND %."actor_user_name" IS DISTINCT FROM %."actor_user_uid_alt"` +
		` AND %."actor_user_name" IS DISTINCT FROM %."actor_invoked_by" THEN %."actor_user_name" ELSE ` + rawText("$.userIdentity.userName") + ` END`
	return row("userIdentity",
		text("type").in(event.ColActorUserType),
		principal,
		text("arn").in(event.ColActorUserUID),
		text("accountId").in(event.ColActorAccountUID),
		key,
		name,
		row("sessionContext",
			row("attributes", stamp("creationDate"), text("mfaAuthenticated")),
			row("sessionIssuer", text("type"), text("principalId"), text("arn").in(event.ColActorSessionIssuer), text("accountId"), text("userName")),
			row("webIdFederationData", text("federatedProvider"), texts("attributes")),
			text("sourceIdentity"), text("ec2RoleDelivery"), text("ec2IssuedInVpc"), text("assumedRoot")),
		text("invokedBy").in(event.ColActorInvokedBy),
		text("identityProvider"),
		text("credentialId"),
		row("onBehalfOf", text("userId"), text("identityStoreArn")),
		row("inScopeOf", text("sourceArn"), text("sourceAccount"), text("issuerType"), text("credentialsIssuedTo")),
	)
}

// insights are the columns of stores for Insights events.
func insights() []column {
	averages := func(key string) column { return rows(key, text("value"), double("average")) }
	return []column{
		text("eventVersion").in(event.ColProductVersion),
		text("eventCategory").in(event.ColProductFeature),
		text("eventType").in(event.ColEventCode),
		text("eventID").in(event.ColMetadataUID),
		stamp("eventTime").in(event.ColTime),
		text("awsRegion").in(event.ColCloudRegion),
		text("recipientAccountId"),
		text("sharedEventID").in(event.ColCorrelationUID),
		texts("addendum"),
		text("eventSource").under("insightDetails").as("insightsource"),
		text("state").under("insightDetails").as("insightstate"),
		text("eventSource").under("insightDetails").as("insighteventsource").in(event.ColAPIService),
		text("eventName").under("insightDetails").as("insighteventname").in(event.ColAPIOperation),
		text("errorCode").under("insightDetails").as("insighterrorcode"),
		text("insightType").under("insightDetails"),
		// A trail's record has the numbers in statistics, an event data store of AWS has them beside the attributions.
		row("insightContext",
			double("average").under("baseline").under("statistics").as("baselineaverage"),
			double("average").under("insight").under("statistics").as("insightaverage"),
			integer("baselineDuration").under("statistics"), integer("insightDuration").under("statistics"),
			rows("attributions", text("attribute"), averages("insight"), averages("baseline")),
			row("statistics",
				row("baseline", double("average")), row("insight", double("average")), integer("insightDuration"), integer("baselineDuration")),
		).under("insightDetails"),
		wholeRecord("eventjson", `%."raw_data"`),
	}
}

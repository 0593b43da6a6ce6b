package trino

import "kiroku/internal/event"

// The stores of activity from outside AWS, of configuration items and of evidence have events in an envelope. For activity
// the lake's columns stand in for the record where source/auditevent writes a required field there unchanged; an optional
// one may be the empty text, which the lake does not keep apart from none.

func envelope(addendum, data column) []column {
	return []column{
		text("eventVersion"),
		text("eventCategory"),
		text("eventType"),
		text("eventID"),
		stamp("eventTime").in(event.ColTime),
		text("awsRegion"),
		text("recipientAccountId"),
		addendum,
		row("metadata", text("ingestionTime"), text("channelARN")),
		data,
		wholeRecord("eventjson", `%."raw_data"`),
	}
}

func activity() []column {
	columns := envelope(
		row("addendum", text("reason"), text("updatedFields"), text("originalUID"), text("originalEventID")),
		row("eventData",
			text("version"),
			row("userIdentity", text("type").in(event.ColActorUserType), text("principalId").in(event.ColActorUserUID), texts("details")),
			text("userAgent"), text("eventSource").in(event.ColAPIService), text("eventName").in(event.ColAPIOperation),
			text("eventTime"), text("UID").in(event.ColCorrelationUID),
			texts("requestParameters"), texts("responseElements"),
			text("errorCode"), text("errorMessage"), text("sourceIPAddress"), text("recipientAccountId"),
			texts("additionalEventData")))
	flat := map[string]event.Column{
		"eventid": event.ColMetadataUID, "eventcategory": event.ColProductFeature, "awsregion": event.ColCloudRegion,
		"recipientaccountid": event.ColCloudAccountUID,
	}
	for i, c := range columns {
		if of, ok := flat[c.name]; ok {
			columns[i] = c.in(of)
		}
	}
	return columns
}

func configurationItems() []column {
	return envelope(texts("addendum"),
		row("eventData",
			text("configurationItemVersion"), text("configurationItemCaptureTime"), text("configurationItemStatus"),
			text("configurationStateId").as("configurationitemstateid"),
			text("accountId"), text("resourceType"), text("resourceId"), text("resourceName"), text("ARN"), text("awsRegion"),
			text("availabilityZone"), text("resourceCreationTime"),
			texts("configuration"), texts("supplementaryConfiguration"), text("relatedEvents"),
			rows("relationships", text("name"), text("resourceType"), text("resourceId"), text("resourceName")),
			texts("tags"), text("configurationStateId")))
}

func evidence() []column {
	return envelope(texts("addendum"),
		row("eventData",
			texts("attributes"), text("awsAccountId"), text("awsOrganization"), text("complianceCheck"), text("dataSource"),
			text("eventName"), text("eventSource"), text("evidenceAwsAccountId"), text("evidenceByType"), text("iamId"),
			text("evidenceId"), stamp("time"), text("assessmentId"), text("controlSetId"), text("controlId"), text("controlName"),
			text("controlDomainName"), text("frameworkName"), text("frameworkId"), text("service"), text("serviceCategory"),
			text("resourceArn"), text("resourceType"), text("evidenceFolderId"), text("description"),
			text("manualEvidenceS3ResourcePath"), text("evidenceFolderName"), text("resourceComplianceCheck"), stamp("timestamp")))
}

package awsapi

// sampleQueries are those that SearchSampleQueries knows. Each runs as it stands once $EDS_ID is the ID of a store of the kind
// that its description names; a test runs them all.
var sampleQueries = []SampleQuery{
	{Name: "Activity of a user in the last week", Description: "What one IAM user or role session did in an account. For AWS events; put the ARN in.",
		SQL: `SELECT eventTime, eventSource, eventName, awsRegion, sourceIPAddress, errorCode
FROM $EDS_ID
WHERE userIdentity.arn = 'arn:aws:iam::111122223333:user/alice' AND eventTime > date_add('day', -7, now())
ORDER BY eventTime DESC`},
	{Name: "Most active users", Description: "Principals by number of API calls, with the time of their last one. For AWS events.",
		SQL: `SELECT userIdentity.arn AS principal, count(*) AS calls, max(eventTime) AS last_call
FROM $EDS_ID
WHERE userIdentity.arn IS NOT NULL AND eventTime > date_add('day', -7, now())
GROUP BY userIdentity.arn
ORDER BY calls DESC
LIMIT 50`},
	{Name: "Use of the root user", Description: "Everything that the root user of an account did, sign-ins included. For AWS events.",
		SQL: `SELECT eventTime, eventSource, eventName, sourceIPAddress, userAgent, errorCode
FROM $EDS_ID
WHERE userIdentity.type = 'Root' AND userIdentity.invokedBy IS NULL
ORDER BY eventTime DESC`},
	{Name: "Failed console sign-ins", Description: "Logins to the AWS console that failed, by source IP address and user. For AWS events.",
		SQL: `SELECT sourceIPAddress, userIdentity.userName AS name, count(*) AS failures, max(eventTime) AS last_failure
FROM $EDS_ID
WHERE eventName = 'ConsoleLogin' AND element_at(responseElements, 'ConsoleLogin') = 'Failure'
GROUP BY sourceIPAddress, userIdentity.userName
ORDER BY failures DESC`},
	{Name: "Console sign-ins without MFA", Description: "Successful logins to the AWS console without multi-factor authentication. For AWS events.",
		SQL: `SELECT eventTime, userIdentity.arn, sourceIPAddress, userAgent
FROM $EDS_ID
WHERE eventName = 'ConsoleLogin' AND element_at(responseElements, 'ConsoleLogin') = 'Success'
  AND element_at(additionalEventData, 'MFAUsed') = 'No'
ORDER BY eventTime DESC`},
	{Name: "Access denied errors", Description: "Calls that were refused for want of permission, by principal and API. For AWS events.",
		SQL: `SELECT userIdentity.arn AS principal, eventSource, eventName, errorCode, count(*) AS denied
FROM $EDS_ID
WHERE errorCode LIKE '%AccessDenied%' OR errorCode LIKE '%UnauthorizedOperation%'
GROUP BY userIdentity.arn, eventSource, eventName, errorCode
ORDER BY denied DESC`},
	{Name: "Errors by service", Description: "How many calls of each service failed, and with which error codes. For AWS events.",
		SQL: `SELECT eventSource, errorCode, count(*) AS failed
FROM $EDS_ID
WHERE errorCode IS NOT NULL AND eventTime > date_add('day', -1, now())
GROUP BY eventSource, errorCode
ORDER BY failed DESC`},
	{Name: "Changes of IAM users, roles and policies", Description: "Who created, changed or deleted identities and permissions. For AWS events.",
		SQL: `SELECT eventTime, userIdentity.arn AS changed_by, eventName, element_at(requestParameters, 'userName') AS user_name,
  element_at(requestParameters, 'roleName') AS role_name, element_at(requestParameters, 'policyArn') AS policy
FROM $EDS_ID
WHERE eventSource = 'iam.amazonaws.com' AND readOnly = false AND errorCode IS NULL
ORDER BY eventTime DESC`},
	{Name: "New access keys", Description: "Access keys of IAM users that were created, and by whom. For AWS events.",
		SQL: `SELECT eventTime, userIdentity.arn AS created_by, json_extract_scalar(element_at(responseElements, 'accessKey'), '$.userName') AS user_name,
  json_extract_scalar(element_at(responseElements, 'accessKey'), '$.accessKeyId') AS access_key
FROM $EDS_ID
WHERE eventName = 'CreateAccessKey' AND errorCode IS NULL
ORDER BY eventTime DESC`},
	{Name: "Use of an access key", Description: "Where and for what one access key was used: regions, IP addresses, services. For AWS events; put the key in.",
		SQL: `SELECT awsRegion, sourceIPAddress, eventSource, count(*) AS calls, min(eventTime) AS first_call, max(eventTime) AS last_call
FROM $EDS_ID
WHERE userIdentity.accessKeyId = 'AKIAIOSFODNN7EXAMPLE'
GROUP BY awsRegion, sourceIPAddress, eventSource
ORDER BY last_call DESC`},
	{Name: "Roles assumed from other accounts", Description: "Cross-account AssumeRole calls: which account became which role. For AWS events.",
		SQL: `SELECT userIdentity.accountId AS from_account, recipientAccountId AS to_account, element_at(requestParameters, 'roleArn') AS role, count(*) AS times
FROM $EDS_ID
WHERE eventName = 'AssumeRole' AND userIdentity.accountId <> recipientAccountId
GROUP BY userIdentity.accountId, recipientAccountId, element_at(requestParameters, 'roleArn')
ORDER BY times DESC`},
	{Name: "Security groups opened to the internet", Description: "EC2 ingress rules that let everybody (0.0.0.0/0) in. For AWS events.",
		SQL: `SELECT eventTime, userIdentity.arn AS opened_by, element_at(requestParameters, 'groupId') AS security_group, element_at(requestParameters, 'ipPermissions') AS rule
FROM $EDS_ID
WHERE eventName = 'AuthorizeSecurityGroupIngress' AND element_at(requestParameters, 'ipPermissions') LIKE '%0.0.0.0/0%'
ORDER BY eventTime DESC`},
	{Name: "Deleted resources", Description: "All calls that deleted or terminated something and succeeded. For AWS events.",
		SQL: `SELECT eventTime, userIdentity.arn AS deleted_by, eventSource, eventName, requestParameters
FROM $EDS_ID
WHERE (eventName LIKE 'Delete%' OR eventName LIKE 'Terminate%') AND errorCode IS NULL AND eventTime > date_add('day', -7, now())
ORDER BY eventTime DESC`},
	{Name: "Trails that were stopped or changed", Description: "Attempts to switch CloudTrail logging off or change trails and event data stores. For AWS events.",
		SQL: `SELECT eventTime, userIdentity.arn AS changed_by, eventName, requestParameters, errorCode
FROM $EDS_ID
WHERE eventSource = 'cloudtrail.amazonaws.com'
  AND eventName IN ('StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'DeleteEventDataStore', 'StopEventDataStoreIngestion')
ORDER BY eventTime DESC`},
	{Name: "Public S3 buckets", Description: "Changes of S3 bucket policies, ACLs and public access blocks. For AWS events.",
		SQL: `SELECT eventTime, userIdentity.arn AS changed_by, eventName, element_at(requestParameters, 'bucketName') AS bucket
FROM $EDS_ID
WHERE eventSource = 's3.amazonaws.com' AND eventName IN ('PutBucketPolicy', 'PutBucketAcl', 'DeletePublicAccessBlock', 'PutPublicAccessBlock')
ORDER BY eventTime DESC`},
	{Name: "Reads of S3 objects", Description: "Which objects of S3 buckets were read and by whom; needs data events. For AWS events.",
		SQL: `SELECT userIdentity.arn AS reader, element_at(requestParameters, 'bucketName') AS bucket, element_at(requestParameters, 'key') AS object, count(*) AS reads
FROM $EDS_ID
WHERE eventName = 'GetObject' AND eventCategory = 'Data'
GROUP BY userIdentity.arn, element_at(requestParameters, 'bucketName'), element_at(requestParameters, 'key')
ORDER BY reads DESC
LIMIT 100`},
	{Name: "KMS keys used for decryption", Description: "Decrypt calls by key and principal. For AWS events.",
		SQL: `SELECT r.key_arn, userIdentity.arn AS principal, count(*) AS calls
FROM $EDS_ID CROSS JOIN UNNEST(resources) AS r(account, type, key_arn, prefix)
WHERE eventSource = 'kms.amazonaws.com' AND eventName = 'Decrypt'
GROUP BY r.key_arn, userIdentity.arn
ORDER BY calls DESC`},
	{Name: "Launched EC2 instances", Description: "RunInstances calls with instance type and image. For AWS events.",
		SQL: `SELECT eventTime, userIdentity.arn AS launched_by, awsRegion, element_at(requestParameters, 'instanceType') AS instance_type, sourceIPAddress
FROM $EDS_ID
WHERE eventName = 'RunInstances' AND errorCode IS NULL
ORDER BY eventTime DESC`},
	{Name: "Activity by hour", Description: "Number of events for each hour and region of the last day. For AWS events.",
		SQL: `SELECT date_trunc('hour', eventTime) AS hour, awsRegion, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -1, now())
GROUP BY 1, 2
ORDER BY 1 DESC, 3 DESC`},
	{Name: "Outdated TLS versions", Description: "Clients that call AWS with TLS 1.0 or 1.1. For AWS events.",
		SQL: `SELECT tlsDetails.tlsVersion AS tls, userIdentity.arn AS principal, userAgent, count(*) AS calls
FROM $EDS_ID
WHERE tlsDetails.tlsVersion IN ('TLSv1', 'TLSv1.1')
GROUP BY tlsDetails.tlsVersion, userIdentity.arn, userAgent
ORDER BY calls DESC`},
	{Name: "Integration events by user", Description: "What users of applications and partners did, most active first. For events of channels (ActivityAuditLog).",
		SQL: `SELECT eventData.userIdentity.principalId AS user_id, eventData.eventName AS action, count(*) AS times
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY eventData.userIdentity.principalId, eventData.eventName
ORDER BY times DESC`},
	{Name: "Integration events that failed", Description: "Errors that applications and partners reported. For events of channels (ActivityAuditLog).",
		SQL: `SELECT eventTime, eventData.eventSource, eventData.eventName, eventData.userIdentity.principalId, eventData.errorCode, eventData.errorMessage
FROM $EDS_ID
WHERE eventData.errorCode IS NOT NULL AND eventData.errorCode <> ''
ORDER BY eventTime DESC`},
	{Name: "Integration events by channel", Description: "How many events came through each channel, and the newest. For events of channels (ActivityAuditLog).",
		SQL: `SELECT metadata.channelARN AS channel, eventData.eventSource AS source, count(*) AS received, max(eventTime) AS newest
FROM $EDS_ID
GROUP BY metadata.channelARN, eventData.eventSource
ORDER BY received DESC`},
}

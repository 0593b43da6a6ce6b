package all

import (
	"os"
	"path/filepath"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/search"
	"kiroku/internal/source"
	"kiroku/internal/source/sourcetest"
)

// TestNativeNames holds that people find events by the names that their product gives its fields.
func TestNativeNames(t *testing.T) {
	fields := search.NewFields(Sources()...)
	for _, c := range []struct {
		source event.SourceName
		record string // golden case / number of the line
		line   int
		query  string
	}{
		{event.IvantiConnectSecure, "texts", 68, "session_id:5f934b7c31 session_id:sid0000eeee hostname:LAPTOP-1 ivanti_connect_secure.tunnel_ip:10.200.1.2"},
		{event.IvantiConnectSecure, "relayed", 5, `sd.meta.note:"a \"b\"" syslog.procid:4711 syslog.msgid:ID9`},
		{event.CloudTrail, "families", 0, "eventName:AuthorizeSecurityGroupIngress eventSource:ec2.amazonaws.com service:ec2"},
		{event.CloudTrail, "families", 0, `userIdentity.arn:"arn:aws:sts::444455556666:assumed-role/PlatformAdmin/kei.tanaka@example.com"`},
		{event.CloudTrail, "families", 0, "userIdentity.type:AssumedRole USERIDENTITY.ACCOUNTID:444455556666 userIdentity.accessKeyId:ASIAEXAMPLEKEYID00001"},
		{event.CloudTrail, "families", 0, "userIdentity.sessionContext.attributes.mfaAuthenticated:true userIdentity.sessionContext.sourceIdentity:kei.tanaka"},
		{event.CloudTrail, "families", 0, "sourceIPAddress:2001:db8:10::77 awsRegion:ap-northeast-1 eventType:AwsApiCall eventCategory:Management"},
		{event.CloudTrail, "families", 0, "requestParameters.groupId:sg-0a1b2c3d4e5f60718 readOnly:false tag:cloudtrail user:platformadmin*"},
		{event.CloudTrail, "families", 1, "errorCode:AccessDenied recipientAccountId:444455556666 vpcEndpointId:vpce-0123456789abcdef0 resources.ARN:*q1*"},
		{event.CloudTrail, "families", 1, "userAgent:*Boto3* sharedEventID:69221053-d874-5980-8907-ee851ea9aace requestParameters.bucketName:example-audit-bucket"},
		{event.CloudTrail, "families", 8, `sourceIPAddress:autoscaling.amazonaws.com userIdentity.invokedBy:autoscaling.amazonaws.com addendum.reason:UPDATED_DATA`},
		{event.CloudTrail, "families", 9, "eventID:0f11f1b5-8ccf-546e-9720-eb79afd1fb32 summary.primaryDimension.dimension:eventName"},
		{event.CloudTrail, "aws-user-guide", 6, "insightDetails.eventName:UpdateInstanceInformation insightDetails.state:Start class:6003"},
		{event.CloudTrail, "aws-user-guide", 4, `sourceIPAddress:"AWS Internal" eventVersion:1.05`},
		{event.CloudTrail, "sign-ins", 3, "eventName:CheckMfa user:root outcome:failure"},
		{event.CloudTrail, "identities", 14, "user:unknown eventName:DescribeInstances"},
		{event.AuditEvents, "shapes", 1, "eventData.userIdentity.principalId:kei.tanaka eventData.eventName:ApproveReport eventName:ApproveReport eventData.UID:exp-88f1"},
		{event.AuditEvents, "shapes", 1, "EVENTDATA.SOURCEIPADDRESS:2001:db8:1::5 eventCategory:ActivityAuditLog eventData.requestParameters.reportId:R-2025-0091"},
		{event.AuditEvents, "shapes", 2, "eventData.additionalEventData.eventType:user.session.start event:user.session.start user:kei.tanaka@example.com eventData.errorCode:FAILURE"},
		{event.AuditEvents, "shapes", 3, "metadata.channelSource:GitHub metadata.channelARN:*channel* eventData.eventSource:github.audit.streaming"},
		{event.DefenderForCloudApps, "agents", 0, "suser:admin@contoso.com dvc:13.82.149.151 cs2:APPID_OUTLOOK portalURL:*audits* destinationServiceName:*Exchange*"},
		{event.DefenderForCloudApps, "forms", 14, "class:2004 severity:medium relatedAudits:1500151288183_* policyIDs:59f0ab82f797fa0681e9b1c7 riskScore:7 src:192.0.2.20"},
		{event.DefenderForCloudApps, "cloudappevents", 0, "ActionType:FileDownloaded AccountDisplayName:\"Kei Tanaka\" RawEventData.Workload:SharePoint IPAddress:192.0.2.10 ObjectId:f-1"},
		{event.Kiroku, "digests", 0, "severity:high class:2004 kiroku_alert:cloudtrail_digest chain.trail:audit chain.account:444455556666"},
		{event.Kiroku, "digests", 0, "bucket:example-trail-bucket key:*AAAAAAAAAAAAAAA1*"},
		{event.Kiroku, "digests", 0, "status_code:hash_mismatch"},
		{event.Kiroku, "digests", 0, "from:2025-06-05T00:59:59Z next:*PutObject*"},
	} {
		q, err := search.Parse(c.query)
		if err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		program, err := search.Compile(q, fields)
		if err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		data, err := os.ReadFile(filepath.Join("..", folders[c.source], "testdata", c.record, "in.log"))
		if err != nil {
			t.Fatal(err)
		}
		record := sourcetest.Record(sourcetest.Lines(data)[c.line])
		e := new(event.Event)
		if err := sourceNamed(t, c.source).Map(record, e); err != nil {
			t.Fatal(err)
		}
		e.Str(event.ColRawData, "", event.Bytes(record.Data))
		if !program.MatchEvent(e) {
			t.Errorf("%s does not find line %d of %s/%s:\n%s", c.query, c.line, c.source, c.record, e.AppendJSON(nil))
		}
	}
}

func sourceNamed(t *testing.T, name event.SourceName) source.Source {
	t.Helper()
	s, ok := newSet(t).Find(name)
	if !ok {
		t.Fatalf("no source %s", name)
	}
	return s
}

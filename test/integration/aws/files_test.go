//go:build integration

package aws

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"time"
)

// file is a Records file with n records, whose ids begin with name; pad makes each longer.
func file(name string, n, pad int) []byte {
	var recs []string
	for i := range n {
		recs = append(recs, fmt.Sprintf(`{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","userName":"example","arn":"arn:aws:iam::%[1]s:user/example","accountId":"%[1]s"},`+
			`"eventTime":"2026-06-05T00:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1",`+
			`"requestParameters":{"pad":"%[4]s"},"eventID":"%[2]s-%[3]d","eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"%[1]s","eventCategory":"Management"}`,
			account, name, i, strings.Repeat("x", pad)))
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, `{"Records":[`+strings.Join(recs, ",")+`]}`)
	_ = z.Close()
	return b.Bytes()
}

// keyOf is the key of a log file.
func keyOf(prefix, account, region string, at time.Time, unique string) string {
	return fmt.Sprintf("%sAWSLogs/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz", prefix, account, region, at.Format("2006/01/02"), account, region, at.Format("20060102T1504Z"), unique)
}

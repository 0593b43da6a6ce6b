package s3

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"kiroku/internal/aws"
)

// statement is one statement of an IAM policy.
type statement struct {
	Sid      string
	Effect   string
	Action   []string
	Resource []string
}

// policy is the least policy that the input needs, for the identity that it uses. The caller holds report.mu.
func (in *Input) policy(account string) string {
	arn := "arn:" + in.cloud.Account.Partition()
	var all []statement
	add := func(sid string, actions, resources []string) {
		all = append(all, statement{Sid: sid, Effect: "Allow", Action: actions, Resource: resources})
	}
	buckets := in.bucketNames()
	var whole, inside []string
	for _, b := range buckets {
		whole = append(whole, arn+":s3:::"+b)
		inside = append(inside, arn+":s3:::"+b+"/*")
	}
	if in.cfg.Discover {
		add("FindTrails", []string{"cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "organizations:DescribeOrganization"}, []string{"*"})
	}
	if in.cfg.Keys {
		add("VerifyDigests", []string{"cloudtrail:ListPublicKeys"}, []string{"*"})
	}
	if in.cfg.Bucket != "" || in.cfg.Discover {
		add("LookIntoBucket", []string{"s3:ListBucket", "s3:GetBucketLocation"}, whole)
	}
	add("ReadFiles", []string{"s3:GetObject"}, inside)
	if in.cfg.Queue != "" {
		add("ReadQueue", []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}, []string{queueARN(arn, account, in.cfg.Queue)})
	}
	doc, err := json.MarshalIndent(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", all}, "", "  ")
	if err != nil {
		panic("BUG: a policy has no JSON: " + err.Error())
	}
	return string(doc)
}

// bucketNames are the buckets that the input reads, or a placeholder where messages name them.
func (in *Input) bucketNames() []string {
	var names []string
	seen := map[string]bool{}
	add := func(b string) {
		if b != "" && !seen[b] {
			seen[b] = true
			names = append(names, b)
		}
	}
	add(in.cfg.Bucket)
	for _, t := range in.report.trails {
		if t.Read {
			add(t.Bucket)
		}
	}
	if len(names) == 0 {
		names = []string{"YOUR-CLOUDTRAIL-BUCKET"}
	}
	return names
}

// queueARN is the ARN of a queue by its URL, https://sqs.<region>.amazonaws.com/<account>/<name>.
func queueARN(partition, account, queue string) string {
	u, err := url.Parse(queue)
	if err != nil {
		return "*"
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if n := len(parts); n >= 2 {
		account = parts[n-2]
	}
	region := aws.QueueRegion(queue)
	if region == "" {
		region = "*"
	}
	return fmt.Sprintf("%s:sqs:%s:%s:%s", partition, region, account, parts[len(parts)-1])
}

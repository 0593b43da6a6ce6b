package cloudtrail

import "kiroku/internal/source"

const (
	priorityNormal = "normal"
	priorityLow    = "low"
)

// priorities are those of Datadog's integration: events of these services are normal, all others low. A service is
// eventSource without ".amazonaws.com"; monitoring is CloudWatch.
var priorities = map[string]string{
	"apigateway":           priorityNormal,
	"autoscaling":          priorityNormal,
	"cloudformation":       priorityNormal,
	"cloudfront":           priorityNormal,
	"cloudsearch":          priorityNormal,
	"cloudtrail":           priorityNormal,
	"codedeploy":           priorityNormal,
	"codepipeline":         priorityNormal,
	"config":               priorityNormal,
	"datapipeline":         priorityNormal,
	"ds":                   priorityNormal,
	"ec2":                  priorityNormal,
	"ecs":                  priorityNormal,
	"elasticache":          priorityNormal,
	"elasticbeanstalk":     priorityNormal,
	"elasticfilesystem":    priorityNormal,
	"elasticloadbalancing": priorityNormal,
	"elasticmapreduce":     priorityNormal,
	"iam":                  priorityNormal,
	"kinesis":              priorityNormal,
	"lambda":               priorityNormal,
	"monitoring":           priorityNormal,
	"opsworks":             priorityNormal,
	"rds":                  priorityNormal,
	"redshift":             priorityNormal,
	"route53":              priorityNormal,
	"s3":                   priorityNormal,
	"ses":                  priorityNormal,
	"signin":               priorityNormal,
	"ssm":                  priorityNormal,
	source.OtherServices:   priorityLow,
}

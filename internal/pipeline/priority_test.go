package pipeline

import (
	"errors"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source"
	"kiroku/internal/source/all"
)

// said maps a record "service" or "service!priority": the latter is the source's own word for this event.
func said(name event.SourceName, priorities map[string]string) source.Source {
	return source.Source{Name: name, Priorities: priorities, Map: func(rec *event.Record, e *event.Event) error {
		if string(rec.Data) == "broken" {
			return errors.New("broken")
		}
		service, own := string(rec.Data), ""
		if service[len(service)-1] == '!' {
			service, own = service[:len(service)-1], "normal"
		}
		e.Class(0, 0)
		e.Time(event.ColTime, "", rec.Received)
		e.Str(event.ColService, "", service)
		e.Str(event.ColPriority, "", own)
		return nil
	}}
}

func priorityOf(p *Pipeline, name event.SourceName, record string) string {
	e := new(event.Event)
	p.Map(&event.Record{Data: []byte(record), Received: time.Now(), Origin: &event.Origin{Source: name}}, e)
	return e.GetStr(event.ColPriority)
}

func TestPriorities(t *testing.T) {
	own := map[string]string{"ec2": "normal", source.OtherServices: "low"}
	p := New(Options{Sources: []source.Source{said("clouds", own), said("plain", nil)}, Log: slog.New(slog.DiscardHandler)})
	check := func(name event.SourceName, wants map[string]string) {
		t.Helper()
		for record, want := range wants {
			if got := priorityOf(p, name, record); got != want {
				t.Errorf("%s %s is %s, want %s", name, record, got, want)
			}
		}
	}
	check("clouds", map[string]string{"ec2": "normal", "EC2": "normal", "sts": "low", "sts!": "normal", "broken": "normal"})
	check("plain", map[string]string{"ec2": "normal", "sts": "normal"})

	p.SetPriorities(Priorities{"clouds": {"STS": "low", "kms": "normal", "ec2": "low"}, "plain": {"web": "low"}})
	check("clouds", map[string]string{"ec2": "low", "sts": "low", "sts!": "low", "kms": "normal", "other": "low", "other!": "normal"})
	check("plain", map[string]string{"web": "low", "ec2": "normal"})
	if got := p.Priorities(); !maps.Equal(got["clouds"], map[string]string{"ec2": "low", "sts": "low", "kms": "normal", source.OtherServices: "low"}) {
		t.Errorf("priorities are %v", got)
	}
	if own["ec2"] != "normal" || len(own) != 2 {
		t.Errorf("the source's own table was changed: %v", own)
	}

	p.SetPriorities(Priorities{"clouds": {source.OtherServices: "normal"}})
	check("clouds", map[string]string{"ec2": "normal", "sts": "normal"})
	p.SetPriorities(nil)
	check("clouds", map[string]string{"ec2": "normal", "sts": "low"})
}

// The table changes while records are mapped.
func TestPrioritiesChangeAtRunTime(t *testing.T) {
	p := New(Options{Sources: all.Sources(), Log: slog.New(slog.DiscardHandler)})
	record := `{"eventVersion":"1.08","eventSource":"sts.amazonaws.com","eventName":"GetCallerIdentity"}`
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if got := priorityOf(p, event.CloudTrail, record); got != "normal" && got != "low" {
					t.Errorf("priority %q", got)
					return
				}
			}
		})
	}
	for range 200 {
		p.SetPriorities(Priorities{event.CloudTrail: {"sts": "normal"}})
		p.SetPriorities(nil)
	}
	wg.Wait()
}

// The services that Datadog's integration for CloudTrail shows by default; every event has the tag.
func TestPrioritiesOfCloudTrail(t *testing.T) {
	p := New(Options{Sources: all.Sources(), Log: slog.New(slog.DiscardHandler)})
	normal := []string{
		"apigateway", "autoscaling", "cloudformation", "cloudfront", "cloudsearch", "cloudtrail", "codedeploy", "codepipeline",
		"config", "datapipeline", "ds", "ec2", "ecs", "elasticache", "elasticbeanstalk", "elasticfilesystem", "elasticloadbalancing",
		"elasticmapreduce", "iam", "kinesis", "lambda", "monitoring", "opsworks", "rds", "redshift", "route53", "s3", "ses", "signin", "ssm",
	}
	wants := map[string]string{"sts": "low", "kms": "low", "sso": "low", "dynamodb": "low"}
	for _, service := range normal {
		wants[service] = "normal"
	}
	records := map[string]string{ // neither is an exception: the service decides
		`{"eventVersion":"1.08","awsRegion":"us-east-1","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","errorCode":"AccessDenied"}`:                                                                "low",
		`{"eventVersion":"1.08","awsRegion":"us-east-1","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","errorMessage":"Failed"}`:                                                              "normal",
		`{"eventVersion":"1.08","awsRegion":"us-east-1","eventType":"AwsCloudTrailInsight","eventCategory":"Insight","eventTime":"2025-06-01T12:00:00Z","insightDetails":{"eventSource":"kms.amazonaws.com"}}`: "low",
		`{"eventVersion":"1.08","awsRegion":"us-east-1","eventType":"AwsCloudTrailInsight","eventCategory":"Insight","eventTime":"2025-06-01T12:00:00Z","insightDetails":{"eventSource":"ec2.amazonaws.com"}}`: "normal",
	}
	for service, want := range wants {
		records[`{"eventVersion":"1.08","awsRegion":"us-east-1","eventSource":"`+service+`.amazonaws.com","eventName":"X"}`] = want
	}
	for record, want := range records {
		e := new(event.Event)
		p.Map(&event.Record{Data: []byte(record), Received: time.Now(), Origin: &event.Origin{Tags: []string{"cloudtrail", "team:x"}}}, e)
		if got := e.GetStr(event.ColPriority); got != want {
			t.Errorf("%s is %s, want %s", record, got, want)
		}
		if tags := e.GetList(event.ColTags); len(tags) != 2 || tags[0] != "cloudtrail" {
			t.Errorf("tags %v", tags)
		}
	}
}

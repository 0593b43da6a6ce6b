package config

import "regexp"

var (
	awsAccount = regexp.MustCompile(`^[0-9]{12}$`)
	awsRegion  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,30}$`)
)

func (v *validator) awsAPI() {
	c := v.c.AWSAPI
	for _, a := range []struct{ key, value string }{{"account", c.Account}, {"management_account", c.ManagementAccount}} {
		if a.value != "" && !awsAccount.MatchString(a.value) {
			v.add("aws_api", a.key, "%q is not an account: write 12 digits in quotes", a.value)
		}
	}
	if !awsRegion.MatchString(c.Region) {
		v.add("aws_api", "region", "%q is not a region: write one such as us-east-1", c.Region)
	}
	v.word("aws_api", "partition", c.Partition, "aws", "aws-cn", "aws-us-gov")
	v.credentials("aws_api.imports", c.Imports)
	v.credentials("aws_api.deliveries", c.Deliveries)
	atLeast(v, "aws_api.limits", "query_time", c.Limits.QueryTime, seconds(1))
	for _, l := range []struct {
		key          string
		value, least int
	}{
		{"event_data_stores", c.Limits.EventDataStores, 1}, {"channels", c.Limits.Channels, 1}, {"channels_per_source", c.Limits.ChannelsPerSource, 1},
		{"tags", c.Limits.Tags, 0}, {"audit_events", c.Limits.AuditEvents, 1}, {"deletion_days", c.Limits.DeletionDays, 0}, {"rejected_events", c.Limits.Rejected, 0},
		{"dashboards", c.Limits.Dashboards, 1}, {"widgets", c.Limits.Widgets, 1}, {"queries", c.Limits.Queries, 1},
	} {
		atLeast(v, "aws_api.limits", l.key, l.value, l.least)
	}
}

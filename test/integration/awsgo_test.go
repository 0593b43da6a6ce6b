//go:build integration

package integration

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// trail is AWS's Go SDK with nothing changed but the endpoint.
func trail(t *testing.T, s *server, creds aws.Credentials) *cloudtrail.Client {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region), config.WithBaseEndpoint("http://"+s.http),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(creds.AccessKeyID, creds.SecretAccessKey, "")))
	if err != nil {
		t.Fatal(err)
	}
	return cloudtrail.NewFromConfig(cfg)
}

// wantError checks the typed error of the SDK.
func wantError[E error](t *testing.T, what string, err error) {
	t.Helper()
	var e E
	if !errors.As(err, &e) {
		t.Errorf("%s: %v, want %T", what, err, e)
	}
}

func integrations() []types.AdvancedEventSelector {
	return []types.AdvancedEventSelector{{Name: aws.String("integrations"), FieldSelectors: []types.AdvancedFieldSelector{{Field: aws.String("eventCategory"), Equals: []string{"ActivityAuditLog"}}}}}
}

func TestGoSDK(t *testing.T) {
	s := start(t, t.TempDir())
	alice, bob := newKey(s, owner, "alice"), newKey(s, partner, "bob")
	c, ctx := trail(t, s, alice), t.Context()
	one, err := c.CreateEventDataStore(ctx, &cloudtrail.CreateEventDataStoreInput{Name: aws.String("one"), MultiRegionEnabled: aws.Bool(false),
		AdvancedEventSelectors: integrations(), RetentionPeriod: aws.Int32(90), TagsList: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}}})
	if err != nil {
		t.Fatal(err)
	}
	if one.Status != types.EventDataStoreStatusEnabled || aws.ToInt32(one.RetentionPeriod) != 90 || !aws.ToBool(one.TerminationProtectionEnabled) ||
		time.Since(aws.ToTime(one.CreatedTimestamp)).Abs() > time.Minute || one.BillingMode != types.BillingModeExtendableRetentionPricing {
		t.Errorf("created %+v", one)
	}
	for _, name := range []string{"two", "three"} {
		if _, err := c.CreateEventDataStore(ctx, &cloudtrail.CreateEventDataStoreInput{Name: aws.String(name)}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.CreateEventDataStore(ctx, &cloudtrail.CreateEventDataStoreInput{Name: aws.String("one")})
	wantError[*types.EventDataStoreAlreadyExistsException](t, "the same name", err)
	var names []string
	stores := cloudtrail.NewListEventDataStoresPaginator(c, &cloudtrail.ListEventDataStoresInput{MaxResults: aws.Int32(2)})
	for stores.HasMorePages() {
		page, err := stores.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range page.EventDataStores {
			names = append(names, aws.ToString(st.Name))
		}
	}
	if !slices.Equal(names, []string{"one", "three", "two"}) {
		t.Errorf("listed %v", names)
	}
	goTags(t, c, aws.ToString(one.EventDataStoreArn))
	channel := goChannel(t, c, aws.ToString(one.EventDataStoreArn))
	goPolicy(t, s, c, channel, alice, bob)
	goQuery(t, c, aws.ToString(one.EventDataStoreArn))
	goDelete(t, c, aws.ToString(one.EventDataStoreArn), channel)
	_, err = c.CreateTrail(ctx, &cloudtrail.CreateTrailInput{Name: aws.String("trail"), S3BucketName: aws.String("bucket")})
	wantError[*types.UnsupportedOperationException](t, "an operation that is not supported", err)
}

// goQuery runs a query to its end and reads its rows page by page.
func goQuery(t *testing.T, c *cloudtrail.Client, store string) {
	ctx := t.Context()
	table := store[strings.LastIndexByte(store, '/')+1:]
	started, err := c.StartQuery(ctx, &cloudtrail.StartQueryInput{QueryStatement: aws.String("SELECT n, count(eventID) AS events FROM UNNEST(sequence(1, 5)) AS t(n) LEFT JOIN " + table + " ON eventData.eventName = 'none' GROUP BY n ORDER BY n")})
	if err != nil {
		t.Fatal(err)
	}
	var q *cloudtrail.DescribeQueryOutput
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if q, err = c.DescribeQuery(ctx, &cloudtrail.DescribeQueryInput{QueryId: started.QueryId}); err != nil || time.Now().After(deadline) {
			t.Fatalf("query %+v, %v", q, err)
		}
		if q.QueryStatus != types.QueryStatusQueued && q.QueryStatus != types.QueryStatusRunning {
			break
		}
	}
	if q.QueryStatus != types.QueryStatusFinished {
		t.Fatalf("query %s %s, %+v", q.QueryStatus, aws.ToString(q.ErrorMessage), q.QueryStatistics)
	}
	var rows []string
	pages := cloudtrail.NewGetQueryResultsPaginator(c, &cloudtrail.GetQueryResultsInput{QueryId: started.QueryId, MaxQueryResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.QueryResultRows {
			rows = append(rows, row[0]["n"]+":"+row[1]["events"])
		}
	}
	if !slices.Equal(rows, []string{"1:0", "2:0", "3:0", "4:0", "5:0"}) {
		t.Errorf("rows %v", rows)
	}
	_, err = c.StartQuery(ctx, &cloudtrail.StartQueryInput{QueryStatement: aws.String("SELECT eventName FROM " + table)})
	if wantError[*types.InvalidQueryStatementException](t, "a column of eventData", err); !strings.Contains(fmt.Sprint(err), `did you mean "eventdata.eventname"?`) {
		t.Errorf("a column of eventData: %v", err)
	}
	_, err = c.StartQuery(ctx, &cloudtrail.StartQueryInput{QueryStatement: aws.String("nonsense")})
	wantError[*types.InvalidQueryStatementException](t, "nonsense as a query", err)
	_, err = c.GetQueryResults(ctx, &cloudtrail.GetQueryResultsInput{QueryId: aws.String("00000000-0000-0000-0000-000000000000")})
	wantError[*types.QueryIdNotFoundException](t, "a query that does not exist", err)
}

func goTags(t *testing.T, c *cloudtrail.Client, arn string) {
	ctx := t.Context()
	if _, err := c.AddTags(ctx, &cloudtrail.AddTagsInput{ResourceId: &arn, TagsList: []types.Tag{{Key: aws.String("team"), Value: aws.String("経理 a")}, {Key: aws.String("env"), Value: aws.String("test")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RemoveTags(ctx, &cloudtrail.RemoveTagsInput{ResourceId: &arn, TagsList: []types.Tag{{Key: aws.String("none")}}}); err != nil {
		t.Fatal(err)
	}
	pages := cloudtrail.NewListTagsPaginator(c, &cloudtrail.ListTagsInput{ResourceIdList: []string{arn}})
	got := map[string]string{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.ResourceTagList {
			for _, tag := range r.TagsList {
				got[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
			}
		}
	}
	if fmt.Sprint(got) != "map[env:test team:経理 a]" {
		t.Errorf("tags %v", got)
	}
	_, err := c.ListTags(ctx, &cloudtrail.ListTagsInput{ResourceIdList: []string{"nonsense"}})
	wantError[*types.CloudTrailARNInvalidException](t, "tags of nonsense", err)
}

func goChannel(t *testing.T, c *cloudtrail.Client, store string) string {
	ctx := t.Context()
	to := []types.Destination{{Type: types.DestinationTypeEventDataStore, Location: &store}}
	made, err := c.CreateChannel(ctx, &cloudtrail.CreateChannelInput{Name: aws.String("okta"), Source: aws.String("OktaSystemLogEvents"), Destinations: to, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateChannel(ctx, &cloudtrail.CreateChannelInput{Name: aws.String("portal"), Source: aws.String("Custom"), Destinations: to}); err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateChannel(ctx, &cloudtrail.CreateChannelInput{Name: aws.String("again"), Source: aws.String("Custom"), Destinations: to})
	wantError[*types.ChannelAlreadyExistsException](t, "the same source", err)
	_, err = c.CreateChannel(ctx, &cloudtrail.CreateChannelInput{Name: aws.String("again"), Source: aws.String("Unknown"), Destinations: to})
	wantError[*types.InvalidSourceException](t, "an unknown source", err)
	if _, err := c.UpdateChannel(ctx, &cloudtrail.UpdateChannelInput{Channel: made.ChannelArn, Name: aws.String("okta-2")}); err != nil {
		t.Fatal(err)
	}
	got, err := c.GetChannel(ctx, &cloudtrail.GetChannelInput{Channel: made.ChannelArn})
	if err != nil || aws.ToString(got.Name) != "okta-2" || aws.ToString(got.Source) != "OktaSystemLogEvents" || len(got.Destinations) != 1 || aws.ToString(got.Destinations[0].Location) != store || got.IngestionStatus != nil {
		t.Errorf("channel %+v, %v", got, err)
	}
	var names []string
	pages := cloudtrail.NewListChannelsPaginator(c, &cloudtrail.ListChannelsInput{MaxResults: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Channels {
			names = append(names, aws.ToString(v.Name))
		}
	}
	if !slices.Equal(names, []string{"okta-2", "portal"}) {
		t.Errorf("listed %v", names)
	}
	return aws.ToString(made.ChannelArn)
}

// goPolicy lets another account in, with an external id, and puts events as both.
func goPolicy(t *testing.T, s *server, c *cloudtrail.Client, channel string, alice, bob aws.Credentials) {
	ctx := t.Context()
	_, err := c.GetResourcePolicy(ctx, &cloudtrail.GetResourcePolicyInput{ResourceArn: &channel})
	wantError[*types.ResourcePolicyNotFoundException](t, "no policy", err)
	put := func(creds aws.Credentials, id, uid string) (int, stored) {
		out, status, err := putAudit(ctx, s, creds, channel, id, auditData(owner, uid))
		if err != nil {
			t.Fatal(err)
		}
		return status, out
	}
	if status, out := put(bob, "", "u1"); status != http.StatusBadRequest || out.Type != "ChannelInsufficientPermission" {
		t.Errorf("a stranger without a policy: %d %+v", status, out)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Sid":"partner","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::` + partner + `:root"]},"Action":"cloudtrail-data:PutAuditEvents",` +
		`"Resource":"` + channel + `","Condition":{"StringEquals":{"cloudtrail:ExternalId":"unique+id"}}}]}`
	if _, err := c.PutResourcePolicy(ctx, &cloudtrail.PutResourcePolicyInput{ResourceArn: &channel, ResourcePolicy: &policy}); err != nil {
		t.Fatal(err)
	}
	if got, err := c.GetResourcePolicy(ctx, &cloudtrail.GetResourcePolicyInput{ResourceArn: &channel}); err != nil || aws.ToString(got.ResourcePolicy) != policy {
		t.Errorf("policy %+v, %v", got, err)
	}
	_, err = c.PutResourcePolicy(ctx, &cloudtrail.PutResourcePolicyInput{ResourceArn: &channel, ResourcePolicy: aws.String(strings.Replace(policy, "StringEquals", "StringLike", 1))})
	wantError[*types.ResourcePolicyNotValidException](t, "a condition that is not understood", err)
	if status, _ := put(bob, "", "u2"); status != http.StatusBadRequest {
		t.Errorf("the partner without its external id: %d", status)
	}
	for _, sender := range []struct {
		creds aws.Credentials
		id    string
	}{{bob, "unique+id"}, {alice, ""}} {
		if status, out := put(sender.creds, sender.id, "u3"+sender.id); status != http.StatusOK || len(out.Successful) != 1 {
			t.Errorf("with %q: %d %+v", sender.id, status, out)
		}
	}
	s.await("source:audit-events", 2, 10*time.Second)
	got, err := c.GetChannel(ctx, &cloudtrail.GetChannelInput{Channel: &channel})
	if err != nil || got.IngestionStatus == nil || time.Since(aws.ToTime(got.IngestionStatus.LatestIngestionSuccessTime)).Abs() > time.Minute {
		t.Errorf("after events: %+v, %v", got, err)
	}
}

func goDelete(t *testing.T, c *cloudtrail.Client, store, channel string) {
	ctx := t.Context()
	_, err := c.DeleteEventDataStore(ctx, &cloudtrail.DeleteEventDataStoreInput{EventDataStore: &store})
	wantError[*types.EventDataStoreTerminationProtectedException](t, "delete of a protected store", err)
	if _, err := c.UpdateEventDataStore(ctx, &cloudtrail.UpdateEventDataStoreInput{EventDataStore: &store, TerminationProtectionEnabled: aws.Bool(false)}); err != nil {
		t.Fatal(err)
	}
	_, err = c.DeleteEventDataStore(ctx, &cloudtrail.DeleteEventDataStoreInput{EventDataStore: &store})
	wantError[*types.ChannelExistsForEDSException](t, "delete of a destination", err)
	all, err := c.ListChannels(ctx, &cloudtrail.ListChannelsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all.Channels {
		if _, err := c.DeleteChannel(ctx, &cloudtrail.DeleteChannelInput{Channel: v.ChannelArn}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.GetChannel(ctx, &cloudtrail.GetChannelInput{Channel: &channel})
	wantError[*types.ChannelNotFoundException](t, "a deleted channel", err)
	if _, err := c.DeleteEventDataStore(ctx, &cloudtrail.DeleteEventDataStoreInput{EventDataStore: &store}); err != nil {
		t.Fatal(err)
	}
	got, err := c.GetEventDataStore(ctx, &cloudtrail.GetEventDataStoreInput{EventDataStore: &store})
	if err != nil || got.Status != types.EventDataStoreStatusPendingDeletion {
		t.Errorf("deleted store %+v, %v", got, err)
	}
	_, err = c.UpdateEventDataStore(ctx, &cloudtrail.UpdateEventDataStoreInput{EventDataStore: &store, Name: aws.String("new")})
	wantError[*types.InactiveEventDataStoreException](t, "update of a deleted store", err)
	back, err := c.RestoreEventDataStore(ctx, &cloudtrail.RestoreEventDataStoreInput{EventDataStore: &store})
	if err != nil || back.Status != types.EventDataStoreStatusEnabled {
		t.Errorf("restored store %+v, %v", back, err)
	}
	_, err = c.StopEventDataStoreIngestion(ctx, &cloudtrail.StopEventDataStoreIngestionInput{EventDataStore: &store})
	wantError[*types.InvalidEventDataStoreCategoryException](t, "stop of a store for audit events", err)
}

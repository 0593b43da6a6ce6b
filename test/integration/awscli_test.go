//go:build integration

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// awsCLI runs AWS's CLI, with nothing changed but the endpoint, and reads what it prints into into.
type awsCLI struct {
	t    *testing.T
	path string
	env  []string
}

func newCLI(t *testing.T, s *server, creds aws.Credentials) *awsCLI {
	t.Helper()
	path := os.Getenv("KIROKU_AWS")
	if path == "" {
		path = "aws"
	}
	path, err := exec.LookPath(path)
	if err != nil {
		missing(t, "the AWS CLI; run make integration, or set KIROKU_AWS")
	}
	home := t.TempDir() // nobody's configuration
	return &awsCLI{t, path, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "AWS_ENDPOINT_URL=http://" + s.http, "AWS_DEFAULT_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + creds.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + creds.SecretAccessKey, "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true"}}
}

func (c *awsCLI) run(args ...string) (out, errors string, code int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.path, append(args, "--output", "json")...)
	var o, e bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, &o, &e
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// must runs a command of cloudtrail that has to succeed.
func (c *awsCLI) must(into any, args ...string) {
	c.t.Helper()
	out, errors, code := c.run(args...)
	if code != 0 {
		c.t.Fatalf("aws %s ended with %d: %s", strings.Join(args, " "), code, errors)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(out), into); err != nil {
			c.t.Fatalf("aws %s: %v: %s", strings.Join(args, " "), err, out)
		}
	}
}

// refuses runs a command that has to fail with an error of that name.
func (c *awsCLI) refuses(name string, args ...string) {
	c.t.Helper()
	if out, errors, code := c.run(args...); code == 0 || !strings.Contains(errors, "("+name+")") {
		c.t.Errorf("aws %s ended with %d: %s%s, want %s", strings.Join(args, " "), code, out, errors, name)
	}
}

func TestAWSCLI(t *testing.T) {
	s := start(t, t.TempDir())
	alice := newKey(s, owner, "alice")
	c := newCLI(t, s, alice)
	dir := t.TempDir()
	selectors := "file://" + write(t, dir, "selectors.json", `[{"Name":"integrations","FieldSelectors":[{"Field":"eventCategory","Equals":["ActivityAuditLog"]}]}]`)
	var store struct {
		EventDataStoreArn, Name, Status                  string
		CreatedTimestamp                                 float64
		RetentionPeriod                                  int
		TerminationProtectionEnabled, MultiRegionEnabled bool
		AdvancedEventSelectors                           []any
		TagsList                                         []any
	}
	c.must(&store, "cloudtrail", "create-event-data-store", "--name", "audit", "--no-multi-region-enabled", "--retention-period", "90", "--advanced-event-selectors", selectors, "--tags-list", "Key=env,Value=prod")
	if store.Status != "ENABLED" || store.RetentionPeriod != 90 || !store.TerminationProtectionEnabled || store.MultiRegionEnabled || len(store.AdvancedEventSelectors) != 1 || len(store.TagsList) != 1 || time.Since(time.Unix(int64(store.CreatedTimestamp), 0)).Abs() > time.Minute {
		t.Errorf("created %+v", store)
	}
	arn := store.EventDataStoreArn
	c.refuses("EventDataStoreAlreadyExistsException", "cloudtrail", "create-event-data-store", "--name", "audit")
	c.refuses("InvalidParameterException", "cloudtrail", "update-event-data-store", "--event-data-store", arn)
	c.refuses("EventDataStoreARNInvalidException", "cloudtrail", "get-event-data-store", "--event-data-store", "nonsense")
	c.must(nil, "cloudtrail", "update-event-data-store", "--event-data-store", arn, "--no-termination-protection-enabled", "--retention-period", "30")
	c.must(&store, "cloudtrail", "get-event-data-store", "--event-data-store", arn[strings.LastIndexByte(arn, '/')+1:])
	if store.RetentionPeriod != 30 || store.TerminationProtectionEnabled {
		t.Errorf("changed %+v", store)
	}
	c.must(nil, "cloudtrail", "create-event-data-store", "--name", "management")
	var stores, next struct {
		EventDataStores []struct{ EventDataStoreArn, Name string }
		NextToken       string
	}
	c.must(&stores, "cloudtrail", "list-event-data-stores", "--max-results", "1")
	c.must(&next, "cloudtrail", "list-event-data-stores", "--max-results", "1", "--next-token", stores.NextToken)
	if len(stores.EventDataStores) != 1 || stores.EventDataStores[0].EventDataStoreArn != arn || len(next.EventDataStores) != 1 || next.NextToken != "" {
		t.Errorf("listed %+v, %+v", stores, next)
	}
	management := next.EventDataStores[0].EventDataStoreArn
	c.must(nil, "cloudtrail", "stop-event-data-store-ingestion", "--event-data-store", management)
	c.must(nil, "cloudtrail", "start-event-data-store-ingestion", "--event-data-store", management)

	var channel struct{ ChannelArn, Source string }
	c.must(&channel, "cloudtrail", "create-channel", "--name", "portal", "--source", "Custom", "--destinations", "Type=EVENT_DATA_STORE,Location="+arn)
	c.refuses("InvalidSourceException", "cloudtrail", "create-channel", "--name", "other", "--source", "Unknown", "--destinations", "Type=EVENT_DATA_STORE,Location="+arn)
	policy := write(t, dir, "policy.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"`+partner+`"},"Action":"cloudtrail-data:PutAuditEvents","Resource":"`+channel.ChannelArn+`"}]}`)
	c.must(nil, "cloudtrail", "put-resource-policy", "--resource-arn", channel.ChannelArn, "--resource-policy", "file://"+policy)
	c.must(nil, "cloudtrail", "get-resource-policy", "--resource-arn", channel.ChannelArn)
	cliEvents(t, s, c, newCLI(t, s, newKey(s, partner, "bob")), channel.ChannelArn)

	c.must(nil, "cloudtrail", "add-tags", "--resource-id", channel.ChannelArn, "--tags-list", "Key=team,Value=経理")
	var tags struct {
		ResourceTagList []struct{ TagsList []struct{ Key, Value string } }
	}
	c.must(&tags, "cloudtrail", "list-tags", "--resource-id-list", channel.ChannelArn, arn)
	if len(tags.ResourceTagList) != 2 || tags.ResourceTagList[0].TagsList[0].Value != "経理" {
		t.Errorf("tags %+v", tags)
	}
	c.must(nil, "cloudtrail", "remove-tags", "--resource-id", channel.ChannelArn, "--tags-list", "Key=team")
	c.must(nil, "cloudtrail", "delete-resource-policy", "--resource-arn", channel.ChannelArn)
	c.refuses("ResourcePolicyNotFoundException", "cloudtrail", "get-resource-policy", "--resource-arn", channel.ChannelArn)
	c.must(nil, "cloudtrail", "update-channel", "--channel", channel.ChannelArn, "--name", "door")
	c.must(nil, "cloudtrail", "list-channels")
	c.must(nil, "cloudtrail", "delete-channel", "--channel", channel.ChannelArn)
	c.must(nil, "cloudtrail", "delete-event-data-store", "--event-data-store", arn)
	c.must(&store, "cloudtrail", "restore-event-data-store", "--event-data-store", arn)
	if store.Status != "ENABLED" {
		t.Errorf("restored %+v", store)
	}
	c.refuses("UnsupportedOperationException", "cloudtrail", "list-trails")
	wrong := *c
	wrong.env = append(append([]string{}, c.env...), "AWS_SECRET_ACCESS_KEY=wrong")
	wrong.refuses("InvalidSignatureException", "cloudtrail", "list-channels")
}

// cliEvents puts events with the CLI, as the owner and as another account that the policy lets in.
func cliEvents(t *testing.T, s *server, c, other *awsCLI, channel string) {
	events, err := json.Marshal([]map[string]string{{"id": "a", "eventData": auditData(owner, "cli-1")}, {"id": "b", "eventData": "{}"}})
	if err != nil {
		t.Fatal(err)
	}
	file := "file://" + write(t, t.TempDir(), "events.json", string(events))
	for _, who := range []*awsCLI{c, other} {
		var put struct {
			Successful, Failed []struct{ ID, EventID, ErrorCode string }
		}
		who.must(&put, "cloudtrail-data", "put-audit-events", "--channel-arn", channel, "--external-id", "any+thing", "--audit-events", file)
		if len(put.Successful) != 1 || len(put.Failed) != 1 || put.Failed[0].ErrorCode != "FieldNotFound" {
			t.Errorf("put %+v", put)
		}
	}
	c.refuses("ChannelNotFound", "cloudtrail-data", "put-audit-events", "--channel-arn", channel[:len(channel)-12]+"000000000000", "--audit-events", file)
	s.await("source:audit-events", 2, 10*time.Second)
	var got struct {
		IngestionStatus struct{ LatestIngestionSuccessEventID, LatestIngestionErrorCode string }
	}
	c.must(&got, "cloudtrail", "get-channel", "--channel", channel)
	if got.IngestionStatus.LatestIngestionSuccessEventID == "" || got.IngestionStatus.LatestIngestionErrorCode != "FieldNotFound" {
		t.Errorf("channel %+v", got)
	}
}

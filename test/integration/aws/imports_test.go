//go:build integration

package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// importConfig writes a kiroku.yaml that reads the files of imports as the reader.
func (c *cloud) importConfig() string {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), "kiroku.yaml")
	text := fmt.Sprintf("inputs: []\naws_api:\n  imports:\n    access_key_id: %s\n    secret_access_key: %s\n    path_style: true\n    endpoints: {s3: %q}\n", readerKey, readerSecret, c.proxy.url)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// lake is AWS's SDK with nothing changed but the endpoint.
func (k *kiroku) lake(creds sdk.Credentials) *cloudtrail.Client {
	k.t.Helper()
	url := "http://" + ready.FindStringSubmatch(lastReady(k.words()))[1]
	return cloudtrail.New(cloudtrail.Options{Region: "us-east-1", BaseEndpoint: &url,
		Credentials: credentials.StaticCredentialsProvider{Value: creds}})
}

func lastReady(words string) string {
	for line := range strings.Lines(words) {
		if ready.MatchString(line) {
			return line
		}
	}
	return ""
}

// TestImport imports a bucket through the SDK, kills the service in the middle of it, and has what failed tried again. Each
// event is in the event data store once, and LookupEvents finds it.
func TestImport(t *testing.T) {
	c := start(t)
	ctx := context.Background()
	data, cfg := t.TempDir(), c.importConfig()
	now := time.Now().UTC()
	want := 0
	for i := range 40 {
		c.put(bucket, keyOf("", account, []string{"us-east-1", "eu-west-1"}[i%2], now.AddDate(0, 0, -i/10), fmt.Sprintf("f%d", i)), file(fmt.Sprint("f", i), 500, 300))
		want += 500
	}
	broken := keyOf("", account, "us-east-1", now, "broken")
	whole := file("broken", 100, 300)
	c.put(bucket, broken, whole[:len(whole)/2])
	c.put(bucket, strings.ReplaceAll(broken, "/CloudTrail/", "/Config/"), []byte("another service's"))

	var recent []string // within the days that LookupEvents reaches; a copy that somebody unpacked
	for i := range 3 {
		recent = append(recent, fmt.Sprintf(`{"eventVersion":"1.11","eventTime":%q,"eventID":"recent-%d","eventSource":"iam.amazonaws.com","eventName":"ListUsers","readOnly":true,
			"awsRegion":"us-east-1","recipientAccountId":%q,"eventCategory":"Management","userIdentity":{"type":"IAMUser","userName":"alice","accessKeyId":"AKIAIOSFODNN7EXAMPLE"}}`,
			now.Add(time.Duration(i-10)*time.Minute).Format(time.RFC3339), i, account))
	}
	c.put(bucket, keyOf("", account, "us-east-1", now, "recent"), []byte(`{"Records":[`+strings.Join(recent, ",")+`]}`))
	want += 3

	k := serve(t, data, cfg)
	var key struct{ AccessKeyId, SecretAccessKey string }
	if err := json.Unmarshal([]byte(k.run("keys", "create", "--account", account, "--principal", "importer", "--json")), &key); err != nil {
		t.Fatal(err)
	}
	creds := sdk.Credentials{AccessKeyID: key.AccessKeyId, SecretAccessKey: key.SecretAccessKey}
	lake := k.lake(creds)
	store, err := lake.CreateEventDataStore(ctx, &cloudtrail.CreateEventDataStoreInput{Name: sdk.String("imported"), RetentionPeriod: sdk.Int32(3653)})
	if err != nil {
		t.Fatal(err)
	}
	var objects atomic.Int32
	killed := make(chan struct{})
	c.proxy.hook(func(r *http.Request) {
		if isObject(r) && objects.Add(1) == 20 {
			k.kill()
			close(killed)
		}
	}, nil)
	started, err := lake.StartImport(ctx, &cloudtrail.StartImportInput{Destinations: []string{*store.EventDataStoreArn}, ImportSource: &types.ImportSource{S3: &types.S3ImportSource{
		S3LocationUri: sdk.String("s3://" + bucket + "/AWSLogs/"), S3BucketRegion: sdk.String("us-east-1"), S3BucketAccessRoleArn: sdk.String("arn:aws:iam::" + account + ":role/import")}}})
	if err != nil {
		t.Fatal(err)
	}
	<-killed
	c.proxy.hook(nil, nil)
	k = serve(t, data, cfg)
	lake = k.lake(creds)
	state := func(status types.ImportStatus) *cloudtrail.GetImportOutput {
		t.Helper()
		var got *cloudtrail.GetImportOutput
		k.until("the import is "+string(status), time.Minute, func() bool {
			if got, err = lake.GetImport(ctx, &cloudtrail.GetImportInput{ImportId: started.ImportId}); err != nil {
				t.Fatal(err)
			}
			return got.ImportStatus == status
		})
		return got
	}
	got := state(types.ImportStatusFailed).ImportStatistics
	if *got.FilesCompleted != 41 || *got.EventsCompleted != int64(want) || *got.FailedEntries != 1 || *got.PrefixesFound != 8 || *got.PrefixesCompleted != 8 {
		t.Errorf("statistics: %d files, %d events, %d failed, %d/%d prefixes", *got.FilesCompleted, *got.EventsCompleted, *got.FailedEntries, *got.PrefixesCompleted, *got.PrefixesFound)
	}
	failures := cloudtrail.NewListImportFailuresPaginator(lake, &cloudtrail.ListImportFailuresInput{ImportId: started.ImportId})
	page, err := failures.NextPage(ctx)
	if err != nil || len(page.Failures) != 1 || *page.Failures[0].Location != "s3://"+bucket+"/"+broken || page.Failures[0].Status != types.ImportFailureStatusFailed {
		t.Errorf("failures %+v, %v", page, err)
	}
	c.put(bucket, broken, whole)
	want += 100
	if _, err := lake.StartImport(ctx, &cloudtrail.StartImportInput{ImportId: started.ImportId}); err != nil {
		t.Fatal(err)
	}
	state(types.ImportStatusCompleted)
	all, distinct := k.events()
	if all != want || distinct != want {
		t.Errorf("%d events, %d different ones, want %d", all, distinct, want)
	}
	var found []string
	lookup := cloudtrail.NewLookupEventsPaginator(lake, &cloudtrail.LookupEventsInput{MaxResults: sdk.Int32(2), LookupAttributes: []types.LookupAttribute{
		{AttributeKey: types.LookupAttributeKeyUsername, AttributeValue: sdk.String("alice")}}})
	for lookup.HasMorePages() {
		page, err := lookup.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			found = append(found, *e.EventId+" "+*e.ReadOnly+" "+*e.CloudTrailEvent)
		}
	}
	if len(found) != 3 || found[0] != "recent-2 true "+recent[2] || found[2] != "recent-0 true "+recent[0] {
		t.Errorf("LookupEvents found %q", found)
	}
	if _, err := lake.LookupEvents(ctx, &cloudtrail.LookupEventsInput{MaxResults: sdk.Int32(51)}); !errors.As(err, new(*types.InvalidMaxResultsException)) {
		t.Errorf("LookupEvents: %v", err)
	}
	_, err = lake.StartImport(ctx, &cloudtrail.StartImportInput{ImportId: sdk.String("00000000-0000-0000-0000-000000000000")})
	if !errors.As(err, new(*types.ImportNotFoundException)) {
		t.Errorf("StartImport of nothing: %v", err)
	}
}

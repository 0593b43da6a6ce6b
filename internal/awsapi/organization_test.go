package awsapi_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"kiroku/internal/awsapi"
	"kiroku/internal/event"
)

const forAll = `{"Name":"everything","OrganizationEnabled":true,"TerminationProtectionEnabled":false}`

// Only the management account that the configuration names gets the records of other accounts.
func TestOrganizationStores(t *testing.T) {
	for _, c := range []struct{ management, code string }{
		{"", "OrganizationsNotInUseException"},
		{owner, "NotOrganizationMasterAccountException"},
		{stranger, ""},
	} {
		t.Run(c.management, func(t *testing.T) {
			w := newWorld(t, func(o *awsapi.Options) { o.ManagementAccount = c.management })
			create := w.op("@bob CreateEventDataStore", forAll)
			own := w.op("@bob CreateEventDataStore", `{"Name":"own"}`)
			update := w.op("@bob UpdateEventDataStore", `{"EventDataStore":"`+member(t, own, "EventDataStoreArn")+`","OrganizationEnabled":true}`)
			if create.code != c.code || update.code != c.code {
				t.Errorf("create: %s, update: %s, want %q", create.body, update.body, c.code)
			}
			stores := w.s.StoresFor(&event.Record{Data: fmt.Appendf(nil, record, "Management", "Put", "false", region, owner)})
			if got := len(stores); got != 0 && c.code != "" || got != 2 && c.code == "" {
				t.Errorf("a record of another account goes to %v", stores)
			}
		})
	}
	// A store for the activity of applications cannot be one of an organization, whoever asks.
	w := newWorld(t, func(o *awsapi.Options) { o.ManagementAccount = owner })
	w.refuses("CreateEventDataStore", `{"Name":"two","OrganizationEnabled":true,"MultiRegionEnabled":false,"AdvancedEventSelectors":`+activity+`}`, "InvalidParameterException")
}

// A store that was made for all accounts while its account could takes those of its own account now, says so, and can be changed.
func TestOrganizationStoreOfBefore(t *testing.T) {
	w := newWorld(t, func(o *awsapi.Options) { o.ManagementAccount = stranger })
	arn := member(t, w.op("@bob CreateEventDataStore", forAll), "EventDataStoreArn")
	var log bytes.Buffer
	now := awsapi.New(awsapi.Options{DB: w.db, Lake: w.lake, Ingest: w.lake, Keys: w.keys, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err := now.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), arn) || !strings.Contains(log.String(), "aws_api.management_account") {
		t.Errorf("the log says nothing of the store: %s", &log)
	}
	for account, want := range map[string]int{owner: 0, stranger: 1} {
		if got := now.StoresFor(&event.Record{Data: fmt.Appendf(nil, record, "Management", "Put", "false", region, account)}); len(got) != want {
			t.Errorf("a record of %s goes to %v", account, got)
		}
	}
	bob := awsapi.Caller{Account: stranger, Region: region, Principal: "arn:aws:iam::" + stranger + ":user/bob"}
	got, err := now.GetEventDataStore(t.Context(), bob, &awsapi.StoreInput{EventDataStore: arn})
	if err != nil || *got.OrganizationEnabled {
		t.Errorf("%+v, %v: it says it were for all accounts", got, err)
	}
	if _, err := now.UpdateEventDataStore(t.Context(), bob, &awsapi.UpdateEventDataStoreInput{EventDataStore: arn, Name: "renamed"}); err != nil {
		t.Error(err)
	}
}

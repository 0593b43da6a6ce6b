package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"kiroku/internal/api"
	"kiroku/internal/identity"
)

// call sends a request that must be answered with a status, and reads the answer into into.
func (s *service) call(status int, method, path, body string, into any) {
	s.t.Helper()
	a := s.do("admin", method, path, body)
	if a.status != status {
		s.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(a.body), into); err != nil {
			s.t.Fatal(err)
		}
	}
}

const activity = `"selectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["ActivityAuditLog"]}]}]`

func TestChannels(t *testing.T) {
	s := start(t, api.Limits{})
	if a := s.do("admin", "POST", "/api/v1/event-data-stores", `{"name":"audit"}`); a.status != 400 || !strings.Contains(a.body, "keys of 0 accounts") {
		t.Errorf("without an account: %d %s", a.status, a.body)
	}
	var key api.AccessKeyCreated
	s.call(201, "POST", "/api/v1/access-keys", `{"account":"111122223333","principal":"forwarder"}`, &key)
	if key.Principal != "arn:aws:iam::111122223333:user/forwarder" || len(key.SecretAccessKey) != 40 {
		t.Errorf("key %+v", key)
	}
	var st api.EventDataStore
	s.call(201, "POST", "/api/v1/event-data-stores", `{"name":"audit","retention_days":90,"tags":{"env":"prod"},`+activity+`}`, &st)
	if st.Arn != "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/"+st.ID || st.Category != "ActivityAuditLog" || st.RetentionDays != 90 || !st.TerminationProtection || st.MultiRegion ||
		st.Store != "eds_audit_"+st.ID[:8] || len(st.Selectors) != 1 || st.Status != "ENABLED" || !st.Deletes.IsZero() {
		t.Errorf("store %+v", st)
	}
	s.call(201, "POST", "/api/v1/event-data-stores?account=444455556666&region=eu-west-1", `{"name":"audit"}`, nil)
	for _, path := range []string{"audit", "other"} {
		if a := s.do("admin", "GET", "/api/v1/event-data-stores/"+path, ""); a.status != map[string]int{"audit": 409, "other": 404}[path] {
			t.Errorf("store %s: %d %s", path, a.status, a.body)
		}
	}
	s.call(200, "GET", "/api/v1/event-data-stores/audit?account=111122223333", "", &st)
	var c api.Channel
	s.call(201, "POST", "/api/v1/channels?account=111122223333", `{"name":"portal","source":"Custom","destinations":["audit"]}`, &c)
	if len(c.Destinations) != 1 || c.Destinations[0] != st.Arn || c.Deduplicate || !strings.HasSuffix(c.Arn, ":channel/"+c.ID) {
		t.Errorf("channel %+v", c)
	}
	s.call(200, "PATCH", "/api/v1/channels/"+c.ID, `{"name":"door","deduplicate":true,"destinations":["`+st.ID+`"]}`, &c)
	if c.Name != "door" || !c.Deduplicate {
		t.Errorf("changed channel %+v", c)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"cloudtrail-data:PutAuditEvents","Resource":"` + c.Arn + `"}]}`
	text, err := json.Marshal(map[string]string{"policy": policy})
	if err != nil {
		t.Fatal(err)
	}
	var p api.ChannelPolicy
	s.call(200, "PUT", "/api/v1/channels/door/policy", string(text), nil)
	s.call(200, "GET", "/api/v1/channels/door/policy", "", &p)
	if p.Policy != policy {
		t.Errorf("policy %s", p.Policy)
	}
	s.call(204, "DELETE", "/api/v1/channels/door/policy", "", nil)
	if a := s.do("admin", "DELETE", "/api/v1/event-data-stores/"+st.ID, ""); a.status != 409 || !strings.Contains(a.problem(t).Next, "protection") {
		t.Errorf("delete of a protected store: %d %s", a.status, a.body)
	}
	s.call(200, "PATCH", "/api/v1/event-data-stores/"+st.ID, `{"termination_protection":false}`, nil)
	s.call(204, "DELETE", "/api/v1/channels/door", "", nil)
	s.call(200, "DELETE", "/api/v1/event-data-stores/"+st.ID, "", &st)
	if st.Status != "PENDING_DELETION" || st.Deletes.Sub(st.Updated).Hours() != 7*24 {
		t.Errorf("deleted store %+v", st)
	}
	s.call(200, "POST", "/api/v1/event-data-stores/"+st.ID+"/restore", "", nil)
	for body, status := range map[string]int{`{"ingestion":false}`: 400, `{"retention_days":1}`: 400, `{}`: 400, `{"name":"a"}`: 400} {
		if a := s.do("admin", "PATCH", "/api/v1/event-data-stores/"+st.ID, body); a.status != status {
			t.Errorf("PATCH %s: %d %s", body, a.status, a.body)
		}
	}
	s.call(200, "PATCH", "/api/v1/event-data-stores/audit?account=444455556666", `{"ingestion":false}`, &st)
	if st.Status != "STOPPED_INGESTION" {
		t.Errorf("stopped store %+v", st)
	}
}

// A token that is limited to stores sees no others.
func TestEventDataStoresOfAToken(t *testing.T) {
	s := start(t, api.Limits{})
	var one, two api.EventDataStore
	s.call(201, "POST", "/api/v1/event-data-stores?account=111122223333", `{"name":"one"}`, &one)
	s.call(201, "POST", "/api/v1/event-data-stores?account=111122223333", `{"name":"two"}`, &two)
	limited := s.token(identity.TokenRequest{Name: "l", Role: identity.Analyst, Stores: []string{one.Store}})
	a := s.do(limited, "GET", "/api/v1/event-data-stores", "")
	if !strings.Contains(a.body, one.Arn) || strings.Contains(a.body, two.Arn) {
		t.Errorf("list: %s", a.body)
	}
	if a := s.do(limited, "GET", "/api/v1/event-data-stores/two", ""); a.status != 403 {
		t.Errorf("another store: %d", a.status)
	}
}

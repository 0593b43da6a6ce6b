package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kiroku/internal/api"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/forward"
	"kiroku/internal/forward/wire"
	"kiroku/internal/identity"
	"kiroku/internal/search"
)

// fakeEvents are two stores with one event each.
type fakeEvents struct{}

func (fakeEvents) Stores() []string                         { return []string{"default", "other"} }
func (fakeEvents) Changed() <-chan struct{}                 { return nil }
func (fakeEvents) Head(string) (first, last int64, _ error) { return 1, 1, nil }
func (fakeEvents) Ingested(context.Context, string, int64) (time.Time, error) {
	return time.Unix(1, 0), nil
}
func (fakeEvents) Since(context.Context, string, event.Column, time.Time) (int64, error) {
	return 0, nil
}
func (fakeEvents) Lost(context.Context, string, time.Time, time.Time) (int64, error) { return 0, nil }
func (fakeEvents) Removed(string) int64                                              { return 0 }
func (fakeEvents) Oldest(string) time.Time                                           { return time.Time{} }
func (fakeEvents) Gap(context.Context, string, int64, int64, time.Time) (forward.Gap, error) {
	return forward.Gap{}, nil
}

func (fakeEvents) Follower(r forward.Request) (forward.Follower, error) {
	q, err := search.Parse(r.Search)
	if err != nil {
		return nil, err
	}
	prog, err := search.Compile(q, search.NewFields())
	if err != nil {
		return nil, err
	}
	for _, c := range prog.Columns() {
		if slices.Contains(r.Denied, c) {
			return nil, fault.New(fault.Denied, errors.New("search in raw_data: you may not read it"), "Leave it out.")
		}
	}
	return fakeFollower{}, nil
}

type fakeFollower struct{}

func (fakeFollower) Next(_ context.Context, after int64, take func(*event.Event) bool) (forward.Progress, error) {
	if after > 0 {
		return forward.Progress{Next: after}, nil
	}
	var e event.Event
	e.Int(event.ColSeq, "", 1)
	e.Int(event.ColTime, "", 1)
	e.Str(event.ColEventUID, "", "u1")
	take(&e)
	return forward.Progress{Next: 1, Events: 1}, nil
}

func (fakeFollower) Back(context.Context, int64, int) (int64, error) { return 0, nil }

const createSOC = `{"name":"soc","destinations":[{"to":"relp://192.0.2.7:2514","format":"cef"}]}`

func answered[T any](t *testing.T, a answer, status int) (v T) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %.300s", a.status, status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v: %.300s", err, a.body)
	}
	return v
}

func TestSIEMAgents(t *testing.T) {
	s := start(t, api.Limits{})
	made := answered[api.SIEMAgentCreated](t, s.do("admin", "POST", "/api/v1/siem-agents", createSOC), 201)
	if len(made.Token) < 64 || made.ID == "" {
		t.Errorf("made %+v", made)
	}
	list := answered[api.SIEMAgentList](t, s.do("analyst", "GET", "/api/v1/siem-agents", ""), 200)
	if len(list.Agents) != 1 || list.Agents[0].State != wire.Created || list.Agents[0].CreatedBy != "token:first start" || list.Agents[0].Start.Before(time.Now().Add(-49*time.Hour)) {
		t.Errorf("listed %+v", list.Agents)
	}
	if body := s.do("analyst", "GET", "/api/v1/siem-agents/soc", "").body; strings.Contains(body, made.Token) || !strings.Contains(body, `"confirm":"relp"`) {
		t.Errorf("shown: %s", body)
	}

	// The protocol is answered on the same address.
	hello := func(token string) answer {
		return s.do("", "POST", wire.PathHello, `{"version":"1","host":"h"}`, "Authorization", "Token "+token)
	}
	if a := hello(made.Token); a.status != 200 || !strings.Contains(a.body, `"session"`) {
		t.Errorf("hello: %d %s", a.status, a.body)
	}
	if a := hello(s.tokens["admin"]); a.status != http.StatusUnauthorized || !strings.Contains(a.body, string(wire.ReasonMalformed)) {
		t.Errorf("an API token: %d %s", a.status, a.body)
	}
	if a := s.do(made.Token, "GET", "/api/v1/siem-agents", ""); a.status != http.StatusUnauthorized {
		t.Errorf("an agent's token at the API: %d", a.status)
	}

	changed := answered[api.SIEMAgent](t, s.do("admin", "PATCH", "/api/v1/siem-agents/"+made.ID, `{"name":"soc2","filter":"user:alice","types":["alerts"],"stores":["other"]}`), 200)
	if changed.Name != "soc2" || changed.Filter != "user:alice" || len(changed.Types) != 1 || !slices.Equal(changed.Stores, []string{"other"}) || len(changed.Destinations) != 1 {
		t.Errorf("changed to %+v", changed)
	}
	if second := answered[api.SIEMAgentCreated](t, s.do("admin", "POST", "/api/v1/siem-agents/soc2/token", `{"overlap_seconds":0}`), 201); hello(second.Token).status != 200 || hello(made.Token).status != 401 {
		t.Error("after a rotation without overlap the new token must work and the old one not")
	}
	r := answered[api.SIEMAgentCreated](t, s.do("admin", "POST", "/api/v1/siem-agents/soc2/recover", `{"from":"2026-01-01","to":"2026-01-02"}`), 201)
	if r.Note == "" || r.Token == "" {
		t.Errorf("recovery %+v", r)
	}
	for _, path := range []string{"/pause", "/resume"} {
		if a := s.do("admin", "POST", "/api/v1/siem-agents/soc2"+path, ""); a.status != 204 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	answered[api.SIEMNotificationList](t, s.do("analyst", "GET", "/api/v1/siem-agents/soc2/notifications?history=true", ""), 200)
	answered[api.SIEMDeadLetterList](t, s.do("analyst", "GET", "/api/v1/siem-agents/soc2/dead-letters", ""), 200)
	if n := answered[api.SIEMReplayed](t, s.do("admin", "POST", "/api/v1/siem-agents/soc2/dead-letters/replay", `{}`), 200); n.Replaying != 0 {
		t.Errorf("replaying %d", n.Replaying)
	}
	if a := s.do("admin", "DELETE", "/api/v1/siem-agents/soc2/tokens", ""); a.status != 204 {
		t.Errorf("revoke: %d", a.status)
	}
	if a := s.do("admin", "DELETE", "/api/v1/siem-agents/soc2", ""); a.status != 204 || hello(made.Token).status != http.StatusGone {
		t.Errorf("delete: %d", a.status)
	}
}

func TestSIEMAgentsRefused(t *testing.T) {
	s := start(t, api.Limits{})
	answered[api.SIEMAgentCreated](t, s.do("admin", "POST", "/api/v1/siem-agents", createSOC), 201)
	limited := s.token(identity.TokenRequest{Name: "l", Role: identity.Admin, Stores: []string{"other"}})
	for _, c := range []struct {
		as, method, path, body string
		status                 int
		text                   string
	}{
		{"admin", "POST", "", createSOC, 409, "taken"},
		{"admin", "POST", "", `{"name":"x","destinations":[]}`, 400, "destination"},
		{"admin", "POST", "", `{"name":"x","destinations":[{"to":"tcp://192.0.2.7:514","format":"cef","confrim":"none"}]}`, 400, "confrim"},
		{"admin", "POST", "", strings.Replace(createSOC, `"soc"`, `"x","filter":"user:\"alice"`, 1), 400, `"from":5`},
		{"admin", "POST", "", strings.Replace(createSOC, `"soc"`, `"x","start":"yesterday-ish"`, 1), 400, "yesterday-ish"},
		{"admin", "POST", "", strings.Replace(createSOC, `"soc"`, `"x","types":["logs"]`, 1), 400, "logs"},
		{limited, "POST", "", strings.Replace(createSOC, `"soc"`, `"x","stores":["default"]`, 1), 403, "limited"},
		{limited, "GET", "/soc", "", 404, "none"},
		{limited, "DELETE", "/soc", "", 404, "none"},
		{"analyst", "POST", "", createSOC, 403, "manage"},
		{"analyst", "DELETE", "/soc", "", 403, "manage"},
		{"analyst", "POST", "/preview", `{"filter":"raw_data:x"}`, 403, ""},
		{"admin", "GET", "/none", "", 404, "none"},
		{"admin", "POST", "/soc/token", `{"overlap_seconds":-1}`, 400, "overlap"},
		{"admin", "POST", "/soc/recover", `{"from":"2026-01-02","to":"2026-01-01"}`, 400, "empty"},
		{"admin", "POST", "/soc/dead-letters/replay", `{"ids":[7]}`, 404, "7"},
		{"admin", "DELETE", "/soc/dead-letters/7", "", 404, "7"},
		{"admin", "GET", "/soc/notifications?limit=5000", "", 400, "limit"},
	} {
		if a := s.do(c.as, c.method, "/api/v1/siem-agents"+c.path, c.body); a.status != c.status || !strings.Contains(a.body, c.text) {
			t.Errorf("%s %s %s: %d %s; want %d with %q", c.method, c.path, c.body, a.status, a.body, c.status, c.text)
		} else {
			a.problem(t)
		}
	}
	// Who is limited to a store makes agents for that store.
	answered[api.SIEMAgentCreated](t, s.do(limited, "POST", "/api/v1/siem-agents", strings.Replace(createSOC, "soc", "mine", 1)), 201)
	if list := answered[api.SIEMAgentList](t, s.do(limited, "GET", "/api/v1/siem-agents", ""), 200); len(list.Agents) != 1 || !slices.Equal(list.Agents[0].Stores, []string{"other"}) {
		t.Errorf("listed %+v", list.Agents)
	}
}

func TestSIEMPreview(t *testing.T) {
	s := start(t, api.Limits{})
	p := answered[api.SIEMPreview](t, s.do("analyst", "POST", "/api/v1/siem-agents/preview", `{"filter":"a OR b","types":["activities"],"destination":{"to":"stdout:","format":"cef"}}`), 200)
	if p.Count != 42 || len(p.Rows) != 1 || len(p.Lines) != 2 || !strings.Contains(p.Lines[0], "externalId=u1") || strings.Contains(string(p.Rows[0]), "secret") {
		t.Errorf("preview %d, %s, %q", p.Count, p.Rows, p.Lines)
	}
	if s.req.Search != "(a OR b) AND NOT category_uid:2" {
		t.Errorf("searched %q", s.req.Search)
	}
	if _, err := search.Parse(s.req.Search); err != nil {
		t.Error(err)
	}
}

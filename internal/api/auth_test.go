package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"kiroku/internal/api"
	"kiroku/internal/event"
	"kiroku/internal/identity"
	"kiroku/internal/query"
)

// matrix says for every route what each caller gets: none, ingest, analyst, analyst+raw, admin.
var callers = []string{"none", "ingest", "analyst", "analyst+raw", "admin"}

var matrix = []struct {
	method, path, body string
	want               string // status for each caller; one for all
}{
	{"POST", "/api/v1/search", `{}`, "401 403 200 200 200"},
	{"POST", "/api/v1/count", `{}`, "401 403 200 200 200"},
	{"POST", "/api/v1/histogram", `{}`, "401 403 200 200 200"},
	{"POST", "/api/v1/facets", `{"fields":["src_ip"]}`, "401 403 200 200 200"},
	{"POST", "/api/v1/facets", `{"fields":["raw_data"]}`, "401 403 403 200 200"},
	{"POST", "/api/v1/facets", `{"fields":["raw"]}`, "401 403 403 200 200"},
	{"POST", "/api/v1/facets", `{"fields":["src_ip","@RAW_DATA"]}`, "401 403 403 200 200"},
	{"POST", "/api/v1/histogram", `{"by":"raw_data"}`, "401 403 403 200 200"},
	{"POST", "/api/v1/histogram", `{"by":"raw_encoding"}`, "401 403 403 200 200"},
	{"GET", "/api/v1/fields", "", "401 403 200 200 200"},
	{"GET", "/api/v1/export", "", "401 403 200 200 200"},
	{"POST", "/api/v1/export", `{}`, "401 403 200 200 200"},
	{"POST", "/api/v1/export", `{"columns":["raw_data"]}`, "401 403 403 200 200"},
	{"GET", "/api/v1/tail", "", "401 403 200 200 200"},
	{"POST", "/api/v1/sql", `{"sql":"SELECT 1"}`, "401 403 202 202 202"},
	{"GET", "/api/v1/sql", "", "401 403 200 200 200"},
	{"POST", "/api/v1/sql/run", `{"sql":"SELECT 1"}`, "401 403 200 200 200"},
	{"GET", "/api/v1/sql/j1", "", "401 403 404 404 200"}, // the administrator's
	{"GET", "/api/v1/sql/j1/rows", "", "401 403 404 404 200"},
	{"DELETE", "/api/v1/sql/j1", "", "401 403 404 404 204"},
	{"GET", "/api/v1/stores", "", "401 403 200 200 200"},
	{"POST", "/api/v1/stores", `{"name":"new"}`, "401 403 403 403 201"},
	{"PATCH", "/api/v1/stores/vpn", `{"retention_days":1}`, "401 403 403 403 200"},
	{"DELETE", "/api/v1/stores/vpn", "", "401 403 403 403 204"},
	{"GET", "/api/v1/priorities", "", "401 403 200 200 200"},
	{"GET", "/api/v1/cloudtrail/digests", "", "401 403 200 200 200"},
	{"POST", "/api/v1/cloudtrail/digests/verify", `{}`, "401 403 403 403 202"},
	{"PUT", "/api/v1/priorities", `{"source":"cloudtrail","service":"ec2","priority":"low"}`, "401 403 403 403 200"},
	{"GET", "/api/v1/inputs", "", "401 403 200 200 200"},
	{"GET", "/api/v1/status", "", "401 403 200 200 200"},
	{"POST", "/api/v1/fsck", `{}`, "401 403 403 403 200"},
	{"POST", "/api/v1/parse", "line", "401 403 200 200 200"},
	{"POST", "/api/v1/ingest", "line", "401 200 403 403 200"},
	{"GET", "/api/v1/ingest/checkpoint?key=k", "", "401 200 403 403 200"},
	{"POST", "/api/v1/login", `{"user":"x","password":"y"}`, "401 401 401 401 401"},
	{"POST", "/api/v1/logout", "", "401 400 400 400 400"},
	{"POST", "/api/v1/password", `{"old":"a","new":"b"}`, "401 403 403 403 403"},
	{"GET", "/api/v1/me", "", "401 200 200 200 200"},
	{"GET", "/api/v1/users", "", "401 403 403 403 200"},
	{"POST", "/api/v1/users", `{"name":"u","role":"analyst"}`, "401 403 403 403 201"},
	{"DELETE", "/api/v1/users/u", "", "401 403 403 403 204"},
	{"GET", "/api/v1/tokens", "", "401 403 403 403 200"},
	{"POST", "/api/v1/tokens", `{"name":"t","role":"ingest"}`, "401 403 403 403 201"},
	{"DELETE", "/api/v1/tokens/none", "", "401 403 403 403 404"},
	{"GET", "/api/v1/access-keys", "", "401 403 403 403 200"},
	{"POST", "/api/v1/access-keys", `{"account":"111122223333","principal":"forwarder"}`, "401 403 403 403 201"},
	{"DELETE", "/api/v1/access-keys/none", "", "401 403 403 403 404"},
	{"GET", "/api/v1/event-data-stores", "", "401 403 200 200 200"},
	{"POST", "/api/v1/event-data-stores", `{"name":"audit","termination_protection":false,"selectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["ActivityAuditLog"]}]}]}`, "401 403 403 403 201"},
	{"GET", "/api/v1/event-data-stores/audit", "", "401 403 200 200 200"},
	{"PATCH", "/api/v1/event-data-stores/audit", `{"retention_days":30}`, "401 403 403 403 200"},
	{"GET", "/api/v1/channels", "", "401 403 200 200 200"},
	{"POST", "/api/v1/channels", `{"name":"portal","source":"Custom","destinations":["audit"]}`, "401 403 403 403 201"},
	{"GET", "/api/v1/channels/portal", "", "401 403 200 200 200"},
	{"PATCH", "/api/v1/channels/portal", `{"deduplicate":true}`, "401 403 403 403 200"},
	{"GET", "/api/v1/channels/portal/policy", "", "401 403 404 404 404"},
	{"PUT", "/api/v1/channels/portal/policy", `{"policy":"{}"}`, "401 403 403 403 400"},
	{"DELETE", "/api/v1/channels/portal/policy", "", "401 403 403 403 404"},
	{"GET", "/api/v1/channels/portal/rejected", "", "401 403 403 403 200"},
	{"POST", "/api/v1/channels/portal/rejected/replay", `{}`, "401 403 403 403 200"},
	{"DELETE", "/api/v1/channels/portal/rejected/x", "", "401 403 403 403 404"},
	{"DELETE", "/api/v1/channels/portal", "", "401 403 403 403 204"},
	{"DELETE", "/api/v1/event-data-stores/audit", "", "401 403 403 403 200"},
	{"POST", "/api/v1/event-data-stores/audit/restore", "", "401 403 403 403 200"},
	{"POST", "/api/v1/siem-agents", createSOC, "401 403 403 403 201"},
	{"GET", "/api/v1/siem-agents", "", "401 403 200 200 200"},
	{"POST", "/api/v1/siem-agents/preview", `{}`, "401 403 200 200 200"},
	{"POST", "/api/v1/siem-agents/preview", `{"filter":"raw_data:x"}`, "401 403 403 200 200"},
	{"POST", "/api/v1/siem-agents/preview", `{"destination":{"to":"stdout:","format":"json","raw":true}}`, "401 403 403 200 200"},
	{"GET", "/api/v1/siem-agents/soc", "", "401 403 200 200 200"},
	{"PATCH", "/api/v1/siem-agents/soc", `{"filter":"x"}`, "401 403 403 403 200"},
	{"POST", "/api/v1/siem-agents/soc/token", `{}`, "401 403 403 403 201"},
	{"DELETE", "/api/v1/siem-agents/soc/tokens", "", "401 403 403 403 204"},
	{"POST", "/api/v1/siem-agents/soc/pause", "", "401 403 403 403 204"},
	{"POST", "/api/v1/siem-agents/soc/resume", "", "401 403 403 403 204"},
	{"POST", "/api/v1/siem-agents/soc/recover", `{"from":"2026-01-01","to":"2026-01-02"}`, "401 403 403 403 201"},
	{"GET", "/api/v1/siem-agents/soc/notifications", "", "401 403 200 200 200"},
	{"GET", "/api/v1/siem-agents/soc/dead-letters", "", "401 403 200 200 200"},
	{"POST", "/api/v1/siem-agents/soc/dead-letters/replay", `{}`, "401 403 403 403 200"},
	{"DELETE", "/api/v1/siem-agents/soc/dead-letters/7", "", "401 403 403 403 404"},
	{"DELETE", "/api/v1/siem-agents/soc", "", "401 403 403 403 204"},
	{"POST", "/", "", "403 400 400 400 400"}, // the AWS endpoints take signatures, no tokens
	{"GET", "/api/v1/openapi.yaml", "", "200 200 200 200 200"},
	{"GET", "/api/v1/profile?seconds=1", "", "401 403 403 403 200"},
	{"GET", "/healthz", "", "200 200 200 200 200"},
	{"GET", "/readyz", "", "200 200 200 200 200"},
	{"GET", "/metrics", "", "401 403 200 200 200"},
	{"GET", "/", "", "200 200 200 200 200"},
}

func TestAccess(t *testing.T) {
	s := start(t, api.Limits{})
	for _, m := range matrix {
		want := strings.Fields(m.want)
		for i, who := range callers {
			a := s.do(who, m.method, m.path, m.body)
			if http.StatusText(a.status) == "" || want[i] != itoa(a.status) {
				t.Errorf("%s %s %s as %s: %d, want %s: %.300s", m.method, m.path, m.body, who, a.status, want[i], a.body)
			}
			if a.status >= 400 && m.path != "/" {
				if p := a.problem(t); p.Next == "" {
					t.Errorf("%s %s as %s: the problem says not what to do: %+v", m.method, m.path, who, p)
				}
			}
			if a.status == 401 && a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s as %s: 401 without WWW-Authenticate", m.method, m.path, who)
			}
		}
	}
}

// Every route is in the matrix: a new one without a line here fails.
func TestMatrixIsComplete(t *testing.T) {
	known := map[string]bool{}
	for _, m := range matrix {
		path, _, _ := strings.Cut(m.path, "?")
		known[m.method+" "+path] = true
	}
	for _, pattern := range api.Patterns() {
		p := strings.NewReplacer("sql/{id}", "sql/j1", "tokens/{id}", "tokens/none", "stores/{name}", "stores/vpn", "users/{name}", "users/u",
			"access-keys/{id}", "access-keys/none", "event-data-stores/{id}", "event-data-stores/audit", "channels/{id}", "channels/portal", "{event}", "x", "siem-agents/{id}", "siem-agents/soc", "{letter}", "7").Replace(pattern)
		if !known[p] {
			t.Errorf("%s is not in the matrix", pattern)
		}
	}
}

func TestTokenForms(t *testing.T) {
	s := start(t, api.Limits{})
	good := s.tokens["admin"]
	for _, h := range []string{"", "Bearer", "Bearer ", "Basic " + good, good, "Bearer " + good + "x", "Bearer kiro_x_y"} {
		a := s.do("none", "GET", "/api/v1/me", "", "Authorization", h)
		if a.status != 401 {
			t.Errorf("Authorization %q: %d", h, a.status)
		}
		if p := a.problem(t); strings.Contains(a.body, good) || p.Next == "" {
			t.Errorf("Authorization %q: %s", h, a.body)
		}
	}
	if a := s.do("none", "GET", "/api/v1/me", "", "Authorization", "bearer "+good); a.status != 200 {
		t.Errorf("the scheme is not case-sensitive (RFC 9110): %d", a.status)
	}
	if a := s.do("none", "GET", "/api/v1/me?token="+good+"&access_token="+good, ""); a.status != 401 {
		t.Errorf("a token in the address: %d", a.status)
	}
}

func TestRawData(t *testing.T) {
	s := start(t, api.Limits{})
	for who, sees := range map[string]bool{"analyst": false, "analyst+raw": true, "admin": true} {
		for _, c := range [][3]string{{"POST", "/api/v1/search", `{}`}, {"GET", "/api/v1/tail", ""}, {"GET", "/api/v1/fields", ""}} {
			a := s.do(who, c[0], c[1], c[2])
			if strings.Contains(a.body, "secret") != sees {
				t.Errorf("%s as %s: %s", c[1], who, a.body)
			}
			if c[1] != "/api/v1/fields" && (!strings.Contains(a.body, `"unmapped":{"raw_data":"kept"}`) || !strings.Contains(a.body, `a \u003c b`)) {
				t.Errorf("%s as %s: other members changed: %s", c[1], who, a.body)
			}
		}
		a := s.do(who, "POST", "/api/v1/search", `{"columns":["time","raw_data"]}`)
		if (a.status == 200) != sees {
			t.Errorf("column raw_data as %s: %d", who, a.status)
		}
		s.do(who, "POST", "/api/v1/export", `{}`)
		for _, c := range s.req.Columns {
			if c == event.ColRawData || c == event.ColRawEncoding {
				t.Errorf("export as %s asks for %s", who, c)
			}
		}
		if sees != (s.req.Columns == nil) {
			t.Errorf("export as %s asks for %d columns", who, len(s.req.Columns))
		}
	}
}

// Every question says which columns its caller may not read, so that neither a search nor SQL tells what stands in them.
func TestHiddenColumns(t *testing.T) {
	s := start(t, api.Limits{})
	hidden := []event.Column{event.ColRawData, event.ColRawEncoding}
	for who, want := range map[string][]event.Column{"analyst": hidden, "analyst+raw": nil, "admin": nil} {
		for _, c := range [][3]string{
			{"POST", "/api/v1/search", `{}`}, {"POST", "/api/v1/count", `{}`}, {"POST", "/api/v1/histogram", `{}`},
			{"POST", "/api/v1/facets", `{"fields":["src_ip"]}`}, {"GET", "/api/v1/fields", ""}, {"GET", "/api/v1/tail", ""},
			{"POST", "/api/v1/export", `{}`}, {"GET", "/api/v1/export", ""},
		} {
			s.req = query.Request{Denied: []event.Column{event.ColTime}}
			s.do(who, c[0], c[1], c[2])
			if !slices.Equal(s.req.Denied, want) {
				t.Errorf("%s %s as %s: denied %v, want %v", c[0], c[1], who, s.req.Denied, want)
			}
		}
		for _, path := range []string{"/api/v1/sql", "/api/v1/sql/run"} {
			s.sql = query.SQLRequest{Hide: []event.Column{event.ColTime}}
			s.do(who, "POST", path, `{"sql":"SELECT 1"}`)
			if !slices.Equal(s.sql.Hide, want) {
				t.Errorf("%s as %s: hides %v, want %v", path, who, s.sql.Hide, want)
			}
		}
	}
}

func TestStoreLimits(t *testing.T) {
	s := start(t, api.Limits{})
	vpn := s.token(identity.TokenRequest{Name: "v", Role: identity.Admin, Stores: []string{"vpn"}})
	if a := s.do(vpn, "POST", "/api/v1/search", `{}`); a.status != 200 || len(s.req.Stores) != 1 || s.req.Stores[0] != "vpn" {
		t.Errorf("search in all stores: %d, %v", a.status, s.req.Stores)
	}
	for _, c := range [][3]string{
		{"POST", "/api/v1/search", `{"stores":["vpn","default"]}`},
		{"POST", "/api/v1/sql/run", `{"sql":"SELECT 1","stores":["default"]}`},
		{"GET", "/api/v1/tail?stores=default", ""},
		{"GET", "/api/v1/export?stores=default", ""},
		{"POST", "/api/v1/ingest?store=default", "line"},
	} {
		if a := s.do(vpn, c[0], c[1], c[2]); a.status != 403 || !strings.Contains(a.problem(t).Detail, `"default"`) {
			t.Errorf("%s %s %s: %d", c[0], c[1], c[2], a.status)
		}
	}
	if a := s.do(vpn, "POST", "/api/v1/ingest", "line"); a.status != 200 || s.batches[0].Records[0].Origin.Store != "vpn" {
		t.Errorf("ingest without store: %d, %+v", a.status, s.batches)
	}
	if a := s.do(vpn, "GET", "/metrics", ""); a.status != 403 || !strings.Contains(a.problem(t).Detail, "limited") {
		t.Errorf("metrics: %d %s", a.status, a.body)
	}
	for _, path := range []string{"/api/v1/stores", "/api/v1/status"} {
		if a := s.do(vpn, "GET", path, ""); strings.Contains(a.body, `"default"`) || !strings.Contains(a.body, `"vpn"`) {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	a := s.do("admin", "POST", "/api/v1/tokens", `{"name":"x","role":"analyst","stores":["vnp"]}`)
	if p := a.problem(t); a.status != 400 || !strings.Contains(p.Detail, `"vnp"`) {
		t.Errorf("a misspelt store: %+v", p)
	}
}

func TestLogin(t *testing.T) {
	s := start(t, api.Limits{})
	login := func(password string) answer {
		return s.do("none", "POST", "/api/v1/login", `{"user":"admin","password":"`+password+`"}`)
	}
	a := login(s.password)
	if a.status != 200 || !strings.Contains(a.body, `"must_change_password":true`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	session := decode[api.Session](t, a.body).Token
	if a := s.do(session, "GET", "/api/v1/status", ""); a.status != 403 || !strings.Contains(a.problem(t).Next, "/api/v1/password") {
		t.Errorf("before the password was changed: %d %s", a.status, a.body)
	}
	const password = "four random words here"
	if a := s.do(session, "POST", "/api/v1/password", `{"old":"`+s.password+`","new":"`+password+`"}`); a.status != 204 {
		t.Fatalf("change password: %d %s", a.status, a.body)
	}
	if a := s.do(session, "GET", "/api/v1/status", ""); a.status != 200 {
		t.Errorf("after the password was changed: %d", a.status)
	}
	if a := s.do(session, "POST", "/api/v1/logout", ""); a.status != 204 {
		t.Errorf("log out: %d", a.status)
	}
	if a := s.do(session, "GET", "/api/v1/me", ""); a.status != 401 {
		t.Errorf("after the log out: %d", a.status)
	}
	for range 5 {
		if a := login("wrong"); a.status != 401 {
			t.Errorf("a wrong password: %d", a.status)
		}
	}
	if a := login(password); a.status != 429 || a.header.Get("Retry-After") == "" || a.problem(t).Next == "" {
		t.Errorf("after five wrong passwords: %d %v", a.status, a.header)
	}
	if strings.Contains(s.log.String(), password) || strings.Contains(s.log.String(), session) {
		t.Error("a secret is in the log")
	}
}

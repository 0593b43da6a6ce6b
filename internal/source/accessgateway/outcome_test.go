package accessgateway_test

import (
	"strconv"
	"strings"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/source/accessgateway"
)

const node = "2024-03-05T10:15:30.123+09:00 oag01.example.com "

// TestOutcomes has a line for every row of the mapping table and what the table says of it.
func TestOutcomes(t *testing.T) {
	type want struct {
		class, activity, severity, status int64
		outcome                           string
		columns                           string // "column=value" parted by |
	}
	f := func(line string, w want) {
		t.Helper()
		e := mapped(t, node+line)
		got := want{
			e.GetInt(event.ColClassUID), e.GetInt(event.ColActivityID), e.GetInt(event.ColSeverityID), e.GetInt(event.ColStatusID),
			e.GetStr(event.ColOutcome), w.columns,
		}
		if got != w {
			t.Errorf("%s\n got %+v\nwant %+v", line, got, w)
		}
		if e.GetInt(event.ColTypeUID) != w.class*100+w.activity {
			t.Errorf("%s\ntype_uid %d", line, e.GetInt(event.ColTypeUID))
		}
		if (w.activity == 99) != e.Has(event.ColActivityName) {
			t.Errorf("%s\nactivity %d is named %q", line, w.activity, e.GetStr(event.ColActivityName))
		}
		for c := range strings.SplitSeq(w.columns, "|") {
			name, value, ok := strings.Cut(c, "=")
			if ok && column(t, e, name) != value {
				t.Errorf("%s\n%s is %q, want %q", line, name, column(t, e, name), value)
			}
		}
	}
	const console, gate = "ACCESS_GATEWAY WEB_CONSOLE ", "ACCESS_GATEWAY ACCESS "

	f(console+`AUTHN LOCAL INFO USER_LOGIN [SUBJECT="a@example.com" TYPE="LOCAL" RESULT="PASS" REASON="VALID_CREDENTIALS"] m`,
		want{3002, 1, 1, 1, "success", "user_name=a@example.com|actor_user_email=a@example.com|app_name=OAG Admin UI console|auth_protocol=LOCAL|status_code=VALID_CREDENTIALS|status_detail=m"})
	f(console+`AUTHN LOCAL INFO USER_LOGIN [SUBJECT="a" RESULT="FAIL" REASON="INVALID_CREDENTIALS"] m`, want{3002, 1, 2, 2, "failure", "actor_user_name=a"})
	f(gate+`AUTHN SAML INFO USER_AUTHN [SESSION_ID="s" SESSION_AUTH="t" SUBJECT="a" SOURCE="idp" SOURCE_DOMAIN="idp.example.com" APP="App" APP_DOMAIN="app.example.com" RESULT="PASS" REASON="Valid SAML Assertion"] m`,
		want{3002, 1, 1, 1, "success", "actor_idp_name=idp|actor_idp_domain=idp.example.com|app_name=App|dst_host=app.example.com|actor_session_uid=s|actor_session_uid_alt=t"})
	f(gate+`AUTHN SAML ERROR USER_AUTHN [TRACKER_ID="x" RESULT="FAIL" REASON="Invalid SAML Assertion"] m`, want{3002, 1, 3, 2, "failure", "correlation_uid=x|user_name=unknown"})
	f(gate+`AUTHN SAML WARN USER_AUTHN [RESULT="FAIL" REASON="INVALID_RELAYSTATE"] m`, want{3002, 1, 3, 2, "failure", "status_code=INVALID_RELAYSTATE"})
	f(gate+`AUTHZ SESSION INFO USER_SESSION [RESULT="DENY" REASON="NOT_EXIST"] m`, want{3002, 99, 1, 2, "denied", "activity_name=Session Check"})
	f(gate+`AUTHZ SESSION INFO USER_SESSION [RESULT="ALLOW" REASON="VALID_AUTHCOOKIE"] m`, want{3002, 99, 1, 1, "success", "activity_name=App Session Create"})
	f(gate+`AUTHZ SESSION WARN USER_SESSION [RESULT="DENY" REASON="SESSION_INTEGRITY_REMOTEIP_MISMATCH"] m`, want{3002, 99, 4, 2, "denied", ""})
	f(gate+`AUTHN SESSION INFO USER_LOGOUT [SUBJECT="a" RESULT="PASS" REASON="VALID_SESSION"] m`, want{3002, 2, 1, 1, "success", ""})
	f(`ADMIN_CONSOLE PASSWORD_RESET ADMIN_CONSOLE ERROR PASSWORD_RESET [USER="oag-mgmt" USERNAME="u"] Incorrect password entered`,
		want{3002, 1, 3, 2, "failure", "user_name=u|app_name=OAG Management console"})
	f(`ADMIN_CONSOLE PASSWORD_RESET ADMIN_CONSOLE INFO PASSWORD_RESET [USER="u"] Password reset`, want{3001, 4, 2, 1, "success", "user_name=u"})
	f(`ADMIN_CONSOLE PASSWORD_RESET ADMIN_CONSOLE ERROR PASSWORD_RESET [USER="u"] Password reset failed. Password did not meet minimum requirement`, want{3001, 4, 3, 2, "failure", ""})
	f(`SCRIPT INFO DEFAULT_PASSWORD_CHECK [USER="spgw"] Default admin password being used.`, want{3002, 99, 4, 1, "success", "status_code=DEFAULT_PASSWORD_IN_USE"})
	f(`SCRIPT INFO DEFAULT_PASSWORD_CHECK [USER="spgw"] Default admin password not detected.`, want{3002, 99, 1, 1, "success", "status_code=DEFAULT_PASSWORD_NOT_DETECTED"})
	f(console+`Admin password updated successfully.`, want{3001, 3, 2, 1, "success", "user_name=admin"})
	for method, activity := range map[string]int64{"GET": 2, "HEAD": 2, "OPTIONS": 2, "POST": 1, "PUT": 3, "PATCH": 3, "DELETE": 4, "LOCK": 99} {
		f(gate+`AUTHZ POLICY INFO USER_AUTHZ [RESOURCE="/a" METHOD="`+method+`" RESULT="ALLOW"] m`, want{6001, activity, 1, 1, "success", "http_method=" + method})
	}
	f(gate+`AUTHZ POLICY INFO USER_AUTHZ [SUBJECT="a" RESOURCE="/a" METHOD="GET" POLICY="p" POLICY_TYPE="PROTECTED" APP="App" APP_TYPE="T" APP_DOMAIN="app.example.com" RESULT="DENY" REASON="Groups=(x) - SESSIONID=s Groups=A:B: RemoteIP=192.0.2.5 "] m`,
		want{6001, 2, 2, 2, "denied", "policy_name=p|policy_type=PROTECTED|policy_desc=Groups=(x)|http_url=app.example.com/a|src_ip=192.0.2.5|actor_app_name=App|actor_session_uid=s|action_id=2|disposition_id=2"})
	f(gate+`AUTHZ POLICY INFO USER_AUTHZ [METHOD="GET" APP_TYPE="ADMINUI_APP" RESULT="DENY"] m`, want{6001, 2, 3, 2, "denied", ""})
	f(gate+`AUTHZ POLICY INFO USER_AUTHZ [RESOURCE="/api/v1/setting/loglevel" METHOD="PUT" RESULT="ALLOW"] m`, want{6001, 3, 3, 1, "success", "labels=oag.log_verbosity_request"})
	f(`application_template_service Local log level set to 'fatal'`, want{1008, 99, 3, 1, "success", "status_detail=fatal|log_name=ics_all.log|log_provider=Okta Access Gateway|activity_name=Verbosity Change"})
	f(`application_template_service Acquiring lock`, want{1008, 99, 1, 1, "success", ""})
	f(`OAG syslog-ng: Access-Gateway SYSLOG-NG restart`, want{1008, 8, 2, 0, "", "log_provider=syslog-ng"})
	f(`OAG syslog-ng: Access-Gateway SYSLOG-NG restart completed`, want{1008, 8, 1, 1, "success", "log_provider=syslog-ng"})
	for reason, w := range map[string]want{
		"CREATE": {3004, 1, 2, 1, "success", ""}, "UPDATE": {3004, 3, 2, 1, "success", ""}, "DELETE": {3004, 4, 3, 1, "success", ""},
		"ENABLE": {3004, 8, 2, 1, "success", ""}, "ACTIVATE": {3004, 8, 2, 1, "success", ""}, "DISABLE": {3004, 9, 3, 1, "success", ""},
		"DEACTIVATE": {3004, 9, 3, 1, "success", ""},
	} {
		w.columns = "entity_name=n|entity_uid=g|entity_type=Application|status_code=" + reason
		f(console+`APP - INFO SYSTEM_APP_EVENT [GUID="g" NAME="n" REASON="`+reason+`"] m`, w)
	}
	f(console+`KRB5 - INFO SYSTEM_KRB5_EVENT [REALM="r" REASON="DELETE"] m`, want{3004, 4, 3, 1, "success", "entity_name=r|entity_type=Kerberos Realm"})
	f(console+`TRUSTED_DOMAINS - INFO SYSTEM_TD_EVENT [ SOURCE="APP" ACTION="CREATE" ] source_app_guid: "g", source_app_name="n"`, want{3004, 1, 2, 1, "success", "entity_uid=g|entity_name=n|entity_type=Trusted Domain"})
	f(console+`TRUSTED_DOMAINS WARN SYSTEM_TD_EVENT [SOURCE="APP" ACTION="SYNC"] m`, want{3004, 99, 4, 2, "failure", "activity_name=SYNC"})
	f(console+`IDP LOCAL INFO SYSTEM_IDP_STATUS [NAME="n" DOMAIN="d" RESULT="PASS" REASON="VALID"] m`, want{6003, 2, 1, 1, "success", "api_operation=idp.status.check|api_service=n|dst_host=d|src_host=oag01.example.com"})
	f(console+`IDP LOCAL INFO SYSTEM_IDP_STATUS [RESULT="FAIL" REASON="INVALID_NETWORK_CONN"] Failure validating security token with IDP: x.`, want{6003, 2, 4, 2, "failure", "status_code=INVALID_TOKEN"})
	f(`CHECK_HOST HOST_IP_CHECK INFO HOST [USER="admin" app.example.com] Host app.example.com not found`, want{4001, 4, 2, 2, "failure", "dst_host=app.example.com"})
	f(`CHECK_HOST checkConnection.sh INFO 192.0.2.1 7001 [USER="admin"] Ncat: Connection refused.`, want{4001, 5, 2, 2, "failure", "dst_ip=192.0.2.1|dst_port=7001"})
	f(`CHECK_HOST checkConnection.sh INFO app.example.com 7001 [USER="admin"] Ncat: Connection timed out.`, want{4001, 4, 2, 2, "failure", "dst_host=app.example.com"})
	f(`CHECK_HOST checkConnection.sh INFO 192.0.2.1 7001 [USER="admin"] Ncat: Connected to 192.0.2.1:7001.`, want{4001, 1, 2, 1, "success", ""})
	f(gate+`AUTHN FAILED WARN STORE [STORE_NAME="s" FAILURE_COUNT="3"] Store failed during initialization.`, want{6005, 3, 3, 2, "failure", "resource_name=s"})
	f(console+`- - INFO SYSTEM_STARTUP [] Startup complete, system ready.`, want{6002, 3, 1, 1, "success", "app_name=Access Gateway"})
	f(`OAG ADMIN_CONSOLE SYSTEM SHUTDOWN INFO SHUTDOWN [USER="u"] Shutting down system.`, want{6002, 4, 3, 1, "success", "actor_user_name=u"})
	f(`OAG_MONITOR MONITOR NGINX INFO CONFIG_TEST [STATUS="VALID" UUID="u"] ok`, want{6002, 99, 1, 1, "success", "app_name=nginx|app_uid=u|status_code=VALID|log_name=monitor"})
	f(console+`OAG - INFO SOMETHING_NEW [RESULT="FAIL" X="y"] m`, want{0, 99, 1, 2, "failure", "activity_name=SOMETHING_NEW"})
}

func mapped(t *testing.T, line string) *event.Event {
	t.Helper()
	e := new(event.Event)
	if err := accessgateway.Source.Map(record(line), e); err != nil {
		t.Fatal(err)
	}
	return e
}

// column is a column's value as text.
func column(t *testing.T, e *event.Event, name string) string {
	t.Helper()
	c, ok := event.ByName(name)
	if !ok {
		t.Fatalf("no column %q", name)
	}
	switch c.Kind() {
	case event.StringList:
		return strings.Join(e.GetList(c), ",")
	case event.String:
		return e.GetStr(c)
	}
	return strconv.FormatInt(e.GetInt(c), 10)
}

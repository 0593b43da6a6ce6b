package accessgateway_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source/accessgateway"
)

// TestStamps reads time stamps in a zone of their own.
func TestStamps(t *testing.T) {
	zone := time.FixedZone("", -5*3600)
	received := time.Date(2017, 10, 10, 0, 0, 0, 0, time.UTC)
	f := func(stamp, want string, irregular ...string) {
		t.Helper()
		l := accessgateway.Parse([]byte(stamp+" h ACCESS_GATEWAY WEB_CONSOLE - - INFO SYSTEM_STARTUP [] m"), received, zone)
		var got []string
		for _, i := range l.Irregular {
			got = append(got, i.String())
		}
		if l.Stamp.Text() != want || !slices.Equal(got, irregular) {
			t.Errorf("%q is %q %q, want %q %q", stamp, l.Stamp.Text(), got, want, irregular)
		}
		if l.Hostname.Value != "h" || l.Event.Value != "SYSTEM_STARTUP" {
			t.Errorf("%q: host %q, event %q", stamp, l.Hostname.Value, l.Event.Value)
		}
	}
	f("2024-03-05T10:15:30.123Z", "2024-03-05T10:15:30.123Z")
	f("2024-03-05T10:15:30.123456789+00:00", "2024-03-05T10:15:30.123456789+00:00")
	f("2024-03-05T10:15:30+0930", "2024-03-05T10:15:30+09:30")
	f("2024-03-05T10:15:30-05", "2024-03-05T10:15:30-05:00")
	f("2024-03-05T10:15:30-05:", "2024-03-05T10:15:30-05:00", "timestamp_truncated_offset")
	f("2024-03-05T00:15:30-03:30", "2024-03-05T00:15:30-03:30")
	f("2024-03-05T10:15:30", "2024-03-05T10:15:30-05:00", "timestamp_no_offset")
	f("2024-03-05 10:15:30.5", "2024-03-05T10:15:30.5-05:00", "timestamp_no_offset")
	f("O12024-03-05T10:15:30Z", "2024-03-05T10:15:30Z", "timestamp_leading_junk:O", "timestamp_extra_digit")
	f("91969-03-05T10:15:30Z", "", "timestamp_damaged")
	f("2023-02-29T10:15:30Z", "", "timestamp_damaged")
	f("3-05T10:15:30.123Z", "", "timestamp_damaged")
	f("Oct  9 09:47:02", "2017-10-09T09:47:02-05:00", "columns_from_envelope", "timestamp_no_year", "timestamp_no_offset")
	f("Oct 10 09:47:02", "2017-10-10T09:47:02-05:00", "columns_from_envelope", "timestamp_no_year", "timestamp_no_offset")
	f("Oct 12 09:47:02", "2016-10-12T09:47:02-05:00", "columns_from_envelope", "timestamp_no_year", "timestamp_no_offset")
	f("Feb 29 09:47:02", "2016-02-29T09:47:02-05:00", "columns_from_envelope", "timestamp_no_year", "timestamp_no_offset")
}

// TestUnparsed keeps text that fits nothing, whole and with its time of receipt.
func TestUnparsed(t *testing.T) {
	for _, line := range []string{"", " ", "hello world", "<134>hello", `{"a":1}`, "\x00\xff\xfe", "2024-03-05T10:15:30Z", "[", "]", `"`} {
		l := accessgateway.Parse([]byte(line), time.Time{}, nil)
		if len(l.Irregular) != 1 || l.Irregular[0].Code != "unparsed" {
			t.Errorf("%q: %v", line, l.Irregular)
		}
		e := mapped(t, line)
		if e.GetInt(event.ColClassUID) != 0 || e.GetStr(event.ColParseError) == "" || !e.Has(event.ColTime) {
			t.Errorf("%q: class %d, parse_error %q", line, e.GetInt(event.ColClassUID), e.GetStr(event.ColParseError))
		}
	}
}

// TestRecognise asks for lines of other products, which must not be taken.
func TestRecognise(t *testing.T) {
	for _, line := range []string{
		"", "hello", `{"ACCESS_GATEWAY":1}`,
		"<13>Mar  5 10:15:31 host sshd[12]: Accepted password for root",
		"<13>Mar  5 10:15:31 host sudo: root : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
		`<13>1 2024-03-05T10:15:30Z host app 1 - [x y="z"] INFO done`,
		`192.0.2.1 - - [06/Oct/2017:14:09:37 -0500] "GET / HTTP/1.1" 302 161 "-" "Mozilla/5.0"`,
		"2020-08-10 15:42:30.583 ERROR 2481 --- [main] com.example.Shop : failed",
		"<134>2024-03-05T10:15:30Z host PulseSecure: - - - 2024-03-05 10:15:30 - ive - [192.0.2.1] user(Realm)[Role] - Login succeeded",
	} {
		if accessgateway.Source.Recognise(record(line)) {
			t.Errorf("recognised: %s", line)
		}
	}
}

// TestRedaction looks for secrets in everything that is indexed or shown.
func TestRedaction(t *testing.T) {
	const geheim = "g3h31mn15"
	for _, line := range []string{
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 X-SPGW-KEY=` + geheim + ` a=b"] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 x_spgw_key=` + geheim + ` X_Authorization=Basic ` + geheim + `"] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 Api-Key=a ` + geheim + ` b PASSWD=` + geheim + ` my.token=` + geheim + `" REMOTE_IP=""] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 email=a samplecookie<` + geheim + `> b=c"] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 email=<a >secret=` + geheim + ` b=c"] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 secret=` + geheim,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="x" REASON="N/A - SESSIONID=1 secret=` + geheim + `"] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY USER_AUTHZ [REASON="N/A - SESSIONID=1 secret=` + geheim + ` "] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="password=` + geheim + `" RESOURCE="/a?token=` + geheim + `&b=1"] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [PASSWORD="` + geheim + `"] secret: cookie=` + geheim,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 pass=` + geheim + ` x-csrf=` + geheim + ` hmac=` + geheim + ` krb_ticket=` + geheim + ` ntlm=` + geheim + `"] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 a=Bearer ` + geheim + `1 b=c"] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 a=bAsIc ` + geheim + `=="] basic ` + geheim + `= for you`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 a=eyJhbGciOiJIUzI1NiJ9.` + geheim + `.c2lnbmF0dXJl b=c"] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 a=PHNhbWxwOl` + geheim + `+/= b=<samlp:Response a='b'>` + geheim + `</samlp:Response>"] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 Cookie=JSESSIONID=` + geheim + `; other=` + geheim + `; x=` + geheim + ` login=bob"] m`,
		node + `ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 a={\"password\":\"` + geheim + `\", \"client_secret\": \"x\\\"` + geheim + `\"}"] {"token": ` + geheim + `}`,
		`REASON="N/A - SESSIONID=1 secret=` + geheim + ` "]`,
		`secret=` + geheim + ` 2024-03-05T10:15:30Z h OAG ADMIN_CONSOLE A INFO B [] m`,
	} {
		if got := show(t, []byte(line)); strings.Contains(got, geheim) {
			t.Errorf("%s\nshows %s", line, got)
		}
	}
	e := mapped(t, node+`ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ [REASON="N/A - SESSIONID=1 secret=abc Cookie=a=b; c=d note=Basic authentication is off, eyJ.no login=bob"] m`)
	for key, want := range map[string]string{"reason.secret": "[redacted]", "reason.Cookie": "[redacted]", "reason.note": "Basic authentication is off, eyJ.no", "reason.login": "bob"} {
		if got, _ := e.Unmapped1(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

// TestHostileLines must end: every one of these takes minutes in a parser that reads the line again for every quote,
// blank, bracket or key of it.
func TestHostileLines(t *testing.T) {
	const head = node + "ACCESS_GATEWAY ACCESS AUTHZ POLICY INFO USER_AUTHZ ["
	const reason = head + `REASON="N/A - SESSIONID=1 `
	for _, part := range []string{`"`, `" `, `"" `, `"x`, `\`, `\"`, `A="b" `, `A= `, "a ", "A B", "<", "]", "[", "=", "= ", "a=", " a=", "token= ", "token=; a=b; ", "eyJ", "eyJ.", "Bearer ", "basic a1234567 ", "PHNhbWx", "<saml", `"token":`, `"token":"`, "node", " ", "\u00a0", ": \"", "a: \"b\", "} {
		many := strings.Repeat(part, 200_000/len(part))
		for _, line := range []string{many, node + many, head + many, head + `A="` + many, reason + many, reason + many + `"] m`, head + "] " + many, "<1>1 - " + many} {
			start := time.Now()
			mapped(t, line)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%d times %q took %v", 200_000/len(part), part, took)
			}
		}
	}
	var keys strings.Builder
	for i := range 100_000 {
		keys.WriteString("K" + strings.Repeat("A", i%7) + time.Duration(i).String() + `="v" `)
	}
	mapped(t, head+keys.String()+"] m")
	mapped(t, reason+strings.ReplaceAll(keys.String(), `"`, "")+`"] m`)
}

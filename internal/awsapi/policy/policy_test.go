package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const (
	channelARN   = "arn:aws:cloudtrail:us-east-1:777788889999:channel/EXAMPLE-80b5-40a7-ae65-6e099392355b"
	storeARN     = "arn:aws:cloudtrail:us-east-1:777788889999:eventdatastore/EXAMPLE-f852-4e8f-8bd1-bcf6cEXAMPLE"
	dashboardARN = "arn:aws-us-gov:cloudtrail:us-gov-west-1:777788889999:dashboard/audit"

	put   = "cloudtrail-data:PutAuditEvents"
	query = "cloudtrail:StartQuery"

	alice   = "arn:aws:iam::111122223333:user/team/alice"
	bob     = "arn:aws:iam::111122223333:user/bob"
	session = "arn:aws:sts::111122223333:assumed-role/Forwarder/i-1"
	guest   = "arn:aws:sts::111122223333:federated-user/guest"
	other   = "arn:aws:iam::444455556666:user/alice"
)

// statementOf is a policy of one statement; principal and condition are JSON.
func statementOf(arn, effect, principal, action, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":%q,"Principal":%s,"Action":%q,"Resource":%q%s}]}`, effect, principal, action, arn, condition)
}

func aws(principals ...string) string {
	b, err := json.Marshal(map[string][]string{"AWS": principals})
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return string(b)
}

// caller is the request of a principal.
func caller(arn, action string) Request {
	a, ok := parseARN(arn)
	if !ok {
		panic("BUG: " + arn)
	}
	return Request{Account: a.account, ARN: arn, Action: action}
}

func mustParse(tb testing.TB, doc, arn string) *Policy {
	tb.Helper()
	p, err := Parse([]byte(doc), arn)
	if err != nil {
		tb.Fatalf("Parse(%s): %v", doc, err)
	}
	return p
}

func TestPrincipals(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/services/Forwarder"
	for _, c := range []struct {
		principal string
		caller    string
		want      bool
	}{
		{"111122223333", alice, true},
		{"111122223333", session, true},
		{"111122223333", other, false},
		{"arn:aws:iam::111122223333:root", alice, true},
		{"arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root", true},
		{"arn:aws:iam::111122223333:root", other, false},
		{alice, alice, true},
		{alice, bob, false},
		{alice, "arn:aws:iam::111122223333:user/alice", false}, // another path
		{alice, strings.ToUpper(alice), false},
		{role, session, true},
		{role, role, true},
		{role, "arn:aws:sts::111122223333:assumed-role/ForwarderX/i-1", false},
		{role, "arn:aws:sts::444455556666:assumed-role/Forwarder/i-1", false},
		{role, "arn:aws:sts::111122223333:assumed-role/services/Forwarder", false},
		{session, session, true},
		{session, "arn:aws:sts::111122223333:assumed-role/Forwarder/i-2", false},
		{guest, guest, true},
		{guest, "arn:aws:sts::111122223333:federated-user/other", false},
		{"arn:aws-cn:iam::111122223333:user/bob", bob, false},
	} {
		p := mustParse(t, statementOf(channelARN, "Allow", aws("999900001111", c.principal), put, ""), channelARN)
		d := p.Evaluate(caller(strings.Replace(c.caller, "ARN:AWS", "arn:aws", 1), put))
		if d.Allowed() != c.want {
			t.Errorf("%s allowed, %s asks: %v (%s), want %v", c.principal, c.caller, d.Allowed(), d.Reason, c.want)
		}
	}
}

// Many callers, many channels: each may put into those whose policies say so, and into no other.
func TestTenants(t *testing.T) {
	channel := func(account string) string { return "arn:aws:cloudtrail:eu-west-1:" + account + ":channel/c" }
	condition := func(id string) string { return `{"StringEquals":{"cloudtrail:ExternalId":"` + id + `"}}` }
	const (
		partner = "999988887777"
		first   = "111111111111"
		second  = "222222222222"
		third   = "333333333333"
	)
	policies := map[string]*Policy{
		first:  mustParse(t, statementOf(channel(first), "Allow", aws("arn:aws:iam::"+partner+":root"), put, condition("id-of-first")), channel(first)),
		second: mustParse(t, statementOf(channel(second), "Allow", aws("arn:aws:iam::"+partner+":root"), put, condition("id-of-second")), channel(second)),
	}
	empty, err := Empty(channel(third))
	if err != nil {
		t.Fatal(err)
	}
	policies[third] = empty
	for _, c := range []struct {
		account, id string
		mayPutInto  string
	}{
		{first, "", first},
		{first, "id-of-second", first}, // in its own channel an external id is ignored, in others its account is not named
		{second, "", second},
		{third, "", third},
		{partner, "", ""}, // the external id is compulsory
		{partner, "id-of-first", first},
		{partner, "id-of-second", second},
		{partner, "id-of-third", ""},
		{partner, "ID-OF-FIRST", ""},
		{"555555555555", "id-of-first", ""},
	} {
		for owner, p := range policies {
			r := Request{Account: c.account, ARN: "arn:aws:iam::" + c.account + ":user/u", Action: put, ExternalID: c.id}
			if d := p.Evaluate(r); d.Allowed() != (c.mayPutInto == owner) {
				t.Errorf("account %s with external id %q into the channel of %s: %+v", c.account, c.id, owner, d)
			}
		}
	}
	d := policies[first].Evaluate(Request{Account: partner, ARN: "arn:aws:iam::" + partner + ":root", Action: put})
	if !strings.Contains(d.Reason, `statement "S" would, but its condition on cloudtrail:ExternalId is not met`) {
		t.Errorf("reason %q does not name the condition", d.Reason)
	}
}

// What denies wins, over the owner too; the owner needs nothing.
func TestDeny(t *testing.T) {
	const owner = "arn:aws:iam::777788889999:user/own"
	allowAll := `{"Effect":"Allow","Principal":{"AWS":["111122223333","777788889999"]},"Action":"cloudtrail-data:PutAuditEvents","Resource":"` + channelARN + `"}`
	deny := func(principal, condition string) string {
		return `{"Effect":"Deny","Principal":{"AWS":"` + principal + `"},"Action":"cloudtrail-data:PutAuditEvents","Resource":"` + channelARN + `"` + condition + `}`
	}
	for _, c := range []struct {
		name       string
		statements string
		caller     string
		id         string
		want       Outcome
	}{
		{"the owner without a statement for it", deny("444455556666", ""), owner, "", Allowed},
		{"the owner, denied", deny("777788889999", ""), owner, "", Denied},
		{"one of the owner's, denied", deny(owner, ""), owner, "", Denied},
		{"another of the owner's", deny(owner, ""), "arn:aws:iam::777788889999:user/second", "", Allowed},
		{"allowed by account, denied by user, in this order", allowAll + "," + deny(alice, ""), alice, "", Denied},
		{"and in the other", deny(alice, "") + "," + allowAll, alice, "", Denied},
		{"allowed by account, somebody else denied", deny(alice, "") + "," + allowAll, bob, "", Allowed},
		{"denied under a condition that is met", allowAll + "," + deny("111122223333", `,"Condition":{"StringEquals":{"cloudtrail:ExternalId":["old","older"]}}`), bob, "older", Denied},
		{"denied under a condition that is not met", allowAll + "," + deny("111122223333", `,"Condition":{"StringEquals":{"cloudtrail:ExternalId":["old","older"]}}`), bob, "new", Allowed},
		{"nobody said anything", deny("444455556666", ""), alice, "", NotAllowed},
	} {
		p := mustParse(t, `{"Statement":[`+c.statements+`]}`, channelARN)
		r := caller(c.caller, put)
		r.ExternalID = c.id
		if d := p.Evaluate(r); d.Outcome != c.want || d.Reason == "" {
			t.Errorf("%s: %+v, want outcome %d", c.name, d, c.want)
		}
	}
	empty, err := Empty(channelARN)
	if err != nil {
		t.Fatal(err)
	}
	if !empty.Evaluate(caller(owner, put)).Allowed() || empty.Evaluate(caller(alice, put)).Allowed() {
		t.Error("without a policy the owner may, and nobody else")
	}
}

func TestActions(t *testing.T) {
	for _, c := range []struct {
		action, asked string
		want          bool
	}{
		{"cloudtrail:StartQuery", "cloudtrail:StartQuery", true},
		{"cloudtrail:startquery", "cloudtrail:StartQuery", true},
		{"cloudtrail:StartQuery", "cloudtrail:DescribeQuery", false},
		{"cloudtrail:*Quer*", "cloudtrail:ListQueries", true},
		{"cloudtrail:*Quer*", "cloudtrail:GetEventDataStore", false},
		{"cloudtrail:Get*", "cloudtrail:GetQueryResults", true},
		{"cloudtrail:*", "cloudtrail:DeleteEventDataStore", true},
		{"*", "cloudtrail:StartQuery", true},
	} {
		p := mustParse(t, statementOf(storeARN, "Allow", aws("111122223333"), c.action, ""), storeARN)
		if d := p.Evaluate(caller(alice, c.asked)); d.Allowed() != c.want {
			t.Errorf("%s allowed, %s asked: %+v", c.action, c.asked, d)
		}
	}
}

func TestServiceConditions(t *testing.T) {
	const (
		from    = "arn:aws:cloudtrail:us-east-1:777788889999:dashboard/audit"
		account = "777788889999"
	)
	for _, c := range []struct {
		condition string
		want      bool
	}{
		{``, true},
		{`{"StringEquals":{"AWS:SourceArn":"` + from + `","aws:SourceAccount":["1","777788889999"]}}`, true},
		{`{"StringEquals":{"AWS:SourceArn":"` + from + `","aws:SourceAccount":"111122223333"}}`, false},
		{`{"StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:777788889999:dashboard/*"}}`, true},
		{`{"StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:111122223333:dashboard/*"}}`, false},
		{`{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:*:777788889999:dashboard/*"}}`, false},
		{`{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:us-?ast-1:*:dashboard/a*t"}}`, true},
		{`{"ArnEquals":{"aws:SourceArn":"arn:*:dashboard/audit:::"}}`, false},
		{`{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:777788889999:channel/*"}}`, false},
	} {
		for _, arn := range []string{storeARN, dashboardARN} {
			action := "cloudtrail:StartQuery"
			if arn == dashboardARN {
				action = "cloudtrail:StartDashboardRefresh"
			}
			p := mustParse(t, statementOf(arn, "Allow", `{"Service":"cloudtrail.amazonaws.com"}`, action, c.condition), arn)
			r := Request{Service: "cloudtrail.amazonaws.com", Action: action, SourceARN: from, SourceAccount: account}
			if d := p.Evaluate(r); d.Allowed() != c.want {
				t.Errorf("%s on %s: %+v", c.condition, arn, d)
			}
			if d := p.Evaluate(Request{Service: "ec2.amazonaws.com", Action: action, SourceARN: from, SourceAccount: account}); d.Allowed() {
				t.Errorf("%s: another service may, too", c.condition)
			}
			if d := p.Evaluate(Request{Service: "cloudtrail.amazonaws.com", Action: action}); d.Allowed() != (c.condition == "") {
				t.Errorf("%s: without a source %+v", c.condition, d)
			}
			if d := p.Evaluate(caller(alice, action)); d.Allowed() {
				t.Errorf("%s: a user may what the service may", c.condition)
			}
		}
	}
	everybody := mustParse(t, statementOf(storeARN, "Allow", `"*"`, query, ""), storeARN)
	if !everybody.Evaluate(caller(other, query)).Allowed() {
		t.Error(`"*" does not allow everybody`)
	}
}

// The example of the user guide.
const example = `{"Version":"2012-10-17","Statement":[{"Sid":"ChannelPolicy","Effect":"Allow",
 "Principal":{"AWS":["arn:aws:iam::111122223333:root"]},"Action":"cloudtrail-data:PutAuditEvents",
 "Resource":"arn:aws:cloudtrail:us-east-1:777788889999:channel/EXAMPLE-80b5-40a7-ae65-6e099392355b",
 "Condition":{"StringEquals":{"cloudtrail:ExternalId":"uniqueExternalID"}}}]}`

func TestExample(t *testing.T) {
	p := mustParse(t, example, channelARN)
	r := caller(alice, put)
	if p.Evaluate(r).Allowed() {
		t.Error("allowed without the external id")
	}
	r.ExternalID = "uniqueExternalID"
	if !p.Evaluate(r).Allowed() {
		t.Error("not allowed with the external id")
	}
}

func TestParseRefuses(t *testing.T) {
	repeat := func(n int, text string) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }
	_, statement, _ := strings.Cut(strings.TrimSuffix(example, "]}"), "[")
	bare := strings.Replace(statement, `"Sid":"ChannelPolicy",`, "", 1)
	for _, c := range []struct{ from, to, want string }{
		{example, ``, "ends early"},
		{example, `{"Version":`, "ends early"},
		{example, `[]`, "not a JSON object"},
		{example, example + `{}`, "something follows"},
		{example, `{"Statement":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "nested too deep"},
		{example, example + strings.Repeat(" ", 8192), "8192 is the most"},
		{"uniqueExternalID", "\xff", "not UTF-8"},
		{`"Version":"2012-10-17"`, `"Version":"2012-10-18"`, `"Version" 2012-10-18 is not known`},
		{`"Version":"2012-10-17"`, `"version":"2012-10-17"`, `unknown element "version"`},
		{`"Version":"2012-10-17"`, `"Version":"2012-10-17","Id":5`, `"Id" is not a text`},
		{`"Version":"2012-10-17",`, `"Version":"2012-10-17","Version":"2012-10-17",`, `"Version" stands twice`},
		{"[" + statement + "]", `[]`, "1 to 20 statements, not 0"},
		{"[" + statement + "]", `"x"`, `"Statement" is missing`},
		{"[" + statement + "]", `["x"]`, "Statement[0]: it is not an object"},
		{statement, repeat(21, bare), "1 to 20 statements, not 21"},
		{statement, repeat(2, statement), `Statement[1]: Sid "ChannelPolicy" stands twice`},
		{`"Sid":"ChannelPolicy"`, `"Sid":1`, "Sid is not a text"},
		{`"Effect":"Allow"`, `"Effect":"allow"`, "must be Allow or Deny"},
		{`"Effect":"Allow"`, `"Effect":"Deny","Effect":"Allow"`, `"Effect" stands twice`},
		{`"Effect":"Allow",`, ``, "Effect is missing"},
		{`"Principal":`, `"NotPrincipal":`, "Principal is missing"},
		{`"Effect":"Allow"`, `"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"}`, "NotPrincipal is not supported"},
		{`"Effect":"Allow"`, `"Effect":"Allow","NotAction":"x"`, "NotAction is not supported"},
		{`"Effect":"Allow"`, `"Effect":"Allow","Extra":"x"`, `unknown element "Extra"`},
		{`{"AWS":["arn:aws:iam::111122223333:root"]}`, `"*"`, "everybody"},
		{`{"AWS":["arn:aws:iam::111122223333:root"]}`, `"111122223333"`, "it must be an object"},
		{`["arn:aws:iam::111122223333:root"]`, `"*"`, "everybody"},
		{`["arn:aws:iam::111122223333:root"]`, `[]`, "the list is empty"},
		{`["arn:aws:iam::111122223333:root"]`, `[111122223333]`, "a text or a list of texts"},
		{`["arn:aws:iam::111122223333:root"]`, `[` + repeat(51, `"111122223333"`) + `]`, "1 to 50 principals, not 51"},
		{`{"AWS":["arn:aws:iam::111122223333:root"]}`, `{}`, "1 to 50 principals, not 0"},
		{`"AWS":`, `"Service":`, `principals of type "Service" cannot be used in the policy of a channel`},
		{`"AWS":`, `"Federated":`, `principals of type "Federated"`},
		{`arn:aws:iam::111122223333:root`, `11112222333`, "neither the id of an account nor"},
		{`arn:aws:iam::111122223333:root`, `arn:aws:iam::111122223333:user/*`, "no wildcards"},
		{`arn:aws:iam::111122223333:root`, `arn:aws:iam::111122223333:user/`, "neither the id"},
		{`arn:aws:iam::111122223333:root`, `arn:aws:iam::111122223333:group/admins`, "neither the id"},
		{`arn:aws:iam::111122223333:root`, `arn:aws:iam::1111:root`, "neither the id"},
		{`arn:aws:iam::111122223333:root`, `arn:aws:iam:us-east-1:111122223333:root`, "neither the id"},
		{`arn:aws:iam::111122223333:root`, `arn:x:iam::111122223333:root`, "neither the id"},
		{`arn:aws:iam::111122223333:root`, `arn:aws:sts::111122223333:assumed-role/role`, "neither the id"},
		{`arn:aws:iam::111122223333:root`, `AIDAEXAMPLE`, "neither the id"},
		{`"cloudtrail-data:PutAuditEvents"`, `"cloudtrail:StartQuery"`, `Action: "cloudtrail:StartQuery" is not an action that the policy of a channel can have`},
		{`"cloudtrail-data:PutAuditEvents"`, `"cloudtrail-data:*"`, "is not an action"},
		{`"cloudtrail-data:PutAuditEvents"`, `"*"`, "is not an action"},
		{`"cloudtrail-data:PutAuditEvents"`, `[]`, "Action: the list is empty"},
		{channelARN, strings.Replace(channelARN, "777788889999", "777788889998", 1), "is not the resource that the policy belongs to"},
		{channelARN, "*", "is not the resource"},
		{`"Condition":{"StringEquals":{"cloudtrail:ExternalId":"uniqueExternalID"}}`, `"Condition":[]`, "Condition: it must be an object"},
		{`"StringEquals"`, `"StringLike"`, `operator "StringLike" is not supported; use StringEquals`},
		{`"StringEquals"`, `"ForAnyValue:StringEquals"`, "is not supported"},
		{`"StringEquals"`, `"StringNotEquals"`, "is not supported"},
		{`"StringEquals"`, `"StringEqualsIfExists"`, "is not supported"},
		{`{"cloudtrail:ExternalId":"uniqueExternalID"}`, `{}`, "an object of keys and values"},
		{`"cloudtrail:ExternalId"`, `"aws:SourceIp"`, `key "aws:SourceIp" is not supported; use cloudtrail:ExternalId`},
		{`"cloudtrail:ExternalId"`, `"sts:ExternalId"`, "is not supported"},
		{`"cloudtrail:ExternalId":`, `"cloudtrail:externalid":"x1","cloudtrail:ExternalId":`, "stands twice"},
		{`"uniqueExternalID"`, `"x y"`, "cannot be an external id"},
		{`"uniqueExternalID"`, `"x"`, "cannot be an external id"},
		{`"uniqueExternalID"`, `true`, "a text or a list of texts"},
		{`"uniqueExternalID"`, `[]`, "the list is empty"},
	} {
		doc := strings.Replace(example, c.from, c.to, 1)
		if doc == example {
			t.Errorf("%q is not in the example", c.from)
		}
		if p, err := Parse([]byte(doc), channelARN); err == nil || !strings.Contains(err.Error(), c.want) || p != nil {
			t.Errorf("with %q: %v; want an error with %q", c.to, err, c.want)
		}
	}
}

func TestParseRefusesByKind(t *testing.T) {
	service := `{"Service":"cloudtrail.amazonaws.com"}`
	for _, c := range []struct{ arn, principal, action, condition, want string }{
		{storeARN, aws("111122223333"), "cloudtrail:DeleteEventDataStore", "", "is not an action"},
		{storeARN, aws("111122223333"), "s3:*", "", "is not an action"},
		{storeARN, `{"Service":"ec2.amazonaws.com"}`, query, "", "not a service that needs access"},
		{storeARN, service, query, `{"StringEquals":{"cloudtrail:ExternalId":"abc"}}`, "use aws:SourceAccount, aws:SourceArn"},
		{storeARN, service, query, `{"ArnLike":{"aws:SourceArn":"dashboard"}}`, "is not an ARN"},
		{storeARN, service, query, `{"StringEquals":{"aws:SourceArn":"a","AWS:SourceArn":"b"}}`, "stands twice"},
		{dashboardARN, aws("111122223333"), "cloudtrail:StartDashboardRefresh", "", `type "AWS" cannot be used`},
		{dashboardARN, service, query, "", "is not an action"},
		{"arn:aws:cloudtrail:us-east-1:777788889999:trail/t", service, query, "", `type "trail" has no policy`},
		{"arn:aws:s3:::bucket", service, query, "", "is not the ARN of a resource of CloudTrail"},
		{"EXAMPLE-80b5-40a7-ae65-6e099392355b", service, query, "", "is not the ARN"},
		{"arn:aws:cloudtrail:us-east-1:777788889999:channel/", service, query, "", "is not the ARN"},
	} {
		if _, err := Parse([]byte(statementOf(c.arn, "Allow", c.principal, c.action, c.condition)), c.arn); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s %s %s: %v; want an error with %q", c.arn, c.principal, c.action, c.condition, err, c.want)
		}
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"**", "abc", true}, {"a*", "abc", true}, {"*c", "abc", true}, {"a*c", "abcabc", true},
		{"a*b", "abc", false}, {"?", "", false}, {"?", "x", true}, {"a?c", "abc", true}, {"*a*b*", "xxaxxbxx", true}, {"*ab", "aab", true}, {"abc", "ab", false},
	} {
		if got := like(c.pattern, c.text); got != c.want {
			t.Errorf("like(%q, %q) = %v", c.pattern, c.text, got)
		}
	}
}

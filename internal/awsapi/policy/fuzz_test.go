package policy

import (
	"testing"
)

// A policy that is taken can be written and read again, and then decides the same; nobody but the owner may what no statement
// allows; who is denied by a statement is denied whatever the others say.
func FuzzParse(f *testing.F) {
	for _, arn := range []string{channelARN, storeARN, dashboardARN} {
		f.Add([]byte(example), arn, alice, put, "uniqueExternalID")
		f.Add([]byte(statementOf(arn, "Allow", `"*"`, "*", "")), arn, bob, query, "")
		f.Add([]byte(statementOf(arn, "Deny", `{"Service":"cloudtrail.amazonaws.com"}`, "cloudtrail:StartDashboardRefresh", `{"ArnLike":{"aws:SourceArn":"arn:*:*:*:*:*"}}`)), arn, "", "", "")
	}
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"*","Service":"cloudtrail.amazonaws.com"},"Action":["cloudtrail:*"],"Resource":["`+storeARN+`"]}}`), storeARN, session, query, "")
	f.Fuzz(func(t *testing.T, doc []byte, arn, caller, action, id string) {
		p, err := Parse(doc, arn)
		if err != nil {
			if p != nil {
				t.Fatal("a policy and an error")
			}
			return
		}
		text, err := p.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text, arn)
		if err != nil {
			if len(text) > maxLength {
				return // written with every list and quotes of its own it may be longer
			}
			t.Fatalf("Parse(%s) of the policy written again: %v", text, err)
		}
		for _, r := range requests(caller, action, id, p.owner) {
			d := p.Evaluate(r)
			if e := again.Evaluate(r); e != d {
				t.Fatalf("%+v: %+v, written again %+v", r, d, e)
			}
			own := r.Service == "" && r.Account == p.owner.account
			denied, allowed := false, own
			for _, s := range p.statements {
				if s.concerns(&r) && s.unmet(&r) == nil {
					denied, allowed = denied || s.deny, allowed || !s.deny
				}
			}
			if d.Allowed() != (allowed && !denied) || (d.Outcome == Denied) != denied {
				t.Fatalf("%+v: %+v, allowed %v, denied %v", r, d, allowed, denied)
			}
		}
	})
}

// requests are those of the fuzzer and of everybody else here.
func requests(caller, action, id string, of owner) []Request {
	var out []Request
	for _, arn := range []string{caller, alice, session, guest, "arn:aws:iam::" + of.account + ":root"} {
		a, _ := parseARN(arn)
		for _, what := range []string{action, put, query} {
			out = append(out, Request{Account: a.account, ARN: arn, Action: what, ExternalID: id}, Request{Account: a.account, ARN: arn, Action: what})
		}
	}
	return append(out, Request{Service: cloudTrailService, Action: action, SourceARN: of.arn, SourceAccount: of.account})
}

func BenchmarkEvaluate(b *testing.B) {
	p := mustParse(b, example, channelARN)
	r := caller(alice, put)
	r.ExternalID = "uniqueExternalID"
	b.ReportAllocs()
	for b.Loop() {
		if !p.Evaluate(r).Allowed() {
			b.Fatal("not allowed")
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(example)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse([]byte(example), channelARN); err != nil {
			b.Fatal(err)
		}
	}
}

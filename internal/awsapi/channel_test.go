package awsapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"kiroku/internal/awsapi"
)

func TestChannelLife(t *testing.T) {
	w := newWorld(t, nil)
	one, two := w.newStore("one"), w.newStore("two")
	a := w.op("CreateChannel", `{"Name":"okta","Source":"OktaSystemLogEvents","Destinations":[{"Type":"EVENT_DATA_STORE","Location":"`+arnID(one)+`"}],"Tags":[{"Key":"env","Value":"prod"}]}`)
	var made awsapi.Channel
	if err := json.Unmarshal([]byte(a.body), &made); err != nil || !strings.HasPrefix(made.ChannelArn, "arn:aws:cloudtrail:us-east-1:111122223333:channel/") {
		t.Fatalf("%v: %s", err, a.body)
	}
	arn := made.ChannelArn
	if want := `{"ChannelArn":"` + arn + `","Name":"okta","Source":"OktaSystemLogEvents","Destinations":[{"Type":"EVENT_DATA_STORE","Location":"` + one + `"}],"Tags":[{"Key":"env","Value":"prod"}]}`; a.body != want {
		t.Errorf("Create: %s\nwant %s", a.body, want)
	}
	if a := w.op("GetChannel", `{"Channel":"`+arnID(arn)+`"}`); a.body != `{"ChannelArn":"`+arn+`","Name":"okta","Source":"OktaSystemLogEvents","Destinations":[{"Type":"EVENT_DATA_STORE","Location":"`+one+`"}]}` {
		t.Errorf("Get: %s", a.body)
	}
	a = w.op("UpdateChannel", `{"Channel":"`+arn+`","Name":"okta-2","Destinations":[{"Type":"EVENT_DATA_STORE","Location":"`+two+`"},{"Type":"EVENT_DATA_STORE","Location":"`+one+`"}]}`)
	if !strings.Contains(a.body, `"Name":"okta-2"`) || strings.Index(a.body, two) > strings.Index(a.body, one) {
		t.Errorf("Update: %s", a.body)
	}
	if a := w.op("ListChannels", `{}`); a.body != `{"Channels":[{"ChannelArn":"`+arn+`","Name":"okta-2"}]}` {
		t.Errorf("List: %s", a.body)
	}
	if a := w.op("DeleteChannel", `{"Channel":"`+arn+`"}`); a.body != "{}" {
		t.Errorf("Delete: %s", a.body)
	}
	w.refuses("GetChannel", `{"Channel":"`+arn+`"}`, "ChannelNotFoundException")
	w.must("DeleteEventDataStore", `{"EventDataStore":"`+one+`"}`, "")
}

func TestChannelIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	one, gone := w.newStore("one"), w.newStore("gone")
	w.must("DeleteEventDataStore", `{"EventDataStore":"`+gone+`"}`, "")
	management := w.must("CreateEventDataStore", `{"Name":"management"}`, "EventDataStoreArn")
	channel := w.newChannel("first", "Custom", one)
	to := func(location string) string {
		return `"Destinations":[{"Type":"EVENT_DATA_STORE","Location":"` + location + `"}]`
	}
	for _, c := range []struct{ op, input, code string }{
		{"CreateChannel", `{"Name":"ab","Source":"GitHub",` + to(one) + `}`, "InvalidParameterException"},
		{"CreateChannel", `{"Name":"second","Source":"Okta",` + to(one) + `}`, "InvalidSourceException"},
		{"CreateChannel", `{"Name":"second",` + to(one) + `}`, "InvalidSourceException"},
		{"CreateChannel", `{"Name":"second","Source":"GitHub"}`, "InvalidParameterException"},
		{"CreateChannel", `{"Name":"second","Source":"GitHub","Destinations":[{"Type":"AWS_SERVICE","Location":"config"}]}`, "InvalidParameterException"},
		{"CreateChannel", `{"Name":"second","Source":"GitHub","Destinations":[{"Type":"EVENT_DATA_STORE","Location":"` + one + `"},{"Type":"EVENT_DATA_STORE","Location":"` + arnID(one) + `"}]}`, "InvalidParameterException"},
		{"CreateChannel", `{"Name":"second","Source":"GitHub",` + to("x") + `}`, "EventDataStoreARNInvalidException"},
		{"CreateChannel", `{"Name":"second","Source":"GitHub",` + to(strings.Replace(one, arnID(one), "00000000-0000-4000-8000-000000000000", 1)) + `}`, "EventDataStoreNotFoundException"},
		{"CreateChannel", `{"Name":"second","Source":"GitHub",` + to(gone) + `}`, "InactiveEventDataStoreException"},
		{"CreateChannel", `{"Name":"second","Source":"GitHub",` + to(management) + `}`, "InvalidEventDataStoreCategoryException"},
		{"CreateChannel", `{"Name":"first","Source":"GitHub",` + to(one) + `}`, "ChannelAlreadyExistsException"},
		{"CreateChannel", `{"Name":"second","Source":"Custom",` + to(one) + `}`, "ChannelAlreadyExistsException"},
		{"CreateChannel", `{"Name":"second","Source":"GitHub",` + to(one) + `,"Tags":[{"Key":"aws:x"}]}`, "InvalidTagParameterException"},
		{"@bob CreateChannel", `{"Name":"second","Source":"GitHub",` + to(one) + `}`, "EventDataStoreNotFoundException"},
		{"GetChannel", `{}`, "ChannelARNInvalidException"},
		{"GetChannel", `{"Channel":"` + one + `"}`, "ChannelARNInvalidException"},
		{"@bob GetChannel", `{"Channel":"` + channel + `"}`, "ChannelNotFoundException"},
		{"@bob DeleteChannel", `{"Channel":"` + arnID(channel) + `"}`, "ChannelNotFoundException"},
		{"GetChannel", `{"Channel":"` + strings.Replace(channel, region, "eu-west-1", 1) + `"}`, "ChannelNotFoundException"},
		{"UpdateChannel", `{"Channel":"` + channel + `"}`, "InvalidParameterException"},
		{"UpdateChannel", `{"Channel":"` + channel + `","Name":"x"}`, "InvalidParameterException"},
		{"UpdateChannel", `{"Channel":"` + channel + `",` + to(management) + `}`, "InvalidEventDataStoreCategoryException"},
		{"ListChannels", `{"NextToken":"!!!!"}`, "InvalidNextTokenException"},
	} {
		w.refuses(c.op, c.input, c.code)
	}
	w.newChannel("other", "GitHub", one)
	w.refuses("UpdateChannel", `{"Channel":"`+channel+`","Name":"other"}`, "ChannelAlreadyExistsException")
}

func TestChannelLimits(t *testing.T) {
	limits := awsapi.DefaultLimits()
	limits.Channels, limits.ChannelsPerSource = 3, 2
	w := newWorld(t, func(o *awsapi.Options) { o.Limits, o.Sources = limits, []string{"OurPortal"} })
	store := w.newStore("one")
	w.newChannel("one", "Custom", store)
	w.newChannel("two", "Custom", store)
	to := `"Destinations":[{"Type":"EVENT_DATA_STORE","Location":"` + store + `"}]`
	w.refuses("CreateChannel", `{"Name":"three","Source":"Custom",`+to+`}`, "ChannelAlreadyExistsException")
	w.newChannel("three", "OurPortal", store)
	w.refuses("CreateChannel", `{"Name":"four","Source":"Wiz",`+to+`}`, "InvalidSourceException")
	w.refuses("CreateChannel", `{"Name":"four","Source":"WizAuditLogs",`+to+`}`, "ChannelMaxLimitExceededException")
}

// The table of seed 002: every source can have a channel.
func TestEverySource(t *testing.T) {
	w := newWorld(t, nil)
	store := w.newStore("one")
	for _, source := range []string{"Custom", "CloudStorageSecurityConsole", "Clumio", "CrowdStrike", "CyberArk", "GitHub", "KongGatewayEnterprise", "LaunchDarkly",
		"NetskopeCloudExchange", "IBMMulticloud", "MontyCloud", "OktaSystemLogEvents", "OneLogin", "Shoreline", "Snyk", "WizAuditLogs"} {
		w.newChannel("for-"+source, source, store)
	}
}

func (w *world) policy(resource, statement string) string {
	b, err := json.Marshal(map[string]string{"ResourceArn": resource, "ResourcePolicy": `{"Version":"2012-10-17","Statement":[` + statement + `]}`})
	if err != nil {
		w.Fatal(err)
	}
	return string(b)
}

func TestChannelPolicy(t *testing.T) {
	w := newWorld(t, nil)
	channel := w.newChannel("first", "Custom", w.newStore("one"))
	statement := func(effect, principal, condition string) string {
		return fmt.Sprintf(`{"Effect":%q,"Principal":{"AWS":%q},"Action":"cloudtrail-data:PutAuditEvents","Resource":%q%s}`, effect, principal, channel, condition)
	}
	const externalID = `,"Condition":{"StringEquals":{"cloudtrail:ExternalId":"unique"}}`
	in := `{"ResourceArn":"` + channel + `"}`
	n := 0
	put := func(who string, id string) string {
		creds := w.owner
		if who == "bob" {
			creds = w.stranger
		}
		n++
		return w.put(creds, channel, id, body(t, audit("UID", fmt.Sprintf(`"u-%d"`, n)))).code
	}
	const denied = "ChannelInsufficientPermission"
	w.refuses("GetResourcePolicy", in, "ResourcePolicyNotFoundException")
	w.refuses("DeleteResourcePolicy", in, "ResourcePolicyNotFoundException")
	for _, c := range []struct{ name, statements, owner, bob, bobWithID string }{
		{"account", statement("Allow", stranger, ""), "", "", ""},
		{"root", statement("Allow", "arn:aws:iam::"+stranger+":root", ""), "", "", ""},
		{"user", statement("Allow", "arn:aws:iam::"+stranger+":user/bob", ""), "", "", ""},
		{"another user", statement("Allow", "arn:aws:iam::"+stranger+":user/carol", ""), "", denied, denied},
		{"external id", statement("Allow", stranger, externalID), "", denied, ""},
		{"explicit deny of the owner", statement("Allow", stranger, "") + "," + statement("Deny", owner, ""), denied, "", ""},
		{"deny wins", statement("Allow", stranger, "") + "," + statement("Deny", stranger, ""), "", denied, denied},
	} {
		want := w.policy(channel, c.statements)
		if a := w.op("PutResourcePolicy", want); a.status != 200 || a.body != want {
			t.Errorf("%s: %d %s\nwant %s", c.name, a.status, a.body, want)
			continue
		}
		for _, who := range []struct{ name, id, want string }{{"owner", "", c.owner}, {"bob", "", c.bob}, {"bob", "unique", c.bobWithID}} {
			if got := put(who.name, who.id); got != who.want {
				t.Errorf("%s: %s with %q gets %q, want %q", c.name, who.name, who.id, got, who.want)
			}
		}
	}
	if p := w.must("GetResourcePolicy", in, "ResourcePolicy"); !strings.Contains(p, `"Deny"`) {
		t.Errorf("Get: %s", p)
	}
	w.must("DeleteResourcePolicy", in, "")
	if got := put("bob", ""); got != denied {
		t.Errorf("bob without a policy gets %q", got)
	}
}

func TestPolicyIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	store := w.newStore("one")
	channel := w.newChannel("first", "Custom", store)
	good := fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":%q},"Action":"cloudtrail-data:PutAuditEvents","Resource":%q}`, stranger, channel)
	for _, c := range []struct{ op, input, code string }{
		{"PutResourcePolicy", `{"ResourceArn":"` + channel + `"}`, "ResourcePolicyNotValidException"},
		{"PutResourcePolicy", `{"ResourceArn":"` + channel + `","ResourcePolicy":"{"}`, "ResourcePolicyNotValidException"},
		{"PutResourcePolicy", w.policy(channel, strings.Replace(good, channel, store, 1)), "ResourcePolicyNotValidException"},
		{"PutResourcePolicy", w.policy(channel, strings.Replace(good, "PutAuditEvents", "*", 1)), "ResourcePolicyNotValidException"},
		{"PutResourcePolicy", w.policy(channel, good+strings.Repeat(","+good, 60)), "ResourcePolicyNotValidException"},
		{"PutResourcePolicy", w.policy("nonsense", good), "ResourceARNNotValidException"},
		{"PutResourcePolicy", w.policy("arn:aws:s3:::bucket", good), "ResourceARNNotValidException"},
		{"PutResourcePolicy", w.policy("arn:aws:cloudtrail:us-east-1:111122223333:trail/x", good), "ResourceTypeNotSupportedException"},
		{"PutResourcePolicy", w.policy("00000000-0000-4000-8000-000000000000", good), "ResourceNotFoundException"},
		{"@bob PutResourcePolicy", w.policy(channel, good), "ResourceNotFoundException"},
		{"@bob GetResourcePolicy", w.policy(store, good), "ResourceNotFoundException"},
	} {
		w.refuses(c.op, c.input, c.code)
	}
	w.must("PutResourcePolicy", w.policy(arnID(channel), good), "")
}

func TestStorePolicy(t *testing.T) {
	w := newWorld(t, nil)
	store := w.newStore("one")
	get := `{"EventDataStore":"` + store + `"}`
	allow := func(action string) string {
		return fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":%q},"Action":%q,"Resource":%q}`, stranger, action, store)
	}
	w.must("PutResourcePolicy", w.policy(store, allow("cloudtrail:StartQuery")), "")
	w.refuses("@bob GetEventDataStore", get, "EventDataStoreNotFoundException")
	w.must("PutResourcePolicy", w.policy(store, allow("cloudtrail:GetEventDataStore")), "")
	if name := w.must("@bob GetEventDataStore", get, "Name"); name != "one" {
		t.Errorf("the stranger gets %q", name)
	}
	w.refuses("@bob DeleteEventDataStore", get, "EventDataStoreNotFoundException")
	deny := strings.Replace(strings.Replace(allow("cloudtrail:GetEventDataStore"), "Allow", "Deny", 1), stranger, owner, 1)
	w.must("PutResourcePolicy", w.policy(store, deny), "")
	if a := w.op("GetEventDataStore", get); a.status != 403 || a.code != "AccessDeniedException" {
		t.Errorf("the owner, who is denied: %d %s", a.status, a.body)
	}
}

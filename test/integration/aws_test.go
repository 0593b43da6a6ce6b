//go:build integration

package integration

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	owner   = "111122223333"
	partner = "444455556666"
	region  = "us-east-1"
)

// newKey makes an access key as a script would.
func newKey(s *server, account, principal string) aws.Credentials {
	s.t.Helper()
	var k struct{ AccessKeyId, SecretAccessKey string }
	out := s.kiroku("keys", "create", "--account", account, "--principal", principal, "--json")
	if err := json.Unmarshal([]byte(out), &k); err != nil || k.AccessKeyId == "" || k.SecretAccessKey == "" {
		s.t.Fatalf("%v: %s", err, out)
	}
	return aws.Credentials{AccessKeyID: k.AccessKeyId, SecretAccessKey: k.SecretAccessKey}
}

// auditData is an audit event of an account.
func auditData(account, uid string) string {
	return fmt.Sprintf(`{"version":"1","userIdentity":{"type":"employee","principalId":"kei","details":{"dept":"経理"}},"eventSource":"door.example.com","eventName":"BadgeAccepted",`+
		`"eventTime":%q,"UID":%q,"recipientAccountId":%q,"sourceIPAddress":"203.0.113.7"}`, time.Now().UTC().Format("2006-01-02T15:04:05Z"), uid, account)
}

// stored is an answer of PutAuditEvents.
type stored struct {
	Successful []struct{ ID, EventID string }
	Failed     []struct{ ID, ErrorCode, ErrorMessage string }
	Type       string `json:"__type"`
}

// putAudit sends audit events as cloudtrail-data's clients do. There is no Go SDK for it, so it is signed with the SDK's signer.
func putAudit(ctx context.Context, s *server, creds aws.Credentials, channel, externalID string, datas ...string) (stored, int, error) {
	type entry struct {
		ID        string `json:"id"`
		EventData string `json:"eventData"`
		Checksum  string `json:"eventDataChecksum"`
	}
	var entries []entry
	for i, d := range datas {
		sum := sha256.Sum256([]byte(d))
		entries = append(entries, entry{fmt.Sprintf("e-%d", i), d, base64.StdEncoding.EncodeToString(sum[:])})
	}
	body, err := json.Marshal(map[string]any{"auditEvents": entries})
	if err != nil {
		return stored{}, 0, err
	}
	q := url.Values{"channelArn": {channel}}
	if externalID != "" {
		q.Set("externalId", externalID)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.http+"/PutAuditEvents?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return stored{}, 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, creds, r, hex.EncodeToString(sum[:]), "cloudtrail-data", region, time.Now()); err != nil {
		return stored{}, 0, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return stored{}, 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return stored{}, 0, err
	}
	var out stored
	return out, resp.StatusCode, json.Unmarshal(text, &out)
}

// audits makes a store and a channel with Kiroku's own commands, and returns the channel's ARN.
func audits(s *server, args ...string) string {
	s.t.Helper()
	s.kiroku("eds", "create", "audit", "--account", owner)
	lines := strings.Fields(s.kiroku(append([]string{"channel", "create", "portal", "--to", "audit", "--account", owner}, args...)...))
	return lines[len(lines)-1]
}

// What PutAuditEvents has answered as successful is there after a power cut, once; a channel that deduplicates stores what
// is sent again after it only once.
func TestAuditEventsSurviveKill(t *testing.T) {
	data := t.TempDir()
	s := start(t, data)
	creds := newKey(s, owner, "alice")
	channel := audits(s, "--deduplicate")
	acked := map[string]bool{}
	sent := 0
	for round := range 5 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				uids := make([]string, 20)
				events := make([]string, len(uids))
				for i := range uids {
					uids[i] = fmt.Sprintf("uid-%d", sent+i)
					events[i] = auditData(owner, uids[i])
				}
				out, status, err := putAudit(context.Background(), s, creds, channel, "", events...)
				if err != nil { // killed: the same events come again in the next round
					return
				}
				if status != http.StatusOK || len(out.Successful) != len(uids) {
					t.Errorf("status %d: %+v", status, out)
					return
				}
				for _, u := range uids {
					acked[u] = true
				}
				sent += len(uids)
			}
		}()
		time.Sleep(time.Duration(600+150*round) * time.Millisecond)
		s.kill()
		<-done
		s = start(t, data)
	}
	if _, _, err := putAudit(t.Context(), s, creds, channel, "", auditData(owner, fmt.Sprintf("uid-%d", sent))); err != nil {
		t.Fatal(err)
	}
	if len(acked) == 0 {
		t.Fatal("nothing was acknowledged")
	}
	row := s.sql(`SELECT count(*), count(DISTINCT json_extract_string(raw_data, '$.eventData.UID')), count(DISTINCT metadata_uid) FROM events`)
	if row[0] != row[1] || row[0] != row[2] {
		t.Errorf("%s events with %s UIDs and %s ids", row[0], row[1], row[2])
	}
	found := s.count("*")
	if found < len(acked) || found > len(acked)+21 { // the last request's events may be stored without an answer
		t.Errorf("%d events are stored, %d were acknowledged", found, len(acked))
	}
	proved(t, s, data)
}

// A key that is revoked is refused at once, and rejected events can be corrected and sent again from the command line.
func TestRejectedAuditEvents(t *testing.T) {
	s := start(t, t.TempDir())
	creds := newKey(s, owner, "alice")
	channel := audits(s)
	out, status, err := putAudit(t.Context(), s, creds, channel, "", auditData(owner, "good"), auditData(partner, "wrong account"), "not JSON")
	if err != nil || status != http.StatusOK || len(out.Successful) != 1 || len(out.Failed) != 2 || out.Failed[0].ErrorCode != "InvalidRecipient" || out.Failed[1].ErrorCode != "InvalidData" {
		t.Fatalf("%d %+v, %v", status, out, err)
	}
	var list struct {
		Events []struct{ ID, EventData string }
	}
	if err := json.Unmarshal([]byte(s.kiroku("channel", "rejected", "list", "portal", "--json")), &list); err != nil || len(list.Events) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	corrected := write(t, t.TempDir(), "corrected.json", auditData(owner, "corrected"))
	if out := s.kiroku("channel", "rejected", "replay", "portal", list.Events[0].ID, "--event-data", corrected); !strings.Contains(out, "1 stored, 0 refused again") {
		t.Errorf("replay: %s", out)
	}
	s.await("source:audit-events", 2, 10*time.Second)
	s.await(`actor_user_uid:kei channel:"`+channel+`"`, 2, 10*time.Second)
	if out := s.kiroku("channel", "show", "portal"); !strings.Contains(out, "rejected       1") || !strings.Contains(out, "InvalidData") {
		t.Errorf("show: %s", out)
	}
	s.kiroku("keys", "revoke", creds.AccessKeyID)
	if out, status, err := putAudit(t.Context(), s, creds, channel, "", auditData(owner, "late")); err != nil || status != http.StatusForbidden || out.Type != "UnrecognizedClientException" {
		t.Errorf("with a revoked key: %d %+v, %v", status, out, err)
	}
}

// CloudTrail records that come in another way, here as a file, go to the event data stores that select them, and events that
// none selects to the default store.
func TestSelectors(t *testing.T) {
	s := start(t, t.TempDir())
	s.kiroku("eds", "create", "management", "--category", "Management", "--multi-region", "--account", owner)
	s.kiroku("eds", "create", "stopped", "--category", "Management", "--multi-region", "--account", owner)
	s.kiroku("eds", "update", "stopped", "--ingestion=false")
	const form = `{"eventVersion":"1.10","eventCategory":%q,"eventName":"Do","eventSource":"iam.amazonaws.com","eventType":"AwsApiCall","eventTime":"2026-11-01T09:00:00Z","awsRegion":"us-east-1",` +
		`"recipientAccountId":%q,"eventID":"id-%d","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/a","accountId":%q}}` + "\n"
	var b strings.Builder
	for n, c := range [][2]string{{"Management", owner}, {"Management", owner}, {"Data", owner}, {"Management", partner}} {
		fmt.Fprintf(&b, form, c[0], c[1], n, c[1])
	}
	file := write(t, t.TempDir(), "trail.json", b.String())
	for range 2 {
		s.kiroku("import", "--source", "cloudtrail", file)
	}
	var list struct {
		EventDataStores []struct{ Name, Store string } `json:"event_data_stores"`
	}
	if err := json.Unmarshal([]byte(s.kiroku("eds", "list", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"management": 2, "stopped": 0, "default": 2}
	for _, st := range list.EventDataStores {
		if n, _, code := run(t, "", "query", "*", "--store", st.Store, "--from", "2000-01-01", "--count", "--data", s.data); code != 0 || strings.TrimSpace(n) != fmt.Sprint(want[st.Name]) {
			t.Errorf("store %s has %s events, want %d", st.Name, n, want[st.Name])
		}
	}
	if n := s.count("*"); n != 4 {
		t.Errorf("%d events in all stores, want 4", n)
	}
}

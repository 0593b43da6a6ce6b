//go:build integration

package integration

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	_ "kiroku/internal/meta" // registers SQLite's driver
)

// progress is up to when Insights events of a store are committed, and up to when its row says that they are. Between the commit of
// the events and that of the row the first is greater.
func progress(db *sql.DB, store string) (told, position int64) {
	_ = db.QueryRow(`SELECT coalesce((SELECT position FROM checkpoints WHERE key = 'insights:' || event_data_store), 0), position
		FROM insight_selectors WHERE event_data_store = $1`, store).Scan(&told, &position) // busy: another look follows
	return told, position
}

// TestInsightsKill kills the server just after Insights events were committed, before it wrote down how far it had come, again and
// again: the start and the end of each burst are there once.
func TestInsightsKill(t *testing.T) {
	const bursts, enough = 20, 3
	data := t.TempDir()
	s := start(t, data)
	creds := newKey(s, owner, "alice")
	c := trail(t, s, creds)
	source, err := c.CreateEventDataStore(t.Context(), &cloudtrail.CreateEventDataStoreInput{Name: aws.String("calls")})
	if err != nil {
		t.Fatal(err)
	}
	to, err := c.CreateEventDataStore(t.Context(), &cloudtrail.CreateEventDataStoreInput{Name: aws.String("insights"), AdvancedEventSelectors: []types.AdvancedEventSelector{
		{FieldSelectors: []types.AdvancedFieldSelector{{Field: aws.String("eventCategory"), Equals: []string{"Insight"}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	records, now := burstRecords(bursts)
	s.kiroku("import", write(t, t.TempDir(), "records.json", strings.Join(records, "\n")))
	s.await("source:cloudtrail", len(records), 60*time.Second)
	if _, err := c.PutInsightSelectors(t.Context(), &cloudtrail.PutInsightSelectorsInput{EventDataStore: source.EventDataStoreArn, InsightsDestination: to.EventDataStoreArn,
		InsightSelectors: []types.InsightSelector{{InsightType: types.InsightTypeApiCallRateInsight}}}); err != nil {
		t.Fatal(err)
	}
	id := (*source.EventDataStoreArn)[strings.LastIndexByte(*source.EventDataStoreArn, '/')+1:]
	until := now.Add(-16 * time.Minute)
	hits, kills, last := 0, 0, int64(0)
	for end := time.Now().Add(3 * time.Minute); ; kills++ {
		told, position := killBetween(t, s, id, last, until, end)
		if told == 0 {
			break
		}
		if told > position {
			hits++
		}
		last = told
		s = start(t, data)
	}
	t.Logf("%d kills, %d of them between a commit and its state", kills, hits)
	if hits < enough {
		t.Errorf("only %d of %d kills were between a commit and its state", hits, kills)
	}
	s.await("eventCategory:Insight", 2*bursts, 30*time.Second)
	if got := s.sql("SELECT count(*), count(DISTINCT correlation_uid), count(DISTINCT api_operation || unmapped['insightDetails.state']) FROM events WHERE product_feature = 'Insight'"); strings.Join(got, " ") != fmt.Sprintf("%d %d %d", 2*bursts, bursts, 2*bursts) {
		t.Errorf("Insights events, insights, starts and ends: %v", got)
	}
}

// burstRecords are a week of calls and one burst of another call in each of the hours before now.
func burstRecords(bursts int) (records []string, now time.Time) {
	add := func(at time.Time, name string) {
		records = append(records, fmt.Sprintf(`{"eventVersion":"1.08","eventTime":%q,"eventID":"e-%d","eventSource":"iam.amazonaws.com","eventName":%q,"readOnly":false,"awsRegion":%q,`+
			`"recipientAccountId":%q,"eventCategory":"Management","eventType":"AwsApiCall","userIdentity":{"type":"IAMUser","userName":"deploy"}}`, at.Format(time.RFC3339), len(records), name, region, owner))
	}
	now = time.Now().UTC().Truncate(time.Minute)
	for at := now.Add(-7 * 24 * time.Hour); at.Before(now); at = at.Add(5 * time.Minute) {
		add(at, "CreateUser")
	}
	for b := range bursts {
		from := now.Truncate(time.Hour).Add(-time.Duration(b+2)*time.Hour + 20*time.Minute)
		for i := range 60 {
			add(from.Add(time.Duration(i)*5*time.Second), fmt.Sprintf("Burst%d", b))
		}
	}
	return records, now
}

// killBetween waits until events are committed, after those of last, which the row of the store does not know of, and kills the server
// at once. It returns what was so when the server was gone, and 0 when there was nothing left to do.
func killBetween(t *testing.T, s *server, store string, last int64, until, end time.Time) (told, position int64) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(s.data, "meta.db")+"?mode=ro&_busy_timeout=1000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for {
		told, position := progress(db, store)
		switch {
		case told > position && told > last:
			s.kill()
			return progress(db, store)
		case position >= until.UnixMicro():
			return 0, position
		case time.Now().After(end):
			t.Fatalf("the Insights events are not made in time:\n%s", s.said)
		}
	}
}

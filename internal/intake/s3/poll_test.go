package s3

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/aws"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/intake"
	"kiroku/internal/meta"
)

// at is a looker whose rounds are run by hand.
func lookerOf(t *testing.T, c *cloud, l *lake, cfg Config) *looker {
	t.Helper()
	cfg.Origin = &event.Origin{Source: event.CloudTrail}
	in := New(cfg, Cloud{c, c, c}, NewProgress(l.db), l, discard())
	lk := &looker{in: in, folders: map[string]*folder{}}
	t.Cleanup(lk.wait.Wait)
	return lk
}

// at makes a look at a time and waits for the history.
func (l *looker) at(now time.Time) {
	l.round(context.Background(), now)
	l.wait.Wait()
}

// expect compares the objects that are stored, each with one record named as its unique part.
func expect(t *testing.T, l *lake, when string, names ...string) {
	t.Helper()
	var want []string
	for _, n := range names {
		want = append(want, fmt.Sprintf(`{"eventID":"%s-0"}`, n))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, l.texts()); diff != "" {
		t.Errorf("%s: -want +got:\n%s", when, diff)
	}
}

// Late files, files out of order, new regions, new accounts and those of an organization are found; nothing else is read.
func TestLooks(t *testing.T) {
	c, l := newCloud(), newLake(t)
	put := func(prefix, account, region string, at time.Time, name string) {
		c.put(bucket, keyOf(prefix, account, region, at, name), file(name, 1))
	}
	lk := lookerOf(t, c, l, Config{Bucket: bucket})
	now := noon
	lk.at(now)
	if st := lk.in.Status(); st.State != stateError || !strings.Contains(st.Error, "no folder of CloudTrail") {
		t.Errorf("an empty bucket: %s %q", st.State, st.Error)
	}
	put("", account, "us-east-1", now, "first")
	put("", account, "us-east-1", now.AddDate(-3, 0, 0), "old")
	put("", account, "us-east-1", now.AddDate(0, 0, -20), "weeks")
	for _, other := range []string{
		"AWSLogs/111122223333/Config/us-east-1/2026/6/5/ConfigHistory/x.json.gz",
		"AWSLogs/111122223333/elasticloadbalancing/us-east-1/2026/06/05/x.log.gz",
		"AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/06/05/111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20260605T120000Z.json.gz",
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/06/05/notes.txt", "AWSLogs/111122223333/CloudTrail/us-east-1/2026/06/05/", "mine/x.json.gz",
		"pre/AWSLogs/111122223333/CloudTrail/us-east-1/2026/06/05/111122223333_CloudTrail_us-east-1_20260605T1200Z_other.json.gz",
	} {
		c.put(bucket, other, file("wrong", 1))
	}
	lk.at(now)
	all := []string{"first", "old", "weeks"}
	expect(t, l, "first look", all...)
	put("", account, "us-east-1", now.Add(-3*time.Minute), "a_before_first")
	put("", account, "eu-central-1", now, "region")
	put("", "444455556666", "us-east-1", now, "account")
	put("", account, "us-east-1", now.Add(-26*time.Hour), "yesterday")
	all = append(all, "a_before_first", "region", "account")
	now = now.Add(time.Minute)
	lk.at(now)
	expect(t, l, "out of order, new region and account; yesterday's with the next full look", append([]string{"yesterday"}, all...)[1:]...)
	now = now.Add(overlapEach)
	lk.at(now)
	all = append(all, "yesterday")
	expect(t, l, "two days back", all...)
	put("", account, "us-east-1", now.AddDate(0, 0, -29), "month")
	now = now.Add(monthEach)
	lk.at(now)
	all = append(all, "month")
	expect(t, l, "29 days late", all...)
	for name, region := range map[string]string{"org": "us-gov-west-1", "org2": "cn-north-1"} {
		key := strings.Replace(keyOf("", "777788889999", region, now, name), "AWSLogs/", "AWSLogs/o-exampleorgid/", 1)
		c.put(bucket, key, file(name, 1))
		all = append(all, name)
	}
	for kind, name := range map[string]string{"CloudTrail-Insight": "insight", "CloudTrail-NetworkActivity": "network", "CloudTrail-Aggregated": "aggregated"} {
		c.put(bucket, strings.ReplaceAll(keyOf("", account, "us-east-1", now, name), "CloudTrail", kind), file(name, 1))
		all = append(all, name)
	}
	lk.at(now.Add(time.Minute))
	expect(t, l, "organization and all kinds", all...)
	// The process was not running for 40 days, and another one begins where this one ended.
	now = now.AddDate(0, 0, 40)
	for i := range 40 {
		name := fmt.Sprintf("down%02d", i)
		put("", account, "us-east-1", now.AddDate(0, 0, -i), name)
		all = append(all, name)
	}
	lk = lookerOf(t, c, l, Config{Bucket: bucket})
	lk.at(now)
	expect(t, l, "after a long time", all...)
	b := lk.in.Status().CloudTrail.Buckets
	if len(b) != 1 || b[0].Accounts != 3 || b[0].Regions != 4 || b[0].Folders != 8 || b[0].History != 0 {
		t.Errorf("buckets %+v", b)
	}
}

// A file under an old name that was copied into a small folder is found at the next look; what was read and forgotten is not
// read again.
func TestOldNames(t *testing.T) {
	c, l := newCloud(), newLake(t)
	put := func(age, modified int, name string) {
		key := keyOf("", account, "us-east-1", time.Now().AddDate(0, 0, -age), name)
		c.put(bucket, key, file(name, 1))
		o := c.buckets[bucket][key]
		o.modified = time.Now().AddDate(0, 0, -modified)
		c.buckets[bucket][key] = o
	}
	put(0, 0, "now")
	put(400, 400, "old")
	lk := lookerOf(t, c, l, Config{Bucket: bucket})
	lk.at(time.Now())
	put(300, 0, "copied")
	lk.at(time.Now())
	lk.at(time.Now())
	expect(t, l, "copied", "now", "old", "copied")
	lk = lookerOf(t, c, l, Config{Bucket: bucket})
	lk.at(time.Now().Add(time.Minute))
	expect(t, l, "after a restart", "now", "old", "copied")
	if n := lk.in.Status().CloudTrail.Buckets[0].History; n != 0 {
		t.Errorf("history pending of %d", n)
	}
}

// However the prefix is written, the same folders are found.
func TestPrefixes(t *testing.T) {
	for prefix, want := range map[string][]string{
		"":                               {"root"},
		"pre fix":                        {"deep"},
		"/pre fix/":                      {"deep"},
		"pre fix/AWSLogs":                {"deep"},
		"pre fix/AWSLogs/o-exampleorgid": {"deep"},
		"pre fix/AWSLogs/o-exampleorgid/111122223333/":                      {"deep"},
		"pre fix/AWSLogs/o-exampleorgid/111122223333/CloudTrail":            {"deep"},
		"pre fix/AWSLogs/o-exampleorgid/111122223333/CloudTrail/us-east-1/": {"deep"},
		"AWSLogs/777788889999": nil,
		"a/AWSLogs/b":          {"twice"},
	} {
		c, l := newCloud(), newLake(t)
		c.put(bucket, keyOf("", account, "us-east-1", noon, "root"), file("root", 1))
		c.put(bucket, strings.Replace(keyOf("pre fix/", account, "us-east-1", noon, "deep"), "AWSLogs/", "AWSLogs/o-exampleorgid/", 1), file("deep", 1))
		c.put(bucket, keyOf("a/AWSLogs/b/", account, "us-east-1", noon, "twice"), file("twice", 1))
		lk := lookerOf(t, c, l, Config{Bucket: bucket, Prefix: prefix})
		lk.at(noon)
		expect(t, l, "prefix "+prefix, want...)
	}
}

// Days before since are not read, until since says so.
func TestSince(t *testing.T) {
	c, l := newCloud(), newLake(t)
	for i := range 100 {
		name := fmt.Sprintf("d%02d", i)
		c.put(bucket, keyOf("", account, "us-east-1", noon.AddDate(0, 0, -i), name), file(name, 1))
	}
	lookerOf(t, c, l, Config{Bucket: bucket, Since: noon.AddDate(0, 0, -9)}).at(noon)
	if n := l.count(); n != 10 {
		t.Errorf("%d objects of ten days", n)
	}
	lookerOf(t, c, l, Config{Bucket: bucket, Since: noon.AddDate(0, 0, -59)}).at(noon)
	if n := l.count(); n != 60 {
		t.Errorf("%d objects of sixty days", n)
	}
	lookerOf(t, c, l, Config{Bucket: bucket}).at(noon)
	if n := l.count(); n != 100 {
		t.Errorf("%d objects of all days", n)
	}
}

// An object that cannot be read keeps its day open: it is read when it can be, however much later.
func TestLookAgain(t *testing.T) {
	c, l := newCloud(), newLake(t)
	var all []string
	for i := range 80 {
		name := fmt.Sprintf("d%02d", i)
		c.put(bucket, keyOf("", account, "us-east-1", noon.AddDate(0, 0, i), name), file(name, 1))
		all = append(all, name)
	}
	bad := keyOf("", account, "us-east-1", noon.AddDate(0, 0, 5), "d05")
	c.denied[bucket+"/"+bad] = true
	lk := lookerOf(t, c, l, Config{Bucket: bucket, Since: noon})
	for i := range 75 {
		lk.at(noon.AddDate(0, 0, i))
	}
	if n := l.count(); n != 75 { // all but the bad one; those of tomorrow are looked at too
		t.Errorf("%d objects, want 75", n)
	}
	delete(c.denied, bucket+"/"+bad)
	lk = lookerOf(t, c, l, Config{Bucket: bucket, Since: noon})
	lk.at(noon.AddDate(0, 0, 79))
	expect(t, l, "in the end", all...)
}

// When a bucket was looked at is when everything in it was read, never a time at which nobody looked.
func TestLooked(t *testing.T) {
	c, l := newCloud(), newLake(t)
	key := keyOf("", account, "us-east-1", noon, "one")
	c.put(bucket, key, file("one", 1))
	c.denied[bucket+"/"+key] = true
	looked := func(lk *looker, now time.Time, want time.Time) {
		t.Helper()
		lk.at(now)
		if b := lk.in.Status().CloudTrail.Buckets; len(b) != 1 || !b[0].Looked.Equal(want) {
			t.Errorf("at %s: %+v, want %s", now, b, want)
		}
	}
	lk := lookerOf(t, c, l, Config{Bucket: bucket})
	looked(lk, noon, time.Time{})
	looked(lookerOf(t, c, l, Config{Bucket: bucket}), noon.Add(time.Hour), time.Time{}) // after a restart
	delete(c.denied, bucket+"/"+key)
	good := noon.Add(3 * time.Hour)
	looked(lk, good, good)
	c.put(bucket, keyOf("", account, "us-east-1", noon, "two"), file("two", 1))
	c.denied[bucket+"/"+keyOf("", account, "us-east-1", noon, "two")] = true
	looked(lk, good.Add(2*time.Hour), good)
}

// The first look is interrupted, and the next one is made much later: nothing between them is left out.
func TestFirstLookInterrupted(t *testing.T) {
	c, l := newCloud(), newLake(t)
	var all []string
	for i := range 30 {
		name := fmt.Sprintf("d%02d", i)
		c.put(bucket, keyOf("", account, "us-east-1", noon.AddDate(0, 0, i), name), file(name, 1))
		all = append(all, name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	l.fail = func(event.Batch) error { cancel(); return ctx.Err() }
	lookerOf(t, c, l, Config{Bucket: bucket}).round(ctx, noon)
	l.fail = nil
	lookerOf(t, c, l, Config{Bucket: bucket}).at(noon.AddDate(0, 0, 29))
	expect(t, l, "in the end", all...)
}

// Trails are found, shadows once, and only those that log are read, each where it delivers.
func TestTrails(t *testing.T) {
	c, l := newCloud(), newLake(t)
	arn := func(region, name string) string {
		return "arn:aws:cloudtrail:" + region + ":" + account + ":trail/" + name
	}
	c.org = "o-exampleorgid"
	c.trails = []aws.Trail{
		{ARN: arn("us-east-1", "all"), Name: "all", HomeRegion: "us-east-1", Bucket: "one", Prefix: "p", MultiRegion: true},
		{ARN: arn("us-east-1", "all"), Name: "all", HomeRegion: "us-east-1", Bucket: "one", Prefix: "p", MultiRegion: true},
		{ARN: arn("eu-west-1", "off"), Name: "off", HomeRegion: "eu-west-1", Bucket: "off"},
		{ARN: arn("ap-northeast-1", "org"), Name: "org", HomeRegion: "ap-northeast-1", Bucket: "org", Organization: true},
	}
	c.stopped[arn("eu-west-1", "off")] = true
	put := func(bucket, key, name string) { c.put(bucket, key, file(name, 1)) }
	put("one", keyOf("p/", account, "us-east-1", noon, "mine"), "mine")
	put("one", keyOf("p/", "444455556666", "us-east-1", noon, "theirs"), "theirs")
	put("off", keyOf("", account, "eu-west-1", noon, "off"), "off")
	put("org", keyOf("", "444455556666", "us-east-1", noon, "tower"), "tower") // as Control Tower made them before 3.0
	put("org", strings.Replace(keyOf("", "444455556666", "us-east-1", noon, "member"), "AWSLogs/", "AWSLogs/o-exampleorgid/", 1), "member")
	put("org", strings.Replace(keyOf("", "444455556666", "us-east-1", noon, "other"), "AWSLogs/", "AWSLogs/o-anotherorgid/", 1), "other")
	lk := lookerOf(t, c, l, Config{Discover: true})
	lk.at(noon)
	expect(t, l, "trails", "mine", "tower", "member")
	want := []string{"us-east-1 " + arn("us-east-1", "all"), "eu-west-1 " + arn("eu-west-1", "off"), "ap-northeast-1 " + arn("ap-northeast-1", "org")}
	if diff := cmp.Diff(want, c.asked); diff != "" {
		t.Errorf("status asked of, -want +got:\n%s", diff)
	}
	st := lk.in.Status()
	if tr := st.CloudTrail.Trails; len(tr) != 3 || tr[1].Read || tr[1].Skipped != "it is not logging" || !tr[0].Read || st.State != stateReading {
		t.Errorf("state %s, trails %+v", st.State, tr)
	}
	// Without the right to ask, all organizations of the bucket are read, and what is missing is told.
	c.refuse["organization"] = fault.New(fault.Denied, errors.New("AccessDenied"), "")
	lk = lookerOf(t, c, l, Config{Discover: true})
	lk.at(noon)
	expect(t, l, "without organization", "mine", "tower", "member", "other")
	c.refuse["trails"] = errors.New("throttled")
	lk.at(noon.Add(2 * trailsEach)) // those of the last time stay
	put("one", keyOf("p/", account, "us-east-1", noon.Add(2*trailsEach), "later"), "later")
	lk.at(noon.Add(2*trailsEach + time.Minute))
	expect(t, l, "while trails cannot be asked for", "mine", "tower", "member", "other", "later")
	if st := lk.in.Status(); st.State != stateError {
		t.Errorf("state %s", st.State)
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// The policy has what is needed and no more.
func TestPolicy(t *testing.T) {
	c, l := newCloud(), newLake(t)
	c.denied["list "+bucket] = true
	for name, cfg := range map[string]Config{
		"bucket":   {Bucket: bucket},
		"queue":    {Queue: queueURL},
		"discover": {Discover: true},
		"verify":   {Bucket: bucket, Keys: true},
	} {
		lk := lookerOf(t, c, l, cfg)
		lk.in.report.trails = append(lk.in.report.trails, intake.Trail{Bucket: "found", Read: true}, intake.Trail{Bucket: "off", Skipped: "it is not logging"})
		got := lk.in.policy(account)
		golden := filepath.Join("testdata", "policy", name+".json")
		if *update {
			if err := os.WriteFile(golden, []byte(got+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || string(want) != got+"\n" {
			t.Errorf("%s: %v, got\n%s", golden, err, got)
		}
	}
}

// A problem stays in the list when it is over, and says so.
func TestProblemIsOver(t *testing.T) {
	in := New(Config{Bucket: bucket, Origin: &event.Origin{}}, Cloud{Buckets: newCloud(), Account: newCloud()}, NewProgress(newLake(t).db), nil, discard())
	in.failed(t.Context(), "s3://"+bucket, errors.New("no route to host"))
	in.failed(t.Context(), queueURL, errors.New("no such queue"))
	in.failed(t.Context(), "s3://"+bucket, nil)
	got := in.Status().CloudTrail.Problems
	if len(got) != 2 || !got[0].Over.IsZero() || got[1].Over.Before(got[1].Time) {
		t.Errorf("problems %+v, want the one of the queue, and that of the bucket as over", got)
	}
}

// What is remembered does not grow with the number of objects ever seen: a million in a year.
func TestStateIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("a million objects")
	}
	const days, step, perDay = 368, 4, 2740 // the process looks every four days
	l := newLake(t)
	b := &endless{perDay: perDay}
	store := &bulk{db: l.db}
	in := New(Config{Bucket: bucket, Origin: &event.Origin{}}, Cloud{Buckets: b, Account: newCloud()}, NewProgress(l.db), store, discard())
	lk := &looker{in: in, folders: map[string]*folder{}}
	var size [3]int64
	peak := int64(0)
	for d := 0; d < days; d += step {
		b.today = dayOf(noon) + int64(d)
		now := dayTime(b.today).Add(23*time.Hour + 50*time.Minute)
		lk.round(t.Context(), now)
		store.close(t)
		n, err := meta.CountObjects(t.Context(), l.db.Read())
		if err != nil {
			t.Fatal(err)
		}
		peak = max(peak, n)
		switch d {
		case 92, 184, days - step:
			size[d*3/days] = pages(t, l.db)
		}
	}
	lk.wait.Wait()
	if store.stored < 999_000 || b.gets != store.stored {
		t.Fatalf("%d objects are stored with %d requests, want a million, each once", store.stored, b.gets)
	}
	if limit := int64((rememberDays + 3) * perDay); peak > limit {
		t.Errorf("%d objects were remembered at a time, want at most those of %d days: %d", peak, rememberDays+step+3, limit)
	}
	if size[2] > size[0]*11/10 || size[2] > 16<<20 {
		t.Errorf("the database has %d bytes after three months, %d after six and %d after a year", size[0], size[1], size[2])
	}
	t.Logf("%d objects, at most %d remembered; database %d, %d, %d bytes", store.stored, peak, size[0], size[1], size[2])
}

func pages(t *testing.T, db *meta.DB) int64 {
	t.Helper()
	var n, size int64
	if err := db.Read().QueryRowContext(t.Context(), `SELECT (SELECT page_count FROM pragma_page_count()), (SELECT page_size FROM pragma_page_size())`).Scan(&n, &size); err != nil {
		t.Fatal(err)
	}
	return n * size
}

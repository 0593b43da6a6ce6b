package insight

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var key = Key{Kind: CallRate, Account: "111122223333", Region: "us-east-1", Source: "ec2.amazonaws.com", Name: "RunInstances"}

// history is what was usual before an hour, as it is counted in the lake.
func history(c Counts, first, hour int64) Baseline {
	b := Baseline{}
	if hour <= first {
		return b
	}
	b.Minutes = min(hour-first, History)
	peaks := map[int64]int64{}
	for slot := hour/Window - b.Minutes/Window; slot < hour/Window; slot++ {
		n := c.calls(slot*Window + Window - 1)
		b.Calls += n
		if day := (hour/Window - 1 - slot) / (Day / Window); n > peaks[day] {
			peaks[day] = n
		}
	}
	for _, p := range peaks {
		b.Peaks = append(b.Peaks, p)
	}
	return b
}

// run goes through the minutes from one on up to another, in steps of at most so many, and stops and goes on from what was kept.
func run(t *testing.T, c Counts, first, from, to, step int64) (found []string) {
	t.Helper()
	kept, hour, baseline := []byte("[]"), int64(-1), Baseline{}
	for from < to {
		var open []Open
		if err := json.Unmarshal(kept, &open); err != nil {
			t.Fatal(err)
		}
		end := min(to, from+step, from-from%60+60)
		if h := from - from%60; h != hour {
			hour, baseline = h, history(c, first, h)
		}
		still, changes := Advance(open, map[Key]Counts{key: c}, map[Key]Baseline{key: baseline}, from, end)
		for _, x := range changes {
			word, at := "start", x.Start
			if x.Ended {
				word, at = "end", x.Until
			}
			found = append(found, fmt.Sprintf("%s %d", word, at))
		}
		var err error
		if kept, err = json.Marshal(still); err != nil {
			t.Fatal(err)
		}
		from = end
	}
	return found
}

// Minutes are counted from a day that is none of the clock's; ten days are looked at, of which the last one or more are analysed.
const days = 10

func fill(f func(minute int64) float64) Counts {
	r := rand.New(rand.NewPCG(1, 2))
	c := Counts{}
	for m := range int64(days * Day) {
		if n := poisson(r, f(m)); n > 0 {
			c[m] = n
		}
	}
	return c
}

func poisson(r *rand.Rand, mean float64) (n int64) {
	if mean > 50 { // near enough
		return int64(math.Max(0, math.Round(mean+r.NormFloat64()*math.Sqrt(mean))))
	}
	for p := r.Float64(); p > math.Exp(-mean); n++ {
		p *= r.Float64()
	}
	return n
}

func TestAdvance(t *testing.T) {
	flat := func(rate float64) func(int64) float64 { return func(int64) float64 { return rate } }
	const last = (days - 1) * Day // the first minute of the last day
	at := func(c Counts, from, minutes, rate int64) Counts {
		for m := from; m < from+minutes; m++ {
			c[m] += rate
		}
		return c
	}
	nine := func(m int64) bool { return m%Day >= 9*60 && m%Day < 18*60 }
	for _, x := range []struct {
		name        string
		counts      Counts
		first, from int64 // of history, of the analysis
		want        string
	}{
		{"nothing", Counts{}, 0, last, ""},
		{"quiet", fill(flat(0.5)), 0, Day, ""},
		{"busy", fill(flat(300)), 0, Day, ""},
		{"burst", at(fill(flat(1)), last+100, 30, 20), 0, last, fmt.Sprintf("start %d end %d", last+100, last+130)},
		{"burst over midnight", at(fill(flat(1)), last-10, 30, 20), 0, last - Day, fmt.Sprintf("start %d end %d", last-10, last+20)},
		{"two bursts with some minutes between", at(at(fill(flat(0)), last+100, 5, 20), last+115, 5, 20), 0, last, fmt.Sprintf("start %d end %d", last+100, last+120)},
		{"two bursts", at(at(fill(flat(0)), last+100, 5, 20), last+200, 5, 20), 0, last, fmt.Sprintf("start %d end %d start %d end %d", last+100, last+105, last+200, last+205)},
		{"a burst the day before", at(at(fill(flat(1)), last-Day+100, 30, 20), last+100, 30, 20), 0, last, fmt.Sprintf("start %d end %d", last+100, last+130)},
		{"too few", at(Counts{0: 1}, last+100, 1, 19), 0, last, ""},
		{"new name", at(Counts{}, last+100, 1, 20), 0, last, fmt.Sprintf("start %d end %d", last+100, last+101)},
		{"new name, new account", at(Counts{}, last+100, 1, 20), last + 100, last, ""},
		{"half a day of history", at(fill(flat(1)), last+100, 30, 20), last - Day/2, last, ""},
		{"a day of history", at(fill(flat(1)), last+100, 30, 20), last - Day, last, fmt.Sprintf("start %d end %d", last+100, last+130)},
		{"slow growth", fill(func(m int64) float64 { return 20 * math.Pow(1.15, float64(m)/Day) }), 0, Day, ""},
		{"night and day", fill(func(m int64) float64 {
			if nine(m) {
				return 100
			}
			return 5
		}), 0, 3 * Day, ""},
		{"a job each night", fill(func(m int64) float64 {
			if m%Day < 120+5 && m%Day >= 120 {
				return 60
			}
			return 0.1
		}), 0, 4 * Day, ""},
		{"a gap", fill(func(m int64) float64 {
			if m > last-12*60 && m < last+12*60 {
				return 0
			}
			return 30
		}), 0, last, ""},
		{"a burst in a gap", at(fill(func(m int64) float64 {
			if m > last-6*60 && m < last+12*60 {
				return 0
			}
			return 1
		}), last+60, 10, 20), 0, last, fmt.Sprintf("start %d end %d", last+60, last+70)},
	} {
		t.Run(x.name, func(t *testing.T) {
			for _, step := range []int64{60, 7, 1} { // a restart after each
				if got := strings.Join(run(t, x.counts, x.first, x.from, days*Day, step), " "); got != x.want {
					t.Errorf("in steps of %d: %q, want %q", step, got, x.want)
				}
			}
		})
	}
}

// A new level begins once, and is usual when it has been there for days.
func TestNewLevel(t *testing.T) {
	const begin = 3 * Day
	c := fill(func(m int64) float64 {
		if m >= begin {
			return 30
		}
		return 1
	})
	got := run(t, c, 0, Day, days*Day, 60)
	var start, end int64
	if n, err := fmt.Sscanf(strings.Join(got, " "), "start %d end %d", &start, &end); n != 2 || err != nil || len(got) != 2 {
		t.Fatalf("%q", got)
	}
	if start != begin || end < begin+2*Day || end > begin+3*Day {
		t.Errorf("from %d to %d", start-begin, end-begin)
	}
}

// A million windows of a Poisson process have about one that is rare.
func TestAtLeast(t *testing.T) {
	for _, c := range []struct {
		n    int64
		mean float64
		want float64
	}{
		{1, 0.1, 1 - math.Exp(-0.1)},
		{2, 0.5, 1 - 1.5*math.Exp(-0.5)},
		{20, 5, 3.452135821e-7}, // 1 minus the sum of the terms up to 19
		{20, 0, 0},
		{100000, 10, 0},
	} {
		if got := atLeast(c.n, c.mean); math.Abs(got-c.want) > 1e-6*c.want {
			t.Errorf("atLeast(%d, %v) = %v, want %v", c.n, c.mean, got, c.want)
		}
	}
}

func TestRecord(t *testing.T) {
	c := Change{Open: Open{Key: key, Start: 29_000_000, Baseline: 1440}, Until: 29_000_010}
	var shares []Share
	for i := range int64(8) {
		shares = append(shares, Share{Value: fmt.Sprint("v", i), Insight: 10 * i, Baseline: 70 - 10*i})
	}
	f := Facts{Insight: 280, Baseline: 144, ARNs: shares, Agents: []Share{{"null", 280, 144}}}
	start := string(c.Record("store", &f))
	const want = `{"eventVersion":"1.07","eventTime":"2025-02-19T21:20:00Z","awsRegion":"us-east-1","eventID":"ID","eventType":"AwsCloudTrailInsight","recipientAccountId":"111122223333",` +
		`"sharedEventID":"ID","insightDetails":{"state":"Start","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","insightType":"ApiCallRateInsight","insightContext":{` +
		`"statistics":{"baseline":{"average":0.1},"insight":{"average":28},"insightDuration":10,"baselineDuration":1440},"attributions":[{"attribute":"userIdentityArn",` +
		`"insight":[{"value":"v7","average":7},{"value":"v6","average":6},{"value":"v5","average":5},{"value":"v4","average":4},{"value":"v3","average":3}],` +
		`"baseline":[{"value":"v0","average":0.04861111111111111},{"value":"v1","average":0.041666666666666664},{"value":"v2","average":0.034722222222222224},` +
		`{"value":"v3","average":0.027777777777777776},{"value":"v4","average":0.020833333333333332}]},` +
		`{"attribute":"userAgent","insight":[{"value":"null","average":28}],"baseline":[{"value":"null","average":0.1}]},{"attribute":"errorCode","insight":[],"baseline":[]}]}},"eventCategory":"Insight"}`
	var r struct{ EventID, SharedEventID string }
	if err := json.Unmarshal([]byte(start), &r); err != nil {
		t.Fatal(err)
	}
	if got := strings.NewReplacer(r.EventID, "ID", r.SharedEventID, "ID").Replace(start); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// The same change is the same event; everything else is another.
	ids := []string{r.EventID}
	for i, change := range []func(c *Change, store *string){
		func(c *Change, _ *string) { c.Until++; c.Baseline++ },
		func(c *Change, _ *string) { c.Ended = true },
		func(c *Change, _ *string) { c.Start++ },
		func(c *Change, _ *string) { c.Kind = ErrorRate },
		func(c *Change, _ *string) { c.Code = "AccessDenied" },
		func(_ *Change, store *string) { *store = "other" },
	} {
		c, store := c, "store"
		change(&c, &store)
		if err := json.Unmarshal(c.Record(store, &f), &r); err != nil {
			t.Fatal(err)
		}
		if known := slices.Contains(ids, r.EventID); known != (i == 0) {
			t.Errorf("change %d: known %v", i, known)
		}
		ids = append(ids, r.EventID)
	}
}

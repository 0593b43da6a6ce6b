package insight

import (
	"cmp"
	"maps"
	"slices"
)

// The kinds of insights, as CloudTrail names them.
const (
	CallRate  = "ApiCallRateInsight"
	ErrorRate = "ApiErrorRateInsight"
)

const (
	// Window is the number of minutes whose calls are counted together.
	Window = 5
	// Least is how many calls of a window can be unusual.
	Least = 20
	// Day is what history there must be, in minutes.
	Day = 24 * 60
	// History is the time before an hour that says what is usual, in minutes.
	History = 7 * Day

	quiet    = 10      // minutes without an unusual window that end an insight
	factor   = 2       // an unusual window has that many times the usual calls
	learned  = 3       // a day as busy has to come so often to be usual
	patience = 2 * Day // for which an insight is compared with what was usual when it began
)

// Key is what is counted: calls of a name, or those of them that had an error.
type Key struct {
	Kind    string // CallRate or ErrorRate
	Account string
	Region  string
	Source  string // for example ec2.amazonaws.com
	Name    string
	Code    string // the error, of ErrorRate
}

// Counts are calls by minute since 1970. Minutes without any may be missing.
type Counts map[int64]int64

// Baseline says what was usual of a key before an hour.
type Baseline struct {
	Minutes int64   // of history in the account and region, at most History
	Calls   int64   // in these minutes
	Peaks   []int64 // most calls in a window, of each day that has some
}

// Open is an insight that has begun and not ended.
type Open struct {
	Key
	Start    int64   // its first minute
	Last     int64   // the last minute above a usual one
	Unusual  int64   // the end of the last unusual window
	Baseline int64   // minutes before Start that it is compared with
	Usual    float64 // calls of a window then
}

// Change is the start or end of an insight. The minutes from Start up to Until are those it is about.
type Change struct {
	Open
	Until int64
	Ended bool
}

// usual is the calls of a usual window.
func (b *Baseline) usual() float64 {
	if b.Minutes == 0 {
		return 0
	}
	// One call that could have been there: a name that is new is not infinitely rare.
	average := float64(b.Calls+1) / float64(b.Minutes) * Window
	days := int(min(max(b.Minutes/Day, 1), learned))
	if len(b.Peaks) < days {
		return average
	}
	peaks := slices.Sorted(slices.Values(b.Peaks))
	return max(average, float64(peaks[len(peaks)-days]))
}

// calls are the calls of the window that ends with a minute.
func (c Counts) calls(minute int64) (n int64) {
	for m := minute - Window + 1; m <= minute; m++ {
		n += c[m]
	}
	return n
}

// busy are the first and the last minute of an unusual window at whose rate a window would have more calls than usual, and Least.
func (c Counts) busy(minute int64, usual float64) (first, last int64) {
	for m := minute - Window + 1; m <= minute; m++ {
		if n := c[m] * Window; n >= Least && float64(n) > usual {
			if first == 0 {
				first = m
			}
			last = m
		}
	}
	return first, last
}

// Candidates are the keys of which windows from one minute up to another may be unusual, and those that are open: Advance needs
// their baselines.
func Candidates(open []Open, counts map[Key]Counts, from, to int64) []Key {
	found := map[Key]bool{}
	for _, o := range open {
		found[o.Key] = true
	}
	for key, c := range counts {
		for m := from; m < to && !found[key]; m++ {
			if c.calls(m) >= Least {
				found[key] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), compare)
}

func compare(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Code, b.Code))
}

// Advance goes through the minutes from one up to another, which are of one hour, and returns what is open then and what has
// changed. counts also have the Window minutes before; baselines are those before the hour, of all Candidates.
func Advance(open []Open, counts map[Key]Counts, baselines map[Key]Baseline, from, to int64) (still []Open, changes []Change) {
	begun := map[Key]Open{}
	for _, o := range open {
		begun[o.Key] = o
	}
	for _, key := range Candidates(open, counts, from, to) {
		c, b := counts[key], baselines[key]
		usual := b.usual()
		for m := from; m < to; m++ {
			o, is := begun[key]
			usual := usual
			if is && m-o.Start < patience {
				usual = o.Usual
			}
			switch unusual := unusual(c.calls(m), usual); {
			case unusual && is:
				_, o.Last = c.busy(m, usual)
				o.Unusual = m
				begun[key] = o
			case unusual && b.Minutes >= Day:
				o := Open{Key: key, Unusual: m, Baseline: b.Minutes, Usual: usual}
				o.Start, o.Last = c.busy(m, usual)
				begun[key] = o
				changes = append(changes, Change{Open: o, Until: m + 1})
			case is && m-o.Unusual >= quiet:
				delete(begun, key)
				changes = append(changes, Change{Open: o, Until: o.Last + 1, Ended: true})
			}
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(begun), compare) {
		still = append(still, begun[key])
	}
	return still, changes
}

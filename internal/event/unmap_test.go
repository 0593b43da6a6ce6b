package event

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// leaves writes what is unmapped in the order of its leaves.
func leaves(e *Event) string {
	all := make([]string, len(e.Unmapped()))
	for i, p := range e.Unmapped() {
		all[i] = p.Key + "=" + p.Value
	}
	return strings.Join(all, " ")
}

func TestUnmapKeepsRepeatedNames(t *testing.T) {
	for in, want := range map[string]string{
		"a=1 b=2":                     "a=1 b=2",
		"a=1 a=2":                     "a=1 a#2=2",
		"a=1 a=2 a=3 b=1 b=2":         "a=1 a#2=2 a#3=3 b=1 b#2=2",
		"a=1 a=1":                     "a=1",
		"a=1 a=2 a=2 a=1":             "a=1 a#2=2 a#3=1",
		"a=1 a#2=x a=2":               "a=1 a#2=x a#3=2",
		"a#2=x a=1 a=2":               "a#2=x a=1 a#3=2",
		"a=1 a=2 a#2=x":               "a=1 a#2=2 a#2#2=x",
		"a#2=x a=1":                   "a#2=x a=1",
		"a= a=1":                      "a=1",
		"=1 =2":                       "=1 #2=2",
		"abc=1 adc=1 abc=2 adc=2 a=1": "abc=1 adc=1 abc#2=2 adc#2=2 a=1",
	} {
		for _, before := range []int{0, manyLeaves - 1, manyLeaves, 3 * manyLeaves} {
			var e Event
			for round := range 2 { // a row that is used again
				e.Reset()
				for i := range before {
					e.Unmap(fmt.Sprintf("other%d", i), "x")
				}
				for _, leaf := range strings.Fields(in) {
					key, v, _ := strings.Cut(leaf, "=")
					e.Unmap(key, v)
				}
				got := leaves(&e)
				if before > 0 {
					_, got, _ = strings.Cut(got, fmt.Sprintf("other%d=x ", before-1))
				}
				if got != want {
					t.Errorf("%s behind %d leaves, round %d: %s, want %s", in, before, round, got, want)
				}
			}
		}
	}
}

// FuzzUnmap: names are unique, and every leaf is there under its name or a number of it.
func FuzzUnmap(f *testing.F) {
	f.Add("a=1 a=2 a#2=3 b=1", uint8(0))
	f.Add("a#2=1 a=1 a=2 a=2", uint8(62))
	f.Fuzz(func(t *testing.T, in string, before uint8) {
		var e Event
		for i := range before {
			e.Unmap(fmt.Sprintf("other%d", i), "x")
		}
		want := strings.Fields(in)
		for _, leaf := range want {
			key, v, _ := strings.Cut(leaf, "=")
			e.Unmap(key, v)
		}
		seen := map[string]string{}
		for _, p := range e.Unmapped() {
			if _, twice := seen[p.Key]; twice {
				t.Fatalf("%q stands twice in %s", p.Key, leaves(&e))
			}
			seen[p.Key] = p.Value
		}
		for _, leaf := range want {
			key, v, _ := strings.Cut(leaf, "=")
			held := v == "" || seen[key] == v
			for k, value := range seen {
				held = held || value == v && strings.HasPrefix(k, key+"#")
			}
			if !held {
				t.Fatalf("%q is not in %s", leaf, leaves(&e))
			}
		}
	})
}

func BenchmarkUnmap(b *testing.B) {
	var few, many, equal []string
	for i := range 1000 {
		name := fmt.Sprintf("field.of.some.%d", i)
		if i < 20 {
			few = append(few, name)
		}
		many, equal = append(many, name), append(equal, "name")
	}
	values := make([]string, 1000)
	for i := range values {
		values[i] = fmt.Sprint("value ", i)
	}
	for name, keys := range map[string][]string{"few": few, "many": many, "equal": equal} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var e Event
			for b.Loop() {
				e.Reset()
				for i, key := range keys {
					e.Unmap(key, values[i])
				}
			}
		})
	}
}

// A row that was reset after a huge record holds no more memory than after a usual one.
func TestResetAfterHugeRecord(t *testing.T) {
	var e Event
	for i := range 100_000 {
		e.Unmap(strconv.Itoa(i), "v")
	}
	for range 100_000 {
		e.Add(ColTags, "", "t")
	}
	e.Keep(make([]byte, 10<<20))
	e.Reset()
	if n := cap(e.unmapped); n > keptLeaves {
		t.Errorf("room for %d leaves is kept", n)
	}
	if n := cap(e.lists[ColTags]); n > keptLeaves {
		t.Errorf("room for %d tags is kept", n)
	}
	if n := cap(e.scratch); n > keptScratch {
		t.Errorf("%d bytes are kept", n)
	}
	if e.names.index != nil {
		t.Error("the index of names is kept")
	}
}

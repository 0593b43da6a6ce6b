package nest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"

	"github.com/google/go-cmp/cmp"
)

// TestBuilderForgets holds that an object shows nothing of those that stood in its memory before.
func TestBuilderForgets(t *testing.T) {
	n := New(ocsf.New())
	b := n.Builder()
	for _, class := range classUIDs {
		var large, bare, all event.Event
		full(&large, class)
		for i := range 2 * maxKept {
			large.Unmap(fmt.Sprint("leaf", i), "x")
		}
		bare.Class(class, 0)
		full(&all, class)
		for _, e := range []*event.Event{&all, &bare, &large, &bare, &all} {
			if diff := cmp.Diff(n.Object(e), b.Object(e).asMap()); diff != "" {
				t.Fatalf("class %d, object (-of its own +in memory used before):\n%s", class, diff)
			}
			if len(b.objects) > maxKept {
				t.Errorf("class %d: %d objects", class, len(b.objects))
			}
		}
	}
	if b.reset(); cap(b.unmapped) > 2*maxKept {
		t.Errorf("the memory of %d leaves is kept", cap(b.unmapped))
	}
}

// TestFieldsAreInOrder holds that names are sorted and stand once, for every class of the schema.
func TestFieldsAreInOrder(t *testing.T) {
	v := ocsf.New()
	b := New(v).Builder()
	var inOrder func(o *Object) bool
	inOrder = func(o *Object) bool {
		for i, f := range o.Fields {
			if i > 0 && f.Name != "" && f.Name <= o.Fields[i-1].Name || f.Object != nil && !inOrder(f.Object) {
				return false
			}
		}
		return true
	}
	classes := 0
	for uid := range 10_000 {
		if _, ok := v.Class(uid); !ok {
			continue
		}
		classes++
		var bare, all, own event.Event
		bare.Class(uid, 99)
		full(&own, uid)
		for _, c := range event.Columns() {
			if strings.HasPrefix(c.Info().Path, "user.") {
				own.Clear(c) // the user is the actor
			}
		}
		full(&all, uid)
		for _, name := range []string{"z", "a", "kiroku.input", "m#2", "kiroku.event_code", ""} {
			all.Unmap(name, "x")
		}
		for _, e := range []*event.Event{&bare, &own, &all} {
			if !inOrder(b.Object(e)) {
				t.Errorf("class %d: %v", uid, b.Object(e).asMap())
			}
		}
	}
	if classes < 70 {
		t.Errorf("only %d classes", classes)
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	n := New(ocsf.New())
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for _, class := range classUIDs {
				var e event.Event
				full(&e, class)
				n.Object(&e)
			}
		})
	}
	all.Wait()
}

func TestBuilderNoAllocations(t *testing.T) {
	b := New(ocsf.New()).Builder()
	for _, class := range classUIDs {
		var e event.Event
		full(&e, class)
		e.Clear(event.ColSrcMac) // net.ParseMAC allocates
		e.Str(event.ColHTTPMethod, "", "GET")
		b.Object(&e)
		if n := testing.AllocsPerRun(20, func() { b.Object(&e) }); n != 0 {
			t.Errorf("class %d: %v allocations", class, n)
		}
	}
}

func BenchmarkBuilder(b *testing.B) {
	builder := New(ocsf.New()).Builder()
	var e event.Event
	full(&e, event.ClassAuthentication)
	builder.Object(&e)
	b.ReportAllocs()
	for b.Loop() {
		builder.Object(&e)
	}
}

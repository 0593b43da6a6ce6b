package segment

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kiroku/internal/event"
)

// A filter has every part of what it was made of, in either case, whatever its size, and few others.
func TestGramFilter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	letters := "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .:/_-"
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[rnd.IntN(len(letters))]
		}
		return string(b)
	}
	var s gramSet
	for _, n := range []int{0, 1, 2, 3, 7, 8, 9, 13, 14, 100, 1000, 4000} {
		run := text(n) + "日本"
		f := s.appendFilter([]byte("before"), []byte(run))[len("before"):]
		if len(f) > 1<<(maxGramBits-3) || len(f) < 1<<(minGramBits-3) {
			t.Fatalf("the filter of %d bytes has %d bytes", n, len(f))
		}
		for from := range n {
			part := strings.ToLower(run[from:min(n, from+1+rnd.IntN(12))])
			if !gramsHave(f, part) {
				t.Fatalf("the filter of %q denies %q", run, part)
			}
		}
		wrong := 0
		for range 1000 {
			if part := strings.ToLower(text(8)); gramsHave(f, part) && !strings.Contains(strings.ToLower(run), part) {
				wrong++
			}
		}
		if wrong > 30 {
			t.Errorf("the filter of %d bytes (%d bytes) does not deny %d of 1000 parts that are not there", n, len(f), wrong)
		}
	}
	for _, odd := range []string{"273 \u212A", "\u0130stanbul"} {
		if f := s.appendFilter(nil, []byte(strings.Repeat("x", 99)+odd)); len(f) > 0 {
			t.Errorf("texts with %q have a filter, which would deny the letter that it folds to", odd)
		}
	}
}

// Pages say what they may hold: those of a file with filters by them, all others always.
func TestPageMayHold(t *testing.T) {
	b := NewBuilder(words, Fast)
	var e event.Event
	for i := range 2*textPageRows + 10 {
		e.Reset()
		e.Class(event.ClassAuthentication, 1)
		e.Str(event.ColActorUserName, "", "user@example.com")
		text := "login of admin"
		if i == textPageRows+5 {
			text = "sudo MIMIkatz.exe"
		}
		e.Str(event.ColMessage, "", text)
		b.Append(&e)
	}
	path := filepath.Join(t.TempDir(), "a.parquet")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Assemble(out, []*Group{b.Finish()}, 1); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g := f.Groups[0]
	for _, c := range []struct {
		col  event.Column
		part string
		want [3]bool
	}{
		{event.ColMessage, "mimikatz", [3]bool{false, true, false}},
		{event.ColMessage, "login of admin", [3]bool{true, true, true}},
		{event.ColMessage, "powershell", [3]bool{}},
		{event.ColMessage, "zz", [3]bool{true, true, true}}, // too short to tell
		{event.ColMessage, "", [3]bool{true, true, true}},
		{event.ColActorUserName, "powershell", [3]bool{true, true, true}},
		{event.ColMetadataUID, "powershell", [3]bool{true, true, true}}, // no row has one
	} {
		for p, want := range c.want {
			if got, err := NewReader(nil).PageMayHold(g, c.col, p*textPageRows, c.part); err != nil || got != want {
				t.Errorf("page %d of %s may hold %q: %v, %v; want %v", p, c.col, c.part, got, err, want)
			}
		}
	}
}

func BenchmarkGramFilter(b *testing.B) {
	var run []byte
	for i := range textPageRows {
		run = append(run, []byte("WebRequest completed, GET to [https://docs11.example.com:443/wiki/calendar?id=")...)
		run = append(run, []byte(strings.Repeat(string(rune('0'+i%10)), 1+i%6))...)
		run = append(run, []byte("] from [198.51.100.238] result=[200] sent=[1122] received=[61420] in [8] seconds")...)
	}
	var s gramSet
	var dst []byte
	b.SetBytes(int64(len(run)))
	b.ReportAllocs()
	for b.Loop() {
		dst = s.appendFilter(dst[:0], run)
	}
}

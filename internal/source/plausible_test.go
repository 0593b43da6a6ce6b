package source_test

import (
	"testing"
	"time"

	"kiroku/internal/source"
)

func TestPlausible(t *testing.T) {
	received := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		at   time.Time
		want bool
	}{
		{time.Unix(0, 0), true},
		{time.Unix(-1, 999_999_999), false},
		{time.Time{}, false},
		{received, true},
		{received.Add(366 * 24 * time.Hour), true},
		{received.Add(366*24*time.Hour + time.Second), false},
		{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), false},
	} {
		if got := source.Plausible(tt.at, received); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.at, got, tt.want)
		}
	}
}

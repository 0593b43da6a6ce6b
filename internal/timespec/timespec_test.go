package timespec_test

import (
	"strings"
	"testing"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/timespec"
)

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := timespec.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestParse(t *testing.T) {
	now := at(t, "2026-11-05T14:30:15.25Z") // a Thursday
	tests := []struct{ in, zone, want string }{
		{"now", "", "2026-11-05T14:30:15.25Z"},
		{"now-24h", "", "2026-11-04T14:30:15.25Z"},
		{"-24h", "", "2026-11-04T14:30:15.25Z"},
		{"now+30m", "", "2026-11-05T15:00:15.25Z"},
		{"now-1h-30m", "", "2026-11-05T13:00:15.25Z"},
		{"now/s", "", "2026-11-05T14:30:15Z"},
		{"now/m", "", "2026-11-05T14:30:00Z"},
		{"now/h", "", "2026-11-05T14:00:00Z"},
		{"now/d", "", "2026-11-05T00:00:00Z"},
		{"now/d", "Asia/Tokyo", "2026-11-04T15:00:00Z"},
		{"now-1d/d", "", "2026-11-04T00:00:00Z"},
		{"now/w", "", "2026-11-02T00:00:00Z"},
		{"now/M", "", "2026-11-01T00:00:00Z"},
		{"now/y", "", "2026-01-01T00:00:00Z"},
		{"now-1M", "", "2026-10-05T14:30:15.25Z"},
		// Clocks in New York were put back on 1 November: six days before is an hour more than 144 hours before.
		{"now-6d", "America/New_York", "2026-10-30T13:30:15.25Z"},
		{"now-6d/d", "America/New_York", "2026-10-30T04:00:00Z"},
		{"today", "Asia/Tokyo", "2026-11-04T15:00:00Z"},
		{"yesterday", "", "2026-11-04T00:00:00Z"},
		{"1763805600000", "", "2025-11-22T10:00:00Z"},
		{"2026-11-01T09:00:00.123456+09:00", "", "2026-11-01T00:00:00.123456Z"},
		{"2026-11-01 09:00:00Z", "Asia/Tokyo", "2026-11-01T09:00:00Z"},
		{"2026-11-01T09:00:00", "Asia/Tokyo", "2026-11-01T00:00:00Z"},
		{"2026-11-01 09:00", "Asia/Tokyo", "2026-11-01T00:00:00Z"},
		{"2026-11-01", "America/New_York", "2026-11-01T04:00:00Z"},
		{"2026-11", "", "2026-11-01T00:00:00Z"},
		{" now ", "", "2026-11-05T14:30:15.25Z"},
	}
	for _, tt := range tests {
		got, err := timespec.Parse(tt.in, now, zone(t, tt.zone))
		if err != nil {
			t.Errorf("Parse(%q, %q): %v", tt.in, tt.zone, err)
			continue
		}
		if want := at(t, tt.want); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("Parse(%q, %q) = %v, want %v", tt.in, tt.zone, got, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", "this is not a time"},
		{"soon", "this is not a time"},
		{"now24h", "does not follow now"},
		{"now-", "has no number"},
		{"now-5", "has no unit"},
		{"now-5x", "has no unit"},
		{"now/x", "is not a unit to round to"},
		{"now/d-1d", "is not a unit to round to"},
		{"now-99999999999999999999y", "the number is too large"},
		{"now-9000y", "the year is not between 0 and 9999"},
		{"9999999999999999", "the year is not between"},
		{"2026-13-01", "this is not a time"},
		{"1763805600", "this is not a time"},
	}
	for _, tt := range tests {
		_, err := timespec.Parse(tt.in, at(t, "2026-11-05T14:30:15Z"), nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q): %v, want an error with %q", tt.in, err, tt.want)
			continue
		}
		if fault.KindOf(err) != fault.Invalid || fault.NextOf(err) == "" {
			t.Errorf("Parse(%q): kind %v, next %q", tt.in, fault.KindOf(err), fault.NextOf(err))
		}
	}
}

func TestRange(t *testing.T) {
	now := at(t, "2026-11-05T14:30:15Z")
	tests := []struct{ from, to, wantFrom, wantTo, err string }{
		{"now/d", "now/d", "2026-11-05T00:00:00Z", "2026-11-06T00:00:00Z", ""},
		{"now-24h", "", "2026-11-04T14:30:15Z", "0001-01-01T00:00:00Z", ""},
		{"", "now", "0001-01-01T00:00:00Z", "2026-11-05T14:30:15Z", ""},
		{"now", "now-1h", "", "", `start "now" (2026-11-05T14:30:15Z) is not before end "now-1h"`},
		{"now", "now", "", "", "is not before"},
		{"x", "", "", "", "read start of range"},
		{"", "x", "", "", "read end of range"},
	}
	for _, tt := range tests {
		from, to, err := timespec.Range(tt.from, tt.to, now, nil)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) || fault.KindOf(err) != fault.Invalid {
				t.Errorf("Range(%q, %q): %v, want an error with %q", tt.from, tt.to, err, tt.err)
			}
			continue
		}
		if err != nil || !from.Equal(at(t, tt.wantFrom)) || !to.Equal(at(t, tt.wantTo)) {
			t.Errorf("Range(%q, %q) = %v, %v, %v, want %s, %s", tt.from, tt.to, from, to, err, tt.wantFrom, tt.wantTo)
		}
	}
}

func TestZone(t *testing.T) {
	for _, name := range []string{"Local", "Nowhere/City", "../etc/passwd"} {
		if loc, err := timespec.Zone(name); err == nil || fault.KindOf(err) != fault.Invalid {
			t.Errorf("Zone(%q) = %v, %v", name, loc, err)
		}
	}
}

// Whatever Parse reads is a moment that RFC 3339 can write, and that reads back as the same moment.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"now", "now-24h", "now-1d/d", "-5w", "1763805600000", "2026-11-01T09:00:00.5+09:00", "2026-11-01 09:00", "2026-11", "0000-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "now/"} {
		f.Add(s)
	}
	now := at(f, "2026-11-05T14:30:15.25Z")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := timespec.Parse(s, now, nil)
		if err != nil {
			return
		}
		back, err := timespec.Parse(got.Format(time.RFC3339Nano), now, nil)
		if err != nil || !back.Equal(got) {
			t.Fatalf("Parse(%q) = %v reads back as %v, %v", s, got, back, err)
		}
	})
}

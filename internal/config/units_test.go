package config

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDuration(t *testing.T) {
	for in, want := range map[string]string{
		"500ms": "500ms", "60s": "1m", "1h": "1h", "1h30m": "1h30m", "24h": "1d", "30d": "30d", "1w": "7d", "1w2d12h": "228h",
		"1.5d": "36h", " 5s ": "5s", "0": "0s", "1m30s": "1m30s", "1h0m10s": "1h0m10s",
	} {
		var d Duration
		if err := d.UnmarshalText([]byte(in)); err != nil || d.String() != want {
			t.Errorf("%q: %v, %v; want %s", in, d, err, want)
		}
	}
	for _, in := range []string{"36500d1s", "36501d", "5214w3d", "1e300w", "900000h", "1w36499d"} {
		var d Duration
		if err := d.UnmarshalText([]byte(in)); err == nil || !strings.Contains(err.Error(), "at most 36500d") {
			t.Errorf("%q: %v, %v; want an error that names the longest", in, d, err)
		}
	}
	for _, in := range []string{"", "5", "-5s", "1x", "d", "-1d", "NaNd", "forever", "1d 5"} {
		var d Duration
		if err := d.UnmarshalText([]byte(in)); err == nil || !strings.Contains(err.Error(), "for example") {
			t.Errorf("%q: %v, %v; want an error with an example", in, d, err)
		}
	}
}

func TestRetention(t *testing.T) {
	for in, want := range map[string]string{"forever": "forever", "365d": "365d", "48h": "2d", "1d": "1d", "1w": "7d", "36500d": "36500d"} {
		var r Retention
		if err := r.UnmarshalText([]byte(in)); err != nil || r.String() != want {
			t.Errorf("%q: %v, %v; want %s", in, r, err, want)
		}
	}
	for _, in := range []string{"", "0", "1h", "1.5d", "36h", "36501d", "never"} {
		var r Retention
		if err := r.UnmarshalText([]byte(in)); err == nil || !strings.Contains(err.Error(), "whole days from 1d to 36500d") {
			t.Errorf("%q: %v, %v; want an error that names the bounds", in, r, err)
		}
	}
}

func TestSize(t *testing.T) {
	for in, want := range map[string]Size{
		"0": 0, "900000": 900000, "64KiB": 64 << 10, "64 kib": 64 << 10, "10MB": 10e6, "1.5GiB": 3 << 29, "1_000": 1000, "5B": 5, "2TB": 2e12,
	} {
		var s Size
		if err := s.UnmarshalText([]byte(in)); err != nil || s != want {
			t.Errorf("%q: %d, %v; want %d", in, s, err, want)
		}
	}
	for _, in := range []string{"", "KiB", "-1", "1XB", "NaN", "1e300", "1 2"} {
		var s Size
		if err := s.UnmarshalText([]byte(in)); err == nil {
			t.Errorf("%q: %d; want an error", in, s)
		}
	}
}

// What is written reads back as the same.
func TestUnitsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Duration(rapid.Int64Range(0, int64(1000*day)).Draw(t, "d"))
		var d2 Duration
		if err := d2.UnmarshalText([]byte(d.String())); err != nil || d2 != d {
			t.Fatalf("duration %v reads back as %v, %v", d, d2, err)
		}
		s := Size(rapid.Int64Range(0, 1<<50).Draw(t, "s"))
		var s2 Size
		if err := s2.UnmarshalText([]byte(s.String())); err != nil || s2 != s {
			t.Fatalf("size %v reads back as %v, %v", s, s2, err)
		}
	})
}

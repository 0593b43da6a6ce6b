package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time span as it is written in a configuration: like Go's, with days (d) and weeks (w) besides.
type Duration time.Duration

func milliseconds(n int) Duration { return Duration(n) * Duration(time.Millisecond) }
func seconds(n int) Duration      { return Duration(n) * Duration(time.Second) }
func days(n int) Duration         { return Duration(n) * day }

const (
	day  = Duration(24 * time.Hour)
	week = 7 * day

	longest = 36_500 * day // a hundred years, as the API allows for a retention
)

// Std is d as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String writes whole days as such, for example 365d.
func (d Duration) String() string {
	if d != 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// MarshalText is String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads for example 500ms, 1h30m, 2d or 1w2d12h. A number without a unit is an error, save 0.
func (d *Duration) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	rest, sum := s, Duration(0)
	for _, unit := range []struct {
		suffix string
		length Duration
	}{{"w", week}, {"d", day}} {
		if n, after, ok := strings.Cut(rest, unit.suffix); ok {
			v, err := strconv.ParseFloat(n, 64)
			if err != nil || !(v >= 0) {
				return badDuration(s)
			}
			if v*float64(unit.length) > float64(longest-sum) {
				return longDuration(s)
			}
			sum += Duration(v * float64(unit.length))
			rest = after
		}
	}
	if rest != "" {
		v, err := time.ParseDuration(rest)
		if err != nil || v < 0 {
			return badDuration(s)
		}
		if Duration(v) > longest-sum {
			return longDuration(s)
		}
		sum += Duration(v)
	}
	if s == "" {
		return badDuration(s)
	}
	*d = sum
	return nil
}

func badDuration(s string) error {
	return fmt.Errorf("%q is not a duration: write a number and a unit, for example 500ms, 60s, 12h or 30d", s)
}

func longDuration(s string) error {
	return fmt.Errorf("%q is too long: write at most %v", s, longest)
}

// Retention is how long a store keeps events; zero is forever.
type Retention Duration

// Forever says whether events are never removed.
func (r Retention) Forever() bool { return r == 0 }

// Std is r as the standard library's type; zero is forever.
func (r Retention) Std() time.Duration { return time.Duration(r) }

func (r Retention) String() string {
	if r.Forever() {
		return "forever"
	}
	return Duration(r).String()
}

// MarshalText is String.
func (r Retention) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads whole days, up to the longest duration, or "forever".
func (r *Retention) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if s == "forever" {
		*r = 0
		return nil
	}
	var d Duration
	if err := d.UnmarshalText(text); err != nil || d < day || d%day != 0 {
		return fmt.Errorf("%q is not a retention: write whole days from 1d to %v, for example 365d, or forever", s, longest)
	}
	*r = Retention(d)
	return nil
}

// Size is a number of bytes.
type Size int64

type sizeUnit struct {
	name  string
	bytes int64
}

// sizeUnits are ordered so that the first that divides a size writes it.
func sizeUnits() []sizeUnit {
	return []sizeUnit{
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
	}
}

func (s Size) String() string {
	for _, u := range sizeUnits() {
		if s != 0 && int64(s)%u.bytes == 0 && u.bytes > 1 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText is String.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads bytes (900000) or a number with a unit (64KiB, 1.5 GB); the case of the unit does not matter.
func (s *Size) UnmarshalText(text []byte) error {
	in := strings.TrimSpace(string(text))
	number, scale := in, int64(1)
	for _, u := range sizeUnits() {
		if n := len(in) - len(u.name); n > 0 && strings.EqualFold(in[n:], u.name) {
			number, scale = strings.TrimSpace(in[:n]), u.bytes
			break
		}
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(number, "_", ""), 64)
	if err != nil || !(v >= 0) || v*float64(scale) > math.MaxInt64/2 {
		return fmt.Errorf("%q is not a size: write bytes or a number and a unit, for example 64KiB, 10MB or 1GiB", in)
	}
	*s = Size(v * float64(scale))
	return nil
}

// Tags are written as a list, or as the Datadog Agent takes them: one text, split at its commas and nowhere trimmed.
type Tags []string

// UnmarshalText splits the text.
func (t *Tags) UnmarshalText(text []byte) error {
	*t = nil
	if len(text) > 0 {
		*t = strings.Split(string(text), ",")
	}
	return nil
}

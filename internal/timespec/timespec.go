package timespec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kiroku/internal/fault"
)

const next = `Write a time such as "now-24h", "now/d", "2026-11-01", "2026-11-01T09:00:00Z" or milliseconds since 1970.`

// The years that stored time stamps can have.
const minYear, maxYear = 0, 9999

// Parse reads s as it stands at now; zone is the zone of times that name none (nil: UTC). The result is in UTC.
// Its errors are of kind fault.Invalid.
func Parse(s string, now time.Time, zone *time.Location) (time.Time, error) {
	return parse(s, now, zone, false)
}

// Range reads both ends of a half-open range. An empty end is open: the zero time. In to, /unit goes up to the end of
// the unit, so that now/d to now/d is the whole day. A range that holds no moment is refused.
func Range(from, to string, now time.Time, zone *time.Location) (time.Time, time.Time, error) {
	var f, t time.Time
	var err error
	if from != "" {
		if f, err = parse(from, now, zone, false); err != nil {
			return f, t, fmt.Errorf("read start of range: %w", err)
		}
	}
	if to != "" {
		if t, err = parse(to, now, zone, true); err != nil {
			return f, t, fmt.Errorf("read end of range: %w", err)
		}
	}
	if from != "" && to != "" && !f.Before(t) {
		err := fmt.Errorf("read range: start %q (%s) is not before end %q (%s)", from, f.Format(time.RFC3339), to, t.Format(time.RFC3339))
		return f, t, fault.New(fault.Invalid, err, "Swap the two ends, or leave one out.")
	}
	return f, t, nil
}

// Zone finds a zone by its IANA name; "" is UTC.
func Zone(name string) (*time.Location, error) {
	if name == "Local" { // the server's own zone says nothing to a caller
		return nil, fault.New(fault.Invalid, fmt.Errorf("find time zone %q", name), `Name a zone, for example "Asia/Tokyo" or "UTC".`)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, fmt.Errorf("find time zone %q: %w", name, err), `Name a zone, for example "Asia/Tokyo" or "UTC".`)
	}
	return loc, nil
}

func parse(s string, now time.Time, zone *time.Location, up bool) (time.Time, error) {
	if zone == nil {
		zone = time.UTC
	}
	text := strings.TrimSpace(s)
	t, err := read(text, now.In(zone), up)
	if err == nil && (t.UTC().Year() < minYear || t.UTC().Year() > maxYear) {
		err = errors.New("the year is not between 0 and 9999")
	}
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, fmt.Errorf("read time %q: %w", s, err), next)
	}
	return t.UTC(), nil
}

func read(s string, now time.Time, up bool) (time.Time, error) {
	midnight := startOf(now, 'd')
	switch {
	case s == "today":
		return midnight, nil
	case s == "yesterday":
		return midnight.AddDate(0, 0, -1), nil
	case strings.HasPrefix(s, "now"):
		return relative(s[len("now"):], now, up)
	case strings.HasPrefix(s, "-") && len(s) > 1 && strings.ContainsRune(units, rune(s[len(s)-1])):
		return relative(s, now, up)
	case len(s) >= 11 && len(s) <= 16 && strings.Trim(s, "0123456789") == "":
		ms, err := strconv.ParseInt(s, 10, 64)
		return time.UnixMilli(ms), err
	}
	return absolute(s, now.Location())
}

// absolute layouts; a fraction of the second is read after every seconds field.
func layouts() [6]string {
	return [...]string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01"}
}

func absolute(s string, zone *time.Location) (time.Time, error) {
	text := s
	if len(text) > 10 && text[10] == 't' || len(text) > 10 && text[10] == 'T' {
		text = text[:10] + " " + text[11:]
	}
	for _, layout := range layouts() {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("this is not a time")
}

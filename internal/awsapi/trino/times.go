package trino

import (
	"strings"
	"time"
)

// timeLayouts are what text may look like where it is compared with a time. A fraction of the second may follow each
// layout that has seconds.
var timeLayouts = []string{
	"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02", "2006-01-02 15:04", "2006-01-02T15:04",
	"2006-1-2 15:4:5", "2006-1-2",
}

// parseTime reads a time. Without a zone it is UTC. zone is "" when the text has none.
func parseTime(text string) (t time.Time, zone string, ok bool) {
	text = strings.TrimSpace(text)
	location := time.UTC
	body := text
	if name, rest, found := cutZone(text); found {
		loc, err := time.LoadLocation(name)
		if err != nil || name == "Local" {
			return time.Time{}, "", false
		}
		location, zone, body = loc, loc.String(), rest
	} else if offset, err := time.Parse("-07:00", tail(text, 6)); err == nil && len(text) > len("2006-01-02T15:04") {
		location, zone, body = offset.Location(), tail(text, 6), strings.TrimSpace(text[:len(text)-6])
	}
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, body, location); err == nil && t.Year() > 0 {
			return t.UTC(), zone, true
		}
	}
	return time.Time{}, "", false
}

// cutZone takes Z, UTC or the name of a zone off the end of a time.
func cutZone(text string) (zone, rest string, found bool) {
	if body, ok := strings.CutSuffix(text, "Z"); ok {
		return "UTC", body, true
	}
	i := strings.LastIndexByte(text, ' ')
	if i < 0 || i+1 >= len(text) || !isLetter(text[i+1]) || strings.Contains(text[i+1:], "..") {
		return "", "", false
	}
	return text[i+1:], strings.TrimSpace(text[:i]), true
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// instantLiteral writes a point of time as a constant, so that the engine compares columns with it and leaves files out.
func instantLiteral(t time.Time) string {
	return "TIMESTAMPTZ '" + t.UTC().Format("2006-01-02 15:04:05.999999") + "+00'"
}

// loadZone reads the name of a zone or an offset, and returns it as the engine knows it.
func loadZone(v value) string {
	if v.text == nil {
		fail(v.pos, "Write it as text, for example 'Asia/Tokyo'.", "a time zone must be a constant")
	}
	name := strings.TrimSpace(*v.text)
	if _, err := time.Parse("-07:00", name); err == nil {
		return name
	}
	if loc, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
		return loc.String()
	}
	fail(v.pos, "Use a name such as 'Asia/Tokyo', or 'UTC'.", "time zone %q is unknown", name)
	return ""
}

// local is the SQL of a date or time as the clock of its zone shows it.
func (b *binder) local(v value) string {
	if v.typ.Kind != TimestampTZ || v.typ.Zone == "UTC" {
		return v.sql
	}
	return inZone(v.sql, v.typ.Zone)
}

// inZone is the SQL of a point of time as a clock shows it. Offsets such as +09:00 are added: the engine reads them with
// the opposite sign.
func inZone(sqlText, zone string) string {
	if seconds, ok := offsetSeconds(zone); ok {
		return sql("(timezone('UTC', %s) + to_seconds(%d))", sqlText, seconds)
	}
	return sql("timezone(%s, %s)", quoteText(zone), sqlText)
}

// offsetSeconds reads an offset such as +09:00.
func offsetSeconds(zone string) (int, bool) {
	t, err := time.Parse("-07:00", zone)
	if err != nil {
		return 0, false
	}
	_, seconds := t.Zone()
	return seconds, true
}

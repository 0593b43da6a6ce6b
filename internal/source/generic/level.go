package generic

import (
	"strings"

	"kiroku/internal/decode/cef"
	"kiroku/internal/event"
)

// syslogSeverity is the OCSF severity of each syslog severity (RFC 5424 table 2), syslogLevel its keyword.
var (
	syslogSeverity = [8]int64{
		event.SeverityFatal, event.SeverityCritical, event.SeverityCritical, event.SeverityHigh, event.SeverityMedium,
		event.SeverityLow, event.SeverityInformational, event.SeverityInformational,
	}
	syslogLevel = [8]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}
)

// wordSeverity reads the words that loggers write, in lower case.
func wordSeverity(word string) (int64, bool) {
	switch word {
	case "fatal", "emerg", "emergency", "panic":
		return event.SeverityFatal, true
	case "alert", "crit", "critical", "very-high":
		return event.SeverityCritical, true
	case "err", "error", "high", "severe":
		return event.SeverityHigh, true
	case "warn", "warning", "medium", "moderate":
		return event.SeverityMedium, true
	case "notice", "low", "minor":
		return event.SeverityLow, true
	case "info", "information", "informational", "debug", "trace", "verbose", "fine":
		return event.SeverityInformational, true
	}
	return 0, false
}

// severity reads a level: a word, a syslog number from 0 to 7, or a number of the Node.js loggers (10 trace to 60 fatal).
func severity(level string) (int64, bool) {
	if len(level) > 16 {
		return 0, false
	}
	if id, ok := wordSeverity(strings.ToLower(level)); ok {
		return id, true
	}
	switch {
	case len(level) == 1 && level[0] >= '0' && level[0] <= '7':
		return syslogSeverity[level[0]-'0'], true
	case len(level) == 2 && level[1] == '0' && level[0] >= '1' && level[0] <= '6':
		return [...]int64{1, 1, 1, event.SeverityMedium, event.SeverityHigh, event.SeverityFatal}[level[0]-'1'], true
	}
	return 0, false
}

// scale10 reads a severity of CEF (0 to 10, or a word) and LEEF (1 to 10).
func scale10(level string) (int64, bool) {
	n, ok := cef.Level([]byte(level))
	switch {
	case !ok:
		return severity(level)
	case n == 0:
		return event.SeverityInformational, true
	case n <= 3:
		return event.SeverityLow, true
	case n <= 6:
		return event.SeverityMedium, true
	case n <= 8:
		return event.SeverityHigh, true
	}
	return event.SeverityCritical, true
}

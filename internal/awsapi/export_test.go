package awsapi

import (
	"context"
	"time"
)

// CheckEvent returns the code of the reason why an event is refused, "" when it is not.
func CheckEvent(data, checksum, account string) string {
	if _, no := checkEvent(data, checksum, account); no != nil {
		return no.code
	}
	return ""
}

// WhyRefused returns what is said of an event that is refused.
func WhyRefused(data, account string) string {
	if _, no := checkEvent(data, "", account); no != nil {
		return no.message
	}
	return ""
}

// RefreshDue refreshes the dashboards whose time has come, and returns when the next one is to be.
func (s *Service) RefreshDue(ctx context.Context, now time.Time) (time.Time, error) {
	return s.refreshDue(ctx, now)
}

// MakeInsights makes the Insights events that can be known at a time.
func (s *Service) MakeInsights(ctx context.Context, now time.Time) error {
	return s.makeInsights(ctx, now)
}

// Next is the first refresh of a schedule after a time.
func (r *RefreshSchedule) Next(after time.Time) time.Time { return r.next(after) }

// FilledIn is the statement of a widget with values of its parameters.
func (w *Widget) FilledIn(values map[string]string) (string, bool) { return w.filledIn(values) }

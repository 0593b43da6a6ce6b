package awsapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kiroku/internal/awsapi/trino"
)

// Parameters of the queries of widgets.
const (
	parameterStart  = "$StartTime$"
	parameterEnd    = "$EndTime$"
	parameterPeriod = "$Period$"
)

var widgetParameters = []string{parameterStart, parameterEnd, parameterPeriod}

// What a refresh takes that names no times: the last week by days, and up to three days by hours.
const (
	defaultSpan = 7 * 24 * time.Hour
	hourlyUpTo  = 3 * 24 * time.Hour
)

// lakeTime is how times are compared with eventTime.
const lakeTime = "2006-01-02 15:04:05.000"

// checkWidgets checks widgets and gives each an alias.
func (s *Service) checkWidgets(ctx context.Context, c Caller, in []Widget) ([]Widget, error) {
	if len(in) > s.limits.Widgets {
		return nil, refuse("ServiceQuotaExceededException", "A dashboard has at most %d widgets, not %d.", s.limits.Widgets, len(in))
	}
	now := time.Now()
	values, err := parameterValues(nil, now)
	if err != nil {
		return nil, err
	}
	out := []Widget{}
	for _, w := range in {
		if n := utf8.RuneCountInString(w.QueryStatement); n < 1 || n > maxStatement {
			return nil, invalid("QueryStatement must have 1 to %d characters, not %d.", maxStatement, n)
		}
		if w.ViewProperties == nil {
			return nil, invalid("ViewProperties is missing.")
		}
		for k, v := range w.ViewProperties {
			if k == "" || utf8.RuneCountInString(k) > maxViewProperty || utf8.RuneCountInString(v) > maxViewProperty {
				return nil, invalid("A view property has a name and a value of up to %d characters: %.140q.", maxViewProperty, k)
			}
		}
		for _, p := range w.QueryParameters {
			if !slices.Contains(widgetParameters, p) {
				return nil, invalid("QueryParameters may have %s, not %.60q.", strings.Join(widgetParameters, ", "), p)
			}
		}
		w.QueryAlias = "w-" + newUUID()
		if err := s.checkStatement(ctx, c, w, values, now); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// checkStatement says whether a widget's query could be run now.
func (s *Service) checkStatement(ctx context.Context, c Caller, w Widget, values map[string]string, now time.Time) error {
	text, ok := w.filledIn(values)
	if !ok {
		return refuse("InvalidQueryStatementException", "QueryParameters must have one element for each ? of the statement.")
	}
	_, err := trino.Compile(text, widgetStores{ctx, s, c}, trino.Options{Now: now})
	var wrong *trino.Error
	if errors.As(err, &wrong) {
		return refuse("InvalidQueryStatementException", "%v", wrong)
	}
	return err
}

// widgetStores are the stores that the caller's queries may read.
type widgetStores struct {
	ctx context.Context //nolint:containedctx // Compile has none to hand on, and ends before its caller
	s   *Service
	c   Caller
}

// Store implements trino.Catalog.
func (w widgetStores) Store(name string) (trino.Store, error) {
	row, err := w.s.activeStore(w.ctx, w.c, strings.ToLower(name))
	category := trino.Category(row.Category)
	if sameFamily(row.Category, string(trino.AWSEvents)) {
		category = trino.AWSEvents
	}
	return trino.Store{Table: row.Store, Category: category}, err
}

// parameterValues completes the values given for a refresh.
func parameterValues(given map[string]string, now time.Time) (map[string]string, error) {
	for name := range given {
		if !slices.Contains(widgetParameters, name) {
			return nil, invalid("QueryParameterValues may have %s, not %.60q.", strings.Join(widgetParameters, ", "), name)
		}
	}
	end, err := parameterTime(given[parameterEnd], now)
	if err != nil {
		return nil, err
	}
	start, err := parameterTime(given[parameterStart], end.Add(-defaultSpan))
	if err != nil {
		return nil, err
	}
	if start.After(end) {
		return nil, invalid("%s is after %s.", parameterStart, parameterEnd)
	}
	period := given[parameterPeriod]
	switch {
	case period == "" && end.Sub(start) <= hourlyUpTo:
		period = "hour"
	case period == "":
		period = "day"
	}
	return map[string]string{parameterStart: start.UTC().Format(lakeTime), parameterEnd: end.UTC().Format(lakeTime), parameterPeriod: period}, nil
}

func parameterTime(text string, standard time.Time) (time.Time, error) {
	if text == "" {
		return standard, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, invalid("%.60q is not a time such as 2026-01-02T15:04:05Z.", text)
}

// filledIn is the statement with the values of its parameters; false when there are not as many places as parameters. A place
// is '?', as in eventTime > '?', or a bare ?, which gets its quotes.
func (w *Widget) filledIn(values map[string]string) (string, bool) {
	var b strings.Builder
	n, text := 0, w.QueryStatement
	for text != "" {
		end := sqlToken(text)
		token := text[:end]
		text = text[end:]
		if token != "?" && token != "'?'" {
			b.WriteString(token)
			continue
		}
		if n == len(w.QueryParameters) {
			return "", false
		}
		value := "'" + strings.ReplaceAll(values[w.QueryParameters[n]], "'", "''") + "'"
		if token == "?" {
			value = " " + value + " " // beside another text it would become one with it
		}
		b.WriteString(value)
		n++
	}
	return b.String(), n == len(w.QueryParameters)
}

// sqlToken is where the first text, quoted name, comment or other byte of SQL ends.
func sqlToken(text string) int {
	until := func(begin int, end string, behind int) int {
		if i := strings.Index(text[begin:], end); i >= 0 {
			return begin + i + behind
		}
		return len(text)
	}
	switch {
	case text[0] == '\'', text[0] == '"':
		end := until(1, text[:1], 1)
		for end < len(text) && text[end] == text[0] { // a doubled quote belongs to the text
			end = until(end+1, text[:1], 1)
		}
		return end
	case strings.HasPrefix(text, "--"):
		return until(2, "\n", 0)
	case strings.HasPrefix(text, "/*"):
		return until(2, "*/", 2)
	}
	return 1
}

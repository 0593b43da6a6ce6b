package trino

import (
	"fmt"
	"strings"
	"testing"

	"kiroku/internal/engine"
)

// flatColumns lists every column and field that has a column of the lake, with its path in the record.
func flatColumns(columns []column, path, name string, f func(name, path string, c *column)) {
	for i := range columns {
		c := &columns[i]
		if c.path == "" {
			continue // the record itself
		}
		at := path + c.path[1:]
		if c.flat != "" {
			f(strings.TrimPrefix(name+"."+c.name, "."), at, c)
		}
		if c.typ.Kind == Row {
			flatColumns(c.fields, at, name+"."+c.name, f)
		}
	}
}

// The lake's columns say the same as the record. What they know better is listed.
func TestFlatColumns(t *testing.T) {
	e, tables := lake(t)
	better := map[string]string{
		"eventid":       `raw."eventId" of aggregated events`,
		"eventtime":     "the window's start of aggregated events",
		"eventcategory": "Management before eventVersion 1.07",
	}
	checked := 0
	for _, s := range []struct {
		store    string
		category Category
	}{{awsStore, AWSEvents}, {insightStore, Insight}, {activityStore, ActivityAuditLog}} {
		flatColumns(schemaOf(s.category), "$", "", func(name, path string, c *column) {
			checked++
			flat := strings.ReplaceAll(c.flat, "%", "t")
			raw := fmt.Sprintf(`kiroku_json_text(t."raw_data", %s)`, quoteText(path))
			if c.typ.Kind == Timestamp {
				raw = "CAST(" + raw + " AS TIMESTAMPTZ)"
			}
			condition := ""
			if better[name] != "" {
				condition = " AND " + raw + " IS NOT NULL"
			}
			text := fmt.Sprintf(`SELECT %s, %s FROM %s AS t WHERE %s IS DISTINCT FROM %s%s`, flat, raw, quoteName(s.store), flat, raw, condition)
			rows, err := e.Query(t.Context(), text, nil, tables, engine.Limits{})
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			defer rows.Close()
			for rows.Next() {
				t.Errorf("%s %s: the lake has %v, the record %v", s.category, name, rows.Values()[0], rows.Values()[1])
			}
		})
	}
	if checked < 20 {
		t.Errorf("only %d columns were compared", checked)
	}
}

// Comparisons with constants must stay comparisons of the lake's columns: that is what leaves files out.
func TestComparisonsOfColumns(t *testing.T) {
	for where, want := range map[string]string{
		`eventTime > '2025-01-01'`:                             `(t1."time" > TIMESTAMPTZ '2025-01-01 00:00:00+00')`,
		`'2025-01-01 10:00:00.5' <= eventTime`:                 `(TIMESTAMPTZ '2025-01-01 10:00:00.5+00' <= t1."time")`,
		`eventTime BETWEEN '2025-01-01' AND date '2025-01-02'`: `(((t1."time" >= TIMESTAMPTZ '2025-01-01 00:00:00+00') AND (t1."time" <= CAST(DATE '2025-01-02' AS TIMESTAMPTZ))))`,
		`eventTime > now() - interval '7' day`:                 `(t1."time" > (TIMESTAMPTZ '2025-03-10 12:30:00+00' - to_days(7)))`,
		`eventName = 'ConsoleLogin'`:                           `(t1."api_operation" = 'ConsoleLogin')`,
		`EVENTSOURCE IN ('a', 'b')`:                            `(t1."api_service" IN ('a', 'b'))`,
		`userIdentity.arn LIKE 'arn:aws:iam::%'`:               `(t1."actor_user_uid" LIKE 'arn:aws:iam::%')`,
	} {
		q, err := Compile("SELECT eventID FROM "+awsStore+" WHERE "+where, testStores, Options{Now: testNow})
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		if _, got, _ := strings.Cut(q.SQL, " WHERE "); got != want {
			t.Errorf("%s\n got %s\nwant %s", where, got, want)
		}
	}
	// Through derived tables, too.
	q, err := Compile("SELECT n FROM (SELECT eventTime AS at, eventName AS n FROM "+awsStore+") WHERE at > '2025-01-01'", testStores, Options{Now: testNow})
	if err != nil || !strings.Contains(q.SQL, `SELECT t1."time" AS k2`) || !strings.Contains(q.SQL, `WHERE (t4.k2 > TIMESTAMPTZ '2025-01-01 00:00:00+00')`) {
		t.Errorf("%v, %v", q, err)
	}
}

func TestUnknownCategory(t *testing.T) {
	_, err := Compile("SELECT 1 FROM a", stores{"a": "Nonsense"}, Options{})
	if err == nil || !strings.Contains(err.Error(), `line 1:15: event data store "a" has events of category "Nonsense"`) {
		t.Errorf("err = %v", err)
	}
}

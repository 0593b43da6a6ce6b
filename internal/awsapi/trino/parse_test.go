package trino

import (
	"errors"
	"strings"
	"testing"

	"kiroku/internal/fault"
)

const store = "0233062b-51c6-4d18-8dec-a8c90da840d9"

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`select a from ` + store, `SELECT "a" FROM "` + store + `"`},
		{`SELECT a FROM EXAMPLE1-b2c3-d4--comment
 WHERE x = 1;`, `SELECT "a" FROM "EXAMPLE1-b2c3-d4" WHERE ("x" = 1)`},
		{`SELECT a FROM 1e5-2 t`, `SELECT "a" FROM "1e5-2" AS "t"`},
		{`SELECT a FROM arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/` + store + ` AS e LIMIT 5`,
			`SELECT "a" FROM "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/` + store + `" AS "e" LIMIT 5`},
		{`SELECT 12-3, 1e5-2, .5 FROM a`, `SELECT (12 - 3), (1e5 - 2), .5 FROM "a"`},
		{`SELECT ` + store + `.eventName FROM ` + store, `SELECT "` + store + `"."eventName" FROM "` + store + `"`},
		{`SELECT a || b + c * -d AT TIME ZONE 'UTC' FROM t`, `SELECT ("a" || ("b" + ("c" * (- ("d" AT TIME ZONE 'UTC'))))) FROM "t"`},
		{`SELECT NOT a = 1 OR b AND c`, `SELECT ((NOT ("a" = 1)) OR ("b" AND "c"))`},
		{`SELECT a NOT IN (1, 2) AND b NOT LIKE 'x%' ESCAPE '\' AND c IS NOT NULL`, `SELECT (("a" NOT IN (1, 2)) AND ("b" NOT LIKE 'x%' ESCAPE '\') AND ("c" IS NOT NULL))`},
		{`SELECT filter(a, x -> x.y[1] > 2), reduce(a, 0, (s, x) -> s + x, s -> s)`, `SELECT filter("a", ("x") -> ("x"."y"[1] > 2)), reduce("a", 0, ("s", "x") -> ("s" + "x"), ("s") -> "s")`},
		{`SELECT date '2020-01-01', timestamp '2020-01-01 00:00:00', interval '-3' day, date, date(x)`, `SELECT date '2020-01-01', timestamp '2020-01-01 00:00:00', INTERVAL '-3' DAY, "date", date("x")`},
		{`SELECT cast(x as map(varchar, array(json))), try_cast(y as timestamp(3) with time zone), cast(z as row(a bigint, b varchar(10)))`,
			`SELECT CAST("x" AS map(varchar, array(json))), TRY_CAST("y" AS timestamp(3) with time zone), CAST("z" AS row("a" bigint, "b" varchar(10)))`},
		{`SELECT count(*) key, count(distinct a) AS value, max(b) FILTER (WHERE c) user FROM t GROUP BY 1, (a, b), ROLLUP (x, y) HAVING count(*) > 1 ORDER BY 2 DESC NULLS FIRST, 1 LIMIT 10`,
			`SELECT count(*) AS "key", count(DISTINCT "a") AS "value", max("b") FILTER (WHERE "c") AS "user" FROM "t" GROUP BY 1, GROUPING SETS (("a", "b")), ROLLUP ("x", "y") HAVING (count(*) > 1) ORDER BY 2 DESC NULLS FIRST, 1 LIMIT 10`},
		{`SELECT rank() OVER (PARTITION BY a ORDER BY b DESC), sum(x) OVER w FROM t WINDOW w AS (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`,
			`SELECT rank() OVER ( PARTITION BY "a" ORDER BY "b" DESC), sum("x") OVER ("w") FROM "t" WINDOW "w" AS ( ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`},
		{`SELECT * FROM a JOIN b ON a.x = b.x LEFT JOIN (SELECT 1) c USING (x), UNNEST(y, z) WITH ORDINALITY AS u (p, q, n) CROSS JOIN LATERAL (SELECT 2) d`,
			`SELECT * FROM (("a" INNER JOIN "b" ON ("a"."x" = "b"."x")) LEFT JOIN (SELECT 1) AS "c" USING ("x")), (UNNEST("y", "z") WITH ORDINALITY AS "u" ("p", "q", "n") CROSS JOIN LATERAL (SELECT 2) AS "d")`},
		{`WITH x (c) AS (SELECT 1) SELECT x.* FROM x UNION ALL (SELECT 2 EXCEPT SELECT 3 INTERSECT SELECT 4) ORDER BY 1 FETCH FIRST 3 ROWS ONLY`,
			`WITH "x" ("c") AS (SELECT 1) SELECT "x".* FROM "x" UNION ALL (SELECT 2 EXCEPT (SELECT 3 INTERSECT SELECT 4)) ORDER BY 1 LIMIT 3`},
		{`SELECT CASE x WHEN 1 THEN 'a' ELSE 'b' END, CASE WHEN y THEN 1 END, if(a, b, c), (1, 'x'), array[1], substring(a FROM 2 FOR 3), position('a' IN b), trim(LEADING 'x' FROM y), extract(day FROM z)`,
			`SELECT CASE "x" WHEN 1 THEN 'a' ELSE 'b' END, CASE WHEN "y" THEN 1 END, if("a", "b", "c"), ROW(1, 'x'), ARRAY[1], substring("a", 2, 3), strpos("b", 'a'), ltrim("y", 'x'), EXTRACT("day" FROM "z")`},
		{`SELECT 1 WHERE EXISTS (SELECT 1) AND 1 = ANY (SELECT 2) AND (SELECT 3) IN (SELECT 4)`, `SELECT 1 WHERE (EXISTS (SELECT 1) AND (1 = ANY (SELECT 2)) AND ((SELECT 3) IN (SELECT 4)))`},
		{`SELECT ((SELECT 1) + 1), ((SELECT 2)), (((SELECT 3) UNION SELECT 4)) FROM ((SELECT 5) a CROSS JOIN (SELECT 6) b) WHERE x IN ((SELECT 1), 2)`,
			`SELECT ((SELECT 1) + 1), ((SELECT 2)), (((SELECT 3) UNION SELECT 4)) FROM ((SELECT 5) AS "a" CROSS JOIN (SELECT 6) AS "b") WHERE ("x" IN ((SELECT 1), 2))`},
		{"/* head */ -- more\nVALUES (1, 'a'), (2, 'it''s')", `VALUES ROW(1, 'a'), ROW(2, 'it''s')`},
		{`SELECT listagg(a, ',') WITHIN GROUP (ORDER BY b), lag(x, 1) IGNORE NULLS OVER (ORDER BY y)`, `SELECT listagg("a", ',') WITHIN GROUP ( ORDER BY "b"), lag("x", 1) IGNORE NULLS OVER ( ORDER BY "y")`},
	} {
		q, err := Parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if got := q.String(); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for in, want := range map[string]string{
		``:                                     `line 1:1: statement is empty`,
		`-- nothing`:                           `line 1:11: statement is empty`,
		`CREATE TABLE x AS SELECT 1`:           `line 1:1: CREATE statements are not supported`,
		"  insert into x values (1)":           `line 1:3: INSERT statements are not supported`,
		`SELECT 1; SELECT 2`:                   `line 1:11: there is a second statement`,
		`SELECT a FROM FROM t`:                 `line 1:15: expected an event data store, found the keyword FROM`,
		"SELECT a\nFROM t\nWHERE":              `line 3:6: expected an expression, found the end of the statement`,
		"SELECT 'é', ? ?":                      `line 1:15: expected the end of the statement, found "?"`,
		`SELECT 'a`:                            `line 1:8: text is not closed`,
		`SELECT "a`:                            `line 1:8: quoted name is not closed`,
		`SELECT ""`:                            `line 1:8: name is empty`,
		"SELECT `a` FROM t":                    `line 1:8: backquoted names are not supported`,
		`SELECT ‘a’`:                           `line 1:8: '‘' is a typographic quote`,
		`SELECT a & b`:                         `line 1:10: unexpected character '&'`,
		`SELECT /* a`:                          `line 1:8: comment is not closed`,
		`SELECT 1abc`:                          `line 1:8: "1abc" is neither a number nor a name`,
		`SELECT a FROM t WHERE GROUP BY a`:     `line 1:23: expected an expression, found the keyword GROUP`,
		`SELECT a FROM b.c`:                    `line 1:15: table "b" is named with a catalog or a schema`,
		`SELECT a FROM t NATURAL JOIN u`:       `line 1:17: NATURAL JOIN is not supported`,
		`SELECT a FROM t JOIN u`:               `line 1:23: expected ON or USING, found the end of the statement`,
		`SELECT a IS TRUE`:                     `line 1:13: IS TRUE is not supported`,
		`WITH RECURSIVE a AS (SELECT 1)`:       `line 1:6: WITH RECURSIVE is not supported`,
		`SELECT interval '1' fortnight`:        `line 1:21: expected YEAR, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND, found "fortnight"`,
		`SELECT a b c FROM t`:                  `line 1:12: expected the end of the statement, found "c"`,
		`SELECT` + strings.Repeat("(", 500):    `line 1:106: statement is nested more than 100 levels deep`,
		`SELECT 1` + strings.Repeat("+1", 500): `line 1:309: more than 150 operators in a row`,
		`SELECT ` + strings.Repeat("NOT ", 500) + "true": `line 1:404: statement is nested more than 100 levels deep`,
		`SELECT '` + strings.Repeat("x", 10_000) + `'`:   `line 1:1: statement has 10009 characters`,
	} {
		_, err := Parse(in)
		var e *Error
		if !errors.As(err, &e) || e.Error() != want {
			t.Errorf("%.60s: %v, want %s", in, err, want)
			continue
		}
		if fault.KindOf(err) != fault.Invalid || fault.NextOf(err) == "" {
			t.Errorf("%.60s: no advice", in)
		}
	}
}

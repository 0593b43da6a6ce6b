package trino

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kiroku/internal/engine"
	"kiroku/internal/fault"
)

// recombiner puts the expressions of the corpus together in new ways.
type recombiner struct {
	r     *rand.Rand
	exprs []string
	calls []signature
}

func newRecombiner(tb testing.TB) *recombiner {
	rc := &recombiner{r: rand.New(rand.NewPCG(1, 2))}
	for _, s := range corpus(tb) {
		q, err := Parse(s)
		if err != nil {
			continue
		}
		sel, ok := q.Body.(*Select)
		if !ok {
			continue
		}
		for _, item := range sel.Items {
			rc.collect(item.Expr)
		}
		rc.collect(sel.Where)
	}
	for _, list := range signatures() {
		for _, sig := range list {
			if sig.kind == "scalar" {
				rc.calls = append(rc.calls, sig)
			}
		}
	}
	slices.SortFunc(rc.calls, func(a, b signature) int { return strings.Compare(a.String(), b.String()) })
	return rc
}

func (rc *recombiner) collect(e Expr) {
	walk(e, func(e Expr) bool {
		p := &printer{}
		p.expr(e)
		if s := p.b.String(); len(s) < 300 && !strings.Contains(s, "SELECT") {
			rc.exprs = append(rc.exprs, s)
		}
		_, isLambda := e.(*Lambda)
		return !isLambda // its body alone means nothing
	})
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (rc *recombiner) expr(depth int) string {
	if depth == 0 || rc.r.IntN(4) == 0 {
		return pick(rc.r, rc.exprs)
	}
	sub := func() string { return rc.expr(depth - 1) }
	switch rc.r.IntN(8) {
	case 0:
		return "(" + sub() + pick(rc.r, []string{" = ", " < ", " + ", " || ", " / ", " IS DISTINCT FROM ", " - "}) + sub() + ")"
	case 1:
		return "TRY_CAST(" + sub() + " AS " + pick(rc.r, []string{"varchar", "bigint", "json", "double", "timestamp", "date", "array(varchar)", "map(varchar, json)", "boolean", "decimal(10,2)"}) + ")"
	case 2:
		return "ARRAY[" + sub() + "]"
	case 3:
		return "CASE WHEN " + sub() + " THEN " + sub() + " ELSE " + sub() + " END"
	case 4:
		return "transform(" + sub() + ", x -> " + pick(rc.r, []string{"x", "coalesce(x, x)", "try_cast(x as varchar)"}) + ")"
	case 5:
		return pick(rc.r, []string{"coalesce(", "greatest(", "nullif(", "concat("}) + sub() + ", " + sub() + ")"
	}
	sig := pick(rc.r, rc.calls)
	args := make([]string, len(sig.params))
	for i := range args {
		args[i] = sub()
	}
	return sig.name + "(" + strings.Join(args, ", ") + ")"
}

// What is translated has the right types for the engine: it fails on values at most.
func TestRecombined(t *testing.T) {
	e, tables := lake(t)
	rc := newRecombiner(t)
	ran := 0
	for range 4000 {
		statement := "SELECT " + rc.expr(3) + " FROM " + awsStore + " LIMIT 3"
		q, err := Compile(statement, testStores, Options{Now: testNow})
		if err != nil {
			checkError(t, statement, err)
			continue
		}
		ran++
		rows, err := e.Query(t.Context(), q.SQL, nil, tables, engine.Limits{})
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || strings.HasPrefix(fault.NextOf(err), "Check the names") {
				t.Errorf("%s: %v\n%.500s", statement, err, q.SQL)
			}
			continue
		}
		for rows.Next() {
			AppendCell(nil, q.Columns[0].Type, rows.Values()[0])
		}
		rows.Close()
	}
	if ran < 500 {
		t.Errorf("only %d statements could be run", ran)
	}
}

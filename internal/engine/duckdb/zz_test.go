package duckdb
import ("testing";"os";"path/filepath";"fmt";"time";"kiroku/internal/engine")
func TestZZ(t *testing.T) {
	files, _ := filepath.Glob("/tmp/scratch/d/*.parquet")
	e, _ := Open(Options{Dirs: []string{"/tmp/scratch/d"}, Threads: 2})
	defer e.Close()
	c, _ := e.acquire(engine.Limits{})
	defer c.release()
	tb := engine.Table{Name: "default", Files: files}
	rs, _ := relationsOf([]engine.Table{tb})
	list := ""
	for i, f := range files { if i > 0 { list += "," }; list += "'"+f+"'" }
	for name, ddl := range map[string]string{
		"a_flat": rs["default"].viewText(), "b_events": rs["events"].viewText(),
		"c_star": `CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM read_parquet([`+list+`], hive_partitioning=false)`,
		"d_starstore": `CREATE OR REPLACE TEMP VIEW v AS SELECT 'default' AS store, * FROM read_parquet([`+list+`], hive_partitioning=false)`,
		"e_hivedefault": `CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM read_parquet([`+list+`])`,
	} {
		_ = os.Stdout
		t0 := time.Now()
		if err := c.exec(ddl); err != nil { t.Fatal(name, err) }
		d := time.Since(t0)
		v := map[string]string{"a_flat": `"default"`, "b_events": "events"}[name]; if v == "" { v = "v" }
		best := map[string]time.Duration{}
		for _, q := range []string{"SELECT count(*) FROM " + v, "SELECT event_uid FROM "+v+" LIMIT 1", "EXPLAIN SELECT count(*) FROM "+v} {
			for range 60 { t0 := time.Now(); if err := c.exec(q); err != nil { t.Fatal(err) }; d := time.Since(t0); if best[q] == 0 || d < best[q] { best[q] = d } }
		}
		fmt.Println(name, "create", d, best)
	}
}

package forward

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"kiroku/internal/meta"
)

// Changes wait for others to share a transaction, but none that an agent waits for.
func TestCommits(t *testing.T) {
	db, err := meta.Open(t.Context(), t.TempDir()+"/meta.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c := &commits{db: db, pause: 24 * time.Hour}
	var order []int
	note := func(n int) func(context.Context, *sql.Tx) error {
		return func(context.Context, *sql.Tx) error { order = append(order, n); return nil }
	}
	if err := c.do(t.Context(), note(1)); err != nil {
		t.Fatal(err)
	}
	waits := make(chan error)
	go func() { waits <- c.do(t.Context(), note(2)) }()
	for waiting := false; !waiting; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		waiting = c.next != nil
		c.mu.Unlock()
	}
	if err := c.urgent(t.Context(), note(3)); err != nil {
		t.Fatal(err)
	}
	if err := <-waits; err != nil {
		t.Fatal(err)
	}
	if err := c.urgent(t.Context(), note(4)); err != nil { // alone, and at once
		t.Fatal(err)
	}
	if len(order) != 4 || order[3] != 4 {
		t.Errorf("the changes were made in the order %v", order)
	}
}

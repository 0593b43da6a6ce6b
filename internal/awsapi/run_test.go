package awsapi_test

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/awsapi"
	"kiroku/internal/identity"
	"kiroku/internal/meta"
)

// Run removes a store seven days after its deletion, and what a crash left half made at once.
func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meta.db")
	synctest.Test(t, func(t *testing.T) {
		db, err := meta.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		lake := &fakeLake{stores: map[string]time.Duration{"eds_half": 0}, about: map[string]string{}, db: db}
		half := meta.EventDataStore{ID: "half", Account: owner, Region: region, Name: "half", Store: "eds_half", Status: "CREATED", Selectors: "[]"}
		if err := db.Write(t.Context(), func(tx *sql.Tx) error { return meta.InsertEventDataStore(t.Context(), tx, half) }); err != nil {
			t.Fatal(err)
		}
		keys := identity.NewAccessKeys(db, path+".key")
		s := awsapi.New(awsapi.Options{DB: db, Lake: lake, Ingest: lake, Keys: keys, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		me := awsapi.Caller{Account: owner, Region: region}
		off := false
		st, err := s.CreateEventDataStore(ctx, me, &awsapi.CreateEventDataStoreInput{Name: "one", TerminationProtectionEnabled: &off})
		if err != nil {
			t.Fatal(err)
		}
		in := &awsapi.StoreInput{EventDataStore: st.EventDataStoreArn}
		if _, err := s.DeleteEventDataStore(ctx, me, in); err != nil {
			t.Fatal(err)
		}
		time.Sleep(7*24*time.Hour - time.Minute)
		if got, err := s.GetEventDataStore(ctx, me, in); err != nil || got.Status != "PENDING_DELETION" || lake.size() != 1 {
			t.Errorf("before seven days: %s, %v, the lake has %d stores", got.Status, err, lake.size())
		}
		time.Sleep(2 * time.Hour)
		if _, err := s.GetEventDataStore(ctx, me, in); err == nil || !strings.Contains(err.Error(), "EventDataStoreNotFound") || lake.size() != 0 {
			t.Errorf("after seven days: %v, the lake has %d stores", err, lake.size())
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

// How a channel fared is still known after a restart.
func TestIngestionStatusIsKept(t *testing.T) {
	w := newWorld(t, nil)
	channel := w.newChannel("custom", "Custom", w.newStore("audit"))
	w.put(w.owner, channel, "", body(t, audit(), "{}"))
	before := w.op("GetChannel", `{"Channel":"`+channel+`"}`).body
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	again := awsapi.New(awsapi.Options{DB: w.db, Lake: w.lake, Ingest: w.lake, Keys: w.keys, Log: slog.New(slog.DiscardHandler)})
	w.server.Config.Handler = again
	if after := w.op("GetChannel", `{"Channel":"`+channel+`"}`).body; after != before || !strings.Contains(after, "LatestIngestionSuccessTime") {
		t.Errorf("after a restart %s\nbefore %s", after, before)
	}
	if keys, err := w.keys.List(t.Context()); err != nil || keys[1].LastUsed.IsZero() {
		t.Errorf("keys %+v, %v", keys, err)
	}
}

// size is how many stores there are.
func (f *fakeLake) size() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.stores)
}

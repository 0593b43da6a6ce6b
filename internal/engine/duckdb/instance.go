package duckdb

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	duck "github.com/duckdb/duckdb-go-bindings"
)

// maxIdle is how many connections an instance keeps for the next queries. A connection keeps its views.
const maxIdle = 8

// instance is one in-memory database with its own memory limit, threads and caches.
type instance struct {
	db     duck.Database
	opts   Options
	broken atomic.Bool // DuckDB met an error after which it refuses everything

	mu      sync.Mutex
	idle    []*conn
	busy    int
	retired bool
	drained chan struct{} // closed when the instance is retired and its last connection was released
}

// openInstance starts a database that reads nothing outside opts.Dirs and whose settings cannot be changed.
func openInstance(opts Options) (*instance, error) {
	in := &instance{opts: opts, drained: make(chan struct{})}
	if err := in.open(); err != nil {
		return nil, fmt.Errorf("open duckdb: %w", err)
	}
	c, err := in.acquire()
	if err == nil {
		err = c.setUp()
		c.release()
	}
	if err != nil {
		in.close()
		return nil, fmt.Errorf("open duckdb: %w", err)
	}
	return in, nil
}

func (in *instance) open() error {
	var config duck.Config
	if duck.CreateConfig(&config) != duck.StateSuccess {
		return errors.New("create configuration")
	}
	defer duck.DestroyConfig(&config)
	settings := [][2]string{
		{"threads", strconv.Itoa(in.opts.Threads)},
		{"memory_limit", bytesSetting(in.opts.MemoryBytes)},
		{"temp_directory", in.opts.TempDir},
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
		{"allow_community_extensions", "false"},
		{"allow_persistent_secrets", "false"},
	}
	for _, s := range settings {
		if duck.SetConfig(config, s[0], s[1]) != duck.StateSuccess {
			return fmt.Errorf("set %s to %q", s[0], s[1])
		}
	}
	var message string
	if duck.OpenExt("", &in.db, config, &message) != duck.StateSuccess {
		return errors.New(message)
	}
	return nil
}

// setUp registers our functions, then closes every door, then locks them.
func (c *conn) setUp() error {
	if err := registerIPIn(c.handle); err != nil {
		return err
	}
	if err := registerJSON(c.handle); err != nil {
		return err
	}
	if err := registerRuns(c.handle); err != nil {
		return err
	}
	if err := registerShortEvent(c.handle); err != nil {
		return err
	}
	if err := registerDoubleText(c.handle); err != nil {
		return err
	}
	dirs := make([]string, len(c.in.opts.Dirs))
	for i, d := range c.in.opts.Dirs {
		dirs[i] = quoteText(strings.TrimRight(d, "/") + "/")
	}
	settings := []string{
		// Footers are cached for ever: a file never changes. Their pages are left to the operating system's cache.
		"SET GLOBAL parquet_metadata_cache = true",
		"SET GLOBAL validate_external_file_cache = 'NO_VALIDATION'",
		"SET GLOBAL enable_external_file_cache = false",
		"SET GLOBAL TimeZone = 'UTC'",
		"SET GLOBAL errors_as_json = true",
		"SET GLOBAL allowed_configs = ['enable_progress_bar', 'enable_progress_bar_print', 'enable_profiling', 'custom_profiling_settings']",
		"SET GLOBAL allowed_directories = [" + strings.Join(dirs, ", ") + "]",
		"SET GLOBAL enable_external_access = false",
		"SET GLOBAL lock_configuration = true",
	}
	if c.in.opts.TempDir != "" {
		settings = append([]string{"SET GLOBAL max_temp_directory_size = " + quoteText(bytesSetting(c.in.opts.TempBytes))}, settings...)
	}
	for _, s := range settings {
		if err := c.exec(s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// bytesSetting writes a size as DuckDB reads it; it knows no plain bytes without unit.
func bytesSetting(n int64) string { return strconv.FormatInt(n>>10, 10) + "KiB" }

// acquire takes an idle connection or makes one. The caller must release it.
func (in *instance) acquire() (*conn, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.retired {
		return nil, errors.New("query: the engine is closed")
	}
	if n := len(in.idle); n > 0 {
		c := in.idle[n-1]
		in.idle = in.idle[:n-1]
		in.busy++
		return c, nil
	}
	c := &conn{in: in, views: map[string]string{}}
	if duck.Connect(in.db, &c.handle) != duck.StateSuccess {
		return nil, errors.New("connect to duckdb")
	}
	for _, s := range append([]string{"SET enable_progress_bar = true", "SET enable_progress_bar_print = false"}, profiling()...) {
		if err := c.exec(s); err != nil {
			duck.Disconnect(&c.handle)
			return nil, fmt.Errorf("connect to duckdb: %w", err)
		}
	}
	in.busy++
	return c, nil
}

// release gives the connection back.
func (c *conn) release() {
	in := c.in
	in.mu.Lock()
	defer in.mu.Unlock()
	in.busy--
	if in.retired || len(in.idle) >= maxIdle {
		duck.Disconnect(&c.handle)
	} else {
		in.idle = append(in.idle, c)
	}
	in.closeWhenDrained()
}

// retire lets the running queries end and then closes the database.
func (in *instance) retire() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.retired {
		return
	}
	in.retired = true
	for _, c := range in.idle {
		duck.Disconnect(&c.handle)
	}
	in.idle = nil
	in.closeWhenDrained()
}

func (in *instance) closeWhenDrained() {
	if in.retired && in.busy == 0 {
		duck.Close(&in.db)
		close(in.drained)
	}
}

// close retires the instance and waits for its queries.
func (in *instance) close() {
	in.retire()
	<-in.drained
}

package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"kiroku/internal/api"
	"kiroku/internal/awsapi"
	"kiroku/internal/cloudtrail/watch"
	"kiroku/internal/config"
	"kiroku/internal/diskfile"
	"kiroku/internal/engine/duckdb"
	"kiroku/internal/enrich"
	"kiroku/internal/forward"
	"kiroku/internal/identity"
	"kiroku/internal/intake/s3"
	"kiroku/internal/intake/syslog"
	"kiroku/internal/lake"
	"kiroku/internal/lake/table"
	"kiroku/internal/logkey"
	"kiroku/internal/meta"
	"kiroku/internal/pipeline"
	"kiroku/internal/query"
	"kiroku/internal/search"
	"kiroku/internal/source/all"
)

// Options are what a start needs beside the configuration.
type Options struct {
	Config  *config.Config
	Version string
	Log     *slog.Logger
	Stderr  io.Writer // the line "ready …" and what the first start tells
	Console fs.FS     // the console's files
}

// Server is a service that is built and not yet running.
type Server struct {
	opt     Options
	started time.Time

	listener net.Listener
	inputs   []*syslog.Input
	trails   []*s3.Input
	digests  *watch.Watch
	byName   map[string]counted // both

	db         *meta.DB
	storage    *storage
	identity   *identity.Identity
	aws        *awsapi.Service
	agents     *forward.Service
	engine     *duckdb.Engine
	tables     *enrich.Tables
	pipe       *pipeline.Pipeline
	jobs       sqlAPI
	priorities *priorities
	handler    http.Handler

	closers []func() error // in the order of opening
}

// Run builds the service and runs it until ctx ends.
func Run(ctx context.Context, opt Options) (err error) {
	s := &Server{opt: opt, started: time.Now(), byName: map[string]counted{}}
	defer func() {
		if err = errors.Join(err, s.close()); err == nil {
			opt.Log.LogAttrs(ctx, slog.LevelInfo, "stopped: everything that was taken is stored")
		}
	}()
	if err := s.listen(ctx); err != nil {
		return err
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	if err := s.bootstrap(ctx); err != nil {
		return err
	}
	if err := s.checkExposure(ctx); err != nil {
		return err
	}
	return s.run(ctx)
}

func (s *Server) closeLater(f func() error) { s.closers = append(s.closers, f) }

func (s *Server) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	return errors.Join(errs...)
}

// open opens everything that stores, in the order of the dependencies.
func (s *Server) open(ctx context.Context) (err error) {
	cfg := s.opt.Config
	dir, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return fmt.Errorf("find data folder %q: %w", cfg.DataDir, err)
	}
	if err := diskfile.MkdirAll(dir); err != nil {
		return fmt.Errorf("create data folder: %w", err)
	}
	if s.storage, err = openStorage(ctx, dir, cfg, s.opt.Log); err != nil {
		return err
	}
	s.db = s.storage.db
	s.closeLater(s.storage.Close)
	if err := s.storage.applyStores(ctx, cfg); err != nil {
		return err
	}
	if s.tables, err = enrich.Open(cfg.Enrich.GeoIP); err != nil {
		return err
	}
	s.closeLater(s.tables.Close)
	s.engine, err = duckdb.Open(duckdb.Options{Dirs: []string{filepath.Join(dir, "fresh"), filepath.Join(dir, "warehouse")}, MemoryBytes: int64(cfg.Query.Memory), Threads: cfg.Query.Threads, TempDir: filepath.Join(dir, "tmp")})
	if err != nil {
		return fmt.Errorf("open SQL engine: %w", err)
	}
	s.closeLater(s.engine.Close)
	s.pipe = s.newPipeline()
	s.priorities = &priorities{db: s.db, pipe: s.pipe, sources: all.Sources(), config: cfg.Priorities}
	if err := s.priorities.apply(ctx); err != nil {
		return err
	}
	if err := s.openTrails(ctx); err != nil {
		return err
	}
	if err := s.openDigests(ctx); err != nil {
		return err
	}
	return s.connect(ctx)
}

func (s *Server) newPipeline() *pipeline.Pipeline {
	var routes []pipeline.Route
	for _, r := range s.opt.Config.Routes {
		routes = append(routes, pipeline.Route{Store: r.Store, Sources: r.Sources, Services: r.Services, Inputs: r.Inputs, Tags: r.Tags})
	}
	return pipeline.New(pipeline.Options{
		Sources: all.Sources(), Routes: routes, Default: lake.DefaultStore, Log: s.opt.Log,
		NewWriter: func() pipeline.Writer { return s.storage.lake.NewWriter() },
		Enricher:  func() pipeline.Enricher { return s.tables.New() },
		Mapped:    s.mapped,
		Collect:   s.collect,
		At:        s.storage.at,
	})
}

// connect builds what answers questions.
func (s *Server) connect(ctx context.Context) error {
	fields := search.NewFields(all.Sources()...)
	queries := query.New(parts{s.storage.lake}, s.pipe, fields)
	s.jobs = newJobs(s.engine, s.storage.lake, s.storage.dir, s.opt)
	s.identity = identity.New(s.db, s.opt.Log)
	keys := identity.NewAccessKeys(s.db, filepath.Join(s.storage.dir, SecretsFile))
	ingest := ingester{s.pipe, s.storage.lake}
	s.aws = newAWS(s.opt, s.db, s.storage.lake, ingest, keys, queries, awsSQL(s.engine, s.storage.lake, s.storage.dir, s.opt.Config.AWSAPI.Deliveries))
	if err := s.aws.Load(ctx); err != nil {
		return err
	}
	if err := s.openAgents(ctx, query.NewFeed(bySeq{s.storage.lake}, fields)); err != nil {
		return err
	}
	reg := prometheus.NewRegistry()
	s.metrics(reg)
	s.handler = api.New(api.Deps{
		Log: s.opt.Log, Identity: s.identity, AccessKeys: keys, AWS: s.aws, Agents: s.agents, Search: queries, SQL: s.jobs, Stores: storesAPI{s.storage.lake}, Priorities: s.priorities, Digests: digestAPI{s.digests},
		Inputs: s, Ingest: ingest, Progress: checkpoints{s.storage.lake}, Parse: newParser(s.pipe),
		Fsck: fscker{s.storage.lake}, Status: s, Metrics: reg, Console: s.opt.Console,
	})
	return nil
}

// run starts everything that runs, says that it is ready, and stops it in the order of an event's way.
func (s *Server) run(ctx context.Context) error {
	// Each stage outlives the one before it, so that what was taken in is stored.
	lakeCtx, stopLake := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLake()
	pipeCtx, stopPipe := context.WithCancel(context.WithoutCancel(ctx))
	defer stopPipe()
	storing, storingCtx := errgroup.WithContext(context.WithoutCancel(ctx))
	lakeDone := make(chan struct{})
	storing.Go(func() error { defer close(lakeDone); return s.storage.lake.Run(lakeCtx) })
	storing.Go(func() error {
		defer stopLake()
		return s.pipe.Run(pipeCtx)
	})

	g, gctx := errgroup.WithContext(ctx)
	for _, in := range s.inputs {
		g.Go(func() error { return ended(in.Run(gctx)) })
	}
	g.Go(func() error { return ended(s.runTrails(gctx)) })
	g.Go(func() error { return ended(s.digests.Run(gctx)) })
	server := api.Server(s.handler, s.opt.Log)
	server.BaseContext = func(net.Listener) context.Context { return gctx }
	g.Go(func() error {
		if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve HTTP: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-gctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(last); err != nil {
			return server.Close()
		}
		return nil
	})
	g.Go(func() error { return ended(s.identity.Run(gctx)) })
	g.Go(func() error { return ended(s.aws.Run(gctx)) })
	g.Go(func() error { return ended(s.agents.Run(gctx)) })
	g.Go(func() error { return ended(s.jobs.Run(gctx)) })
	g.Go(func() error { // a stage that fails stops the others
		select {
		case <-storingCtx.Done():
			return context.Cause(storingCtx)
		case <-gctx.Done():
			return nil
		}
	})
	s.ready()
	err := g.Wait()
	stopPipe()
	if e := storing.Wait(); e != nil && err == nil {
		err = e
	}
	<-lakeDone
	return ended(err)
}

// ended is err unless it only says that the service was told to stop.
func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// bootstrap makes the administrator at the first start.
func (s *Server) bootstrap(ctx context.Context) error {
	path := filepath.Join(s.storage.dir, TokenFile)
	return s.identity.Bootstrap(ctx, func(f identity.FirstStart) error {
		if err := writeSecret(path, f.Token); err != nil {
			return fmt.Errorf("write administrator token: %w", err)
		}
		fmt.Fprintf(s.opt.Stderr, "first start: administrator %q, one-time password %s\n", f.User, f.Password)
		fmt.Fprintf(s.opt.Stderr, "first start: administrator token written to %s\n", path)
		return nil
	})
}

// checkExposure refuses to be reachable from other machines while the first password is still the one-time one.
func (s *Server) checkExposure(ctx context.Context) error {
	users, err := s.identity.Users(ctx)
	if err != nil {
		return err
	}
	set := slices.ContainsFunc(users, func(u identity.User) bool { return u.Role == identity.Admin && !u.MustChange })
	return s.opt.Config.CheckExposure(set)
}

// SecretsFile in the data folder holds the key that secrets in the metadata database are encrypted with.
const SecretsFile = "secrets.key"

// Names of files in the data folder that clients on the same machine read.
const (
	TokenFile = "admin.token"
	URLFile   = "http.url"
)

func writeSecret(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	return errors.Join(err, f.Sync(), f.Close(), diskfile.SyncDir(filepath.Dir(path)))
}

// ready tells people and scripts where we listen.
func (s *Server) ready() {
	scheme := "http"
	if s.opt.Config.HTTP.CertFile != "" {
		scheme = "https"
	}
	url := scheme + "://" + s.listener.Addr().String()
	if err := os.WriteFile(filepath.Join(s.storage.dir, URLFile), []byte(url+"\n"), 0o640); err != nil {
		s.opt.Log.LogAttrs(context.Background(), slog.LevelWarn, "clients will not find this server by --data", slog.Any(logkey.Err, err))
	}
	addr := ""
	for _, in := range s.inputs {
		if a := in.Addr(); a != nil {
			addr = a.String()
			break
		}
	}
	debug.FreeOSMemory() // the first start hashes a password, which takes memory that is not needed again
	fmt.Fprintf(s.opt.Stderr, "ready http=%s syslog=%s\n", s.listener.Addr(), addr)
}

// storage is the lake with what it stands on.
type storage struct {
	dir  string
	db   *meta.DB
	lake *lake.Lake
	shut []func() error
}

func openStorage(ctx context.Context, dir string, cfg *config.Config, log *slog.Logger) (st *storage, err error) {
	st = &storage{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(damaged(err), st.Close())
		}
	}()
	if err := checkFolder(dir); err != nil {
		return st, err
	}
	if st.db, err = meta.Open(ctx, filepath.Join(dir, "meta.db")); err != nil {
		return st, err
	}
	st.shut = append(st.shut, st.db.Close)
	cat, err := meta.OpenCatalog(ctx, filepath.Join(dir, "catalog.db"))
	if err != nil {
		return st, err
	}
	st.shut = append(st.shut, cat.Close)
	tables, err := table.Open(ctx, table.Options{Warehouse: filepath.Join(dir, "warehouse"), DB: cat})
	if err != nil {
		return st, err
	}
	c := cfg.Lake
	st.lake, err = lake.Open(ctx, lake.Options{Dir: dir, DB: st.db, Tables: tables, Hasher: search.HashTokens, Log: log,
		FlushInterval: time.Duration(c.FlushInterval), FlushEvents: int64(c.FlushEvents), FlushBytes: int64(c.FlushBytes),
		PublishInterval: time.Duration(c.PublishInterval), PublishBytes: int64(c.PublishBytes), CompactBytes: int64(c.CompactTarget),
		SnapshotAge: time.Duration(c.SnapshotExpiry), MinFree: int64(c.MinFree)})
	if err != nil {
		return st, err
	}
	st.shut = append(st.shut, st.lake.Close)
	return st, nil
}

// Close closes what is open, last first.
func (st *storage) Close() error {
	var errs []error
	for i := len(st.shut) - 1; i >= 0; i-- {
		errs = append(errs, st.shut[i]())
	}
	return errors.Join(errs...)
}

// applyStores makes the configured stores, and gives those that are there the configured retention. What the configuration does
// not name stays as it was set by hand.
func (st *storage) applyStores(ctx context.Context, cfg *config.Config) error {
	have := map[string]bool{}
	for _, in := range st.lake.Stores() {
		have[in.Name] = true
	}
	for i := range cfg.Stores {
		s := &cfg.Stores[i]
		if have[s.Name] {
			if s.Implied() {
				continue
			}
			if err := st.lake.SetRetention(ctx, s.Name, time.Duration(s.Retention)); err != nil {
				return err
			}
			continue
		}
		if err := st.lake.CreateStore(ctx, s.Name, time.Duration(s.Retention)); err != nil {
			return err
		}
	}
	return nil
}

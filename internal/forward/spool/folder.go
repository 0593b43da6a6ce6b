package spool

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"kiroku/internal/diskfile"
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

// Limits of Options.Size.
const (
	DefaultSize = 1 << 30
	MinSize     = 64 << 20
)

// Options of a Folder.
type Options struct {
	Dir         string
	Size        int64 // of each queue; 0: DefaultSize
	SkipDamaged bool  // go over what cannot be read
	Disk        diskfile.Disk

	word *wire.Spool // what the server was told of a queue; nil: it cannot be asked now
}

// Folder is the spool of one agent.
type Folder struct {
	o    Options
	held *os.File // the lock

	mu   sync.Mutex
	kept *owner
	used map[string]bool // folders of queues that are open
}

// The files of a folder.
const (
	lockFile  = "lock"
	ownerFile = "agent.json"
	version   = 1
	prefix    = "to-" // of the folder of a destination
)

// owner is what agent.json holds: whose folder it is, and what to do while the server cannot be asked.
type owner struct {
	Version int         `json:"version"`
	Config  wire.Config `json:"config"`
}

var errInUse = errors.New("another process uses it")

// Open opens the spool in a folder, or makes one.
func Open(o Options) (*Folder, error) {
	if o.Size == 0 {
		o.Size = DefaultSize
	}
	if o.Size < MinSize {
		return nil, fault.New(fault.Invalid, fmt.Errorf("--spool-size is %d bytes", o.Size), fmt.Sprintf("Give at least %d bytes, or leave it out for %d.", MinSize, DefaultSize))
	}
	f := &Folder{o: o, used: map[string]bool{}}
	if err := f.open(); err != nil {
		kind, next := fault.Invalid, "Name a folder on a local disk that only this agent may write to: --spool DIR."
		if errors.Is(err, errInUse) {
			kind, next = fault.Conflict, "Run one agent with it: stop the other process, or give each agent a folder of its own: --spool DIR."
		}
		if text := fault.NextOf(err); text != "" {
			next = text
		}
		return nil, fault.New(kind, fmt.Errorf("open spool %s: %w", o.Dir, err), next)
	}
	return f, nil
}

func (f *Folder) open() (err error) {
	if err := f.make(); err != nil {
		return err
	}
	if f.held, err = lock(filepath.Join(f.o.Dir, lockFile)); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.held.Close()
		}
	}()
	b, err := os.ReadFile(filepath.Join(f.o.Dir, ownerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	f.kept = &owner{}
	if err := json.Unmarshal(b, f.kept); err != nil {
		return fmt.Errorf("read %s: %w", ownerFile, err)
	}
	if f.kept.Version != version {
		return fmt.Errorf("it is of version %d, and this agent knows version %d", f.kept.Version, version)
	}
	return nil
}

// make makes the folder, readable for its owner alone. One that is there may be empty, as a mount point is, or a spool.
func (f *Folder) make() error {
	entries, err := os.ReadDir(f.o.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := f.o.Disk.MkdirAll(f.o.Dir); err != nil {
			return err
		}
		return os.Chmod(f.o.Dir, 0o700) //nolint:gosec // a folder needs the right to be entered
	}
	if err != nil {
		return err
	}
	other := ""
	for _, e := range entries {
		switch e.Name() {
		case lockFile, ownerFile:
			return nil
		case "lost+found":
		default:
			other = e.Name()
		}
	}
	if other != "" {
		return fmt.Errorf("it is no spool, and not empty: it has %q", other)
	}
	return nil
}

// Config is what the agent was told last; nil: nothing.
func (f *Folder) Config() *wire.Config {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept == nil {
		return nil
	}
	c := f.kept.Config
	return &c
}

// Keep checks that the folder belongs to the agent of a configuration, and remembers it. The first one makes it its own.
func (f *Folder) Keep(c *wire.Config) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := owner{Version: version, Config: wire.Config{Agent: c.Agent, Destinations: c.Destinations}}
	if f.kept != nil && f.kept.Config.Agent.ID != c.Agent.ID {
		is := &f.kept.Config.Agent
		return fault.New(fault.Invalid, fmt.Errorf("the spool %s belongs to the agent %q (%s), and this is %q (%s)", f.o.Dir, is.Name, is.ID, c.Agent.Name, c.Agent.ID),
			"Give each agent a folder of its own: --spool DIR. What waits in this one is delivered when the agent that it belongs to runs with it.")
	}
	text, err := json.MarshalIndent(&kept, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(f.o.Dir, ownerFile)
	if old, err := os.ReadFile(path); err != nil || string(old) != string(text) {
		err := f.o.Disk.WriteFile(path, func(w io.Writer) error { _, err := w.Write(text); return err })
		if err != nil && (f.kept == nil || !diskFull(err)) { // what is there will do until there is room
			return fmt.Errorf("write spool %s: %w", f.o.Dir, err)
		}
	}
	f.kept = &kept
	return nil
}

// Rest is the queue of a destination that the agent has no more.
type Rest struct {
	Destination string
	Folder      string
	Waiting     Waiting
	Err         error // why it is not known how much waits
}

// Rests lists the queues of other destinations than those named in which records wait, but for those that are open. Of those in
// which none waits, only the files are there: they are removed.
func (f *Folder) Rests(destinations []wire.Destination) (rests []Rest, err error) {
	own := map[string]bool{}
	for _, d := range destinations {
		own[nameOf(d.Name)] = true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	entries, err := os.ReadDir(f.o.Dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		dir := filepath.Join(f.o.Dir, e.Name())
		if !e.IsDir() || own[e.Name()] || f.used[dir] || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		r, err := f.rest(dir)
		if err != nil {
			return nil, err
		}
		if r != nil {
			rests = append(rests, *r)
		}
	}
	return rests, nil
}

func (f *Folder) rest(dir string) (*Rest, error) {
	q, err := openQueue(f.o, dir, "", 0)
	if err != nil {
		return &Rest{Destination: filepath.Base(dir), Folder: dir, Err: err}, nil //nolint:nilerr // it is told of, and the others are looked at
	}
	r := &Rest{Destination: q.mark.Destination, Folder: dir, Waiting: q.Waiting()}
	if err := q.Close(); err != nil {
		return nil, err
	}
	if r.Waiting.Records == 0 {
		return nil, f.o.Disk.RemoveAll(dir)
	}
	return r, nil
}

// ErrBusy says that a queue is open already: who uses it closes it soon.
var ErrBusy = errors.New("the spool of the destination is still in use")

// Queue opens the queue of a destination; it may be open once. keep is how many bytes of lines behind what is confirmed are
// kept for Seeds. word is what the server was told of it, nil when it cannot be asked now: then Expect is called later.
func (f *Folder) Queue(destination string, keep int, word *wire.Spool) (*Queue, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir := filepath.Join(f.o.Dir, nameOf(destination))
	if f.used[dir] {
		return nil, ErrBusy
	}
	o := f.o
	o.word = word
	q, err := openQueue(o, dir, destination, int64(keep))
	if err == nil {
		f.used[dir] = true
		q.free = func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			delete(f.used, dir)
		}
	}
	return q, err
}

// Clear removes everything: nothing waits any more, and nothing will come.
func (f *Folder) Clear() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries, err := os.ReadDir(f.o.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), prefix) {
			err = errors.Join(err, f.o.Disk.RemoveAll(filepath.Join(f.o.Dir, e.Name())))
		}
	}
	f.kept = nil
	return errors.Join(err, f.o.Disk.Remove(filepath.Join(f.o.Dir, ownerFile)), f.o.Disk.SyncDir(f.o.Dir))
}

// Close lets others use the folder.
func (f *Folder) Close() error { return f.held.Close() }

// nameOf is the name of a destination as the name of a folder, on any file system.
func nameOf(destination string) string {
	var b strings.Builder
	for _, c := range []byte(destination) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	const most = 100
	if b.Len() <= most {
		return prefix + b.String()
	}
	sum := sha256.Sum256([]byte(destination))
	return prefix + b.String()[:most/2] + "-" + hex.EncodeToString(sum[:8])
}

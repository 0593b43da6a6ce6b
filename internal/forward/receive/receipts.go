package receive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kiroku/internal/diskfile"
)

// Receipt is one line of a receipts file. The members and their names stay.
type Receipt struct {
	Time  time.Time `json:"time"` // of receiving
	UID   string    `json:"uid"`  // external id of the record
	Bytes int       `json:"bytes"`
}

// maxReceipt bounds a line of a receipts file.
const maxReceipt = 64 << 10

// Receipts is a file that grows by one line for each record. It may be used by several goroutines.
type Receipts struct {
	mu     sync.Mutex
	f      *os.File
	buf    []byte
	failed error
	syncs  sync.Mutex // one at a time: who waits finds it done
	gen    int64      // of what was written
	safe   int64      // gen that is on disk
}

// OpenReceipts opens a receipts file, or makes it. A last line that was cut off by a crash is taken away.
func OpenReceipts(path string) (*Receipts, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open receipts: %w", err)
	}
	if err := cutTail(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("open receipts %q: %w", path, err)
	}
	if err := diskfile.SyncDir(filepath.Dir(path)); err != nil {
		f.Close()
		return nil, fmt.Errorf("open receipts: %w", err)
	}
	return &Receipts{f: f}, nil
}

var errNoReceipts = errors.New("this is no file of receipts: its last line is too long; name another file")

func longUID(n int) error { return fmt.Errorf("write receipt: the external id has %d bytes", n) }

// cutTail makes a file end behind a line.
func cutTail(f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return err
	}
	tail := make([]byte, min(size, maxReceipt))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return err
	}
	end := bytes.LastIndexByte(tail, '\n')
	if end < 0 && size > int64(len(tail)) {
		return errNoReceipts
	}
	if end == len(tail)-1 {
		return nil
	}
	return f.Truncate(size - int64(len(tail)) + int64(end) + 1)
}

// add writes the receipt of a record. It is safe after Sync.
func (r *Receipts) add(rec *Record) error {
	line, err := json.Marshal(Receipt{Time: time.Now().UTC(), UID: rec.UID, Bytes: len(rec.Line)})
	if err != nil {
		return fmt.Errorf("write receipt: %w", err)
	}
	if len(line) >= maxReceipt {
		return longUID(len(rec.UID))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return r.failed
	}
	r.buf = append(append(r.buf, line...), '\n')
	r.gen++
	if len(r.buf) >= 64<<10 {
		return r.flush()
	}
	return nil
}

// flush hands the lines to the system. The caller holds mu. After an error the file may end anywhere: nothing more is added.
func (r *Receipts) flush() error {
	if r.failed != nil {
		return r.failed
	}
	if _, err := r.f.Write(r.buf); err != nil {
		r.failed = fmt.Errorf("write receipts: %w", err)
		return r.failed
	}
	r.buf = r.buf[:0]
	return nil
}

// Sync forces the receipts to disk.
func (r *Receipts) Sync() error {
	r.mu.Lock()
	want := r.gen
	r.mu.Unlock()
	r.syncs.Lock()
	defer r.syncs.Unlock()
	if r.safe >= want {
		return nil
	}
	r.mu.Lock()
	gen, err := r.gen, r.flush()
	r.mu.Unlock()
	if err != nil {
		return err
	}
	if err := diskfile.SyncFile(r.f.Name()); err != nil {
		return fmt.Errorf("write receipts: %w", err)
	}
	r.safe = gen
	return nil
}

// Close forces the receipts to disk and closes the file.
func (r *Receipts) Close() error { return errors.Join(r.Sync(), r.f.Close()) }

// Copy writes the receipts since a time.
func (r *Receipts) Copy(w io.Writer, since time.Time) error {
	if err := r.Sync(); err != nil {
		return err
	}
	f, err := os.Open(r.f.Name())
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	err = eachReceipt(io.LimitReader(f, info.Size()), func(line []byte, rec Receipt) error {
		if rec.Time.Before(since) {
			return nil
		}
		_, err := out.Write(line)
		return err
	})
	return errors.Join(err, out.Flush())
}

// eachReceipt reads receipts. A last line without end is none: its record was not confirmed.
func eachReceipt(in io.Reader, f func(line []byte, rec Receipt) error) error {
	lines := bufio.NewReaderSize(in, maxReceipt)
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read receipts, line %d: %w", n, err)
		}
		var rec Receipt
		if err := json.Unmarshal(line, &rec); err != nil {
			return fmt.Errorf("read receipts, line %d: %w; is this a file of kiroku agent listen --receipts?", n, err)
		}
		if err := f(line, rec); err != nil {
			return err
		}
	}
}

// LoadReceipts reads the external ids out of a receipts file, or out of the listing at http(s)://HOST:PORT/receipts, as far
// as they were received since a time.
func LoadReceipts(ctx context.Context, client *http.Client, from string, since time.Time) (*Set, error) {
	s := &Set{}
	in, err := openListing(ctx, client, from, since)
	if err != nil {
		return nil, fmt.Errorf("load receipts: %w", err)
	}
	defer in.Close()
	err = eachReceipt(in, func(_ []byte, rec Receipt) error {
		if rec.UID == "" || rec.Time.Before(since) {
			return nil
		}
		return s.add(rec.UID)
	})
	if err != nil {
		return nil, fmt.Errorf("load receipts from %q: %w", from, err)
	}
	s.sort()
	return s, nil
}

func openListing(ctx context.Context, client *http.Client, from string, since time.Time) (io.ReadCloser, error) {
	u, err := url.Parse(from)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return os.Open(from)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/receipts"
	}
	if !since.IsZero() {
		query := u.Query()
		query.Set("since", since.UTC().Format(time.RFC3339Nano))
		u.RawQuery = query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if client == nil {
		client = &http.Client{}
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 300))
		res.Body.Close()
		return nil, fmt.Errorf("%s answers %s: %s", u, res.Status, bytes.TrimSpace(text))
	}
	return res.Body, nil
}

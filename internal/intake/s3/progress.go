package s3

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"sync"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/meta"
)

// rememberDays is for how many days an object is remembered after it was created, and after the day in its name. Within
// that time it may be spoken of again: CloudTrail delivers up to 30 days late, and a queue keeps messages for 14 days.
const rememberDays = 46

// Progress is what all inputs together remember of buckets. One is made for the process: two inputs that look at the same
// bucket store an object once. It is safe for concurrent use.
type Progress struct {
	db *meta.DB

	mu      sync.Mutex
	folders map[[2]string]meta.BucketFolder
	busy    map[place]chan struct{} // objects that somebody reads; closed when he is done
	looked  map[int64]bool          // folders that an input looks into
}

// NewProgress makes a Progress that remembers in db.
func NewProgress(db *meta.DB) *Progress {
	return &Progress{db: db, folders: map[[2]string]meta.BucketFolder{}, busy: map[place]chan struct{}{}, looked: map[int64]bool{}}
}

// place is where an object's progress is kept.
type place struct {
	folder, day int64
	id          event.ObjectID
}

const daySeconds = 24 * 60 * 60

// dayOf is the day of UTC since 1970.
func dayOf(t time.Time) int64 { return t.UTC().Truncate(24*time.Hour).Unix() / daySeconds }

// dayTime is midnight of a day.
func dayTime(day int64) time.Time { return time.Unix(day*daySeconds, 0).UTC() }

// objectID is the same for the same contents under the same key.
func objectID(key, etag string) (id event.ObjectID) {
	h := sha256.New()
	h.Write([]byte(key))
	h.Write([]byte{0})
	h.Write([]byte(etag))
	copy(id[:], h.Sum(nil))
	return id
}

// folder returns a folder's number and how far it was read; it makes its row when there is none. bucket includes what
// makes it unique.
func (p *Progress) folder(ctx context.Context, bucket, prefix string) (meta.BucketFolder, error) {
	name := [2]string{bucket, prefix}
	p.mu.Lock()
	f, ok := p.folders[name]
	p.mu.Unlock()
	if ok {
		return f, nil
	}
	err := p.db.Write(ctx, func(tx *sql.Tx) (err error) {
		f, err = meta.AddFolder(ctx, tx, bucket, prefix)
		return err
	})
	if err == nil {
		p.keep(f)
	}
	return f, err
}

// known is the number of a folder, 0 when it has no row yet.
func (p *Progress) known(ctx context.Context, bucket, prefix string) (int64, error) {
	p.mu.Lock()
	f, ok := p.folders[[2]string{bucket, prefix}]
	p.mu.Unlock()
	if ok {
		return f.ID, nil
	}
	f, err := meta.FindFolder(ctx, p.db.Read(), bucket, prefix)
	if err == nil && f.ID != 0 {
		p.keep(f)
	}
	return f.ID, err
}

func (p *Progress) keep(f meta.BucketFolder) {
	p.mu.Lock()
	p.folders[[2]string{f.Bucket, f.Prefix}] = f
	p.mu.Unlock()
}

// looks notes that an input looks into a folder.
func (p *Progress) looks(folder int64) {
	p.mu.Lock()
	p.looked[folder] = true
	p.mu.Unlock()
}

func (p *Progress) looksInto(folder int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.looked[folder]
}

// latest is the folder as it was kept last.
func (p *Progress) latest(f meta.BucketFolder) meta.BucketFolder {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.folders[[2]string{f.Bucket, f.Prefix}]
}

// change changes what is kept of a folder.
func (p *Progress) change(f meta.BucketFolder, how func(*meta.BucketFolder)) {
	name := [2]string{f.Bucket, f.Prefix}
	p.mu.Lock()
	f = p.folders[name]
	how(&f)
	p.folders[name] = f
	p.mu.Unlock()
}

// listed notes a look at the days around now, and one at the month if monthToo.
func (p *Progress) listed(ctx context.Context, f meta.BucketFolder, until time.Time, monthToo bool) error {
	month := time.Time{}
	if monthToo {
		month = until
	}
	err := p.db.Write(ctx, func(tx *sql.Tx) error { return meta.SetFolderListed(ctx, tx, f.ID, until, month) })
	if err == nil {
		p.change(f, func(f *meta.BucketFolder) {
			f.Listed = until
			if monthToo {
				f.Relisted = until
			}
		})
	}
	return err
}

// readFrom notes that every day from day on was read.
func (p *Progress) readFrom(ctx context.Context, f meta.BucketFolder, day int64) error {
	err := p.db.Write(ctx, func(tx *sql.Tx) error { return meta.SetFolderHistory(ctx, tx, f.ID, day) })
	if err == nil {
		p.change(f, func(f *meta.BucketFolder) { f.History = day })
	}
	return err
}

// forget lets go of what is too old to be spoken of again. Everything before the day until must have been read.
func (p *Progress) forget(ctx context.Context, f meta.BucketFolder, until int64) error {
	const atOnce = 10_000 // others wait for the transaction
	for {
		n := int64(0)
		err := p.db.Write(ctx, func(tx *sql.Tx) (err error) {
			n, err = meta.ForgetObjects(ctx, tx, f.ID, until-rememberDays, atOnce)
			return err
		})
		if err != nil || n < atOnce {
			return err
		}
	}
}

// done returns the objects of a day that are stored.
func (p *Progress) done(ctx context.Context, folder, day int64) (map[event.ObjectID]bool, error) {
	return meta.DoneObjects(ctx, p.db.Read(), folder, day)
}

// claim waits until nobody else reads the object, and returns what of it is stored. Unless all is, the caller reads it and
// calls release; nobody else reads it until then.
func (p *Progress) claim(ctx context.Context, at place) (stored meta.Ranges, done bool, release func(), err error) {
	for {
		p.mu.Lock()
		other := p.busy[at]
		if other == nil {
			p.busy[at] = make(chan struct{})
		}
		p.mu.Unlock()
		if other == nil {
			break
		}
		select {
		case <-other:
		case <-ctx.Done():
			return nil, false, nil, ctx.Err()
		}
	}
	stored, done, err = meta.GetObject(ctx, p.db.Read(), at.folder, at.day, at.id)
	if err != nil || done {
		p.release(at)
		return nil, done, nil, err
	}
	return stored, false, func() { p.release(at) }, nil
}

func (p *Progress) release(at place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.busy[at])
	delete(p.busy, at)
}

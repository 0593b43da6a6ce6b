package event

// Batch is a run of records that travels together. Whoever accepts it may change neither the slice nor the bytes.
type Batch struct {
	Records []Record
	// Checkpoint, when not nil, is stored in the same transaction as the batch's events: both or neither.
	Checkpoint *Checkpoint
	// Copy, when not nil, says that the records are a copy, for example a file, of what may have come another way.
	Copy *Copy
	// Release, when not nil, is called once when nobody needs the records' bytes any more.
	Release func()
	// Duplicates, when not nil, gets before the batch is said to be durable how many of its records were not stored, because
	// they are stored already.
	Duplicates *int64
}

// Copy tells a batch of a copy's records what went before it in the copy.
type Copy struct {
	// Before are records that stand before the batch in the copy and are equal to some in it. They are counted, not stored.
	Before []Repeat
}

// Repeat is a record that stands somewhere several times.
type Repeat struct {
	Record Record
	Times  int
}

// Checkpoint says how far an input has come with one of its objects: a file, an S3 object, a queue.
type Checkpoint struct {
	Key      string // the input's own key, for example "file:<sha-256>:<member>"
	Position int64  // everything before it is stored; never falls
	// Object, in the place of Key and Position, speaks of an object whose parts may become durable in any order.
	Object *ObjectPart
	// AuditUIDs, in the place of Key and Position, are remembered so that their events are not stored a second time.
	AuditUIDs []AuditUID
}

// AuditUID is the sender's own id of an audit event that came through a channel.
type AuditUID struct {
	Channel string // id
	Hash    string // of the UID
	EventID string // the id that its event was given
}

// ObjectID tells the contents of objects in buckets apart: 12 bytes of a hash.
type ObjectID [12]byte

// ObjectPart says which records of an object in a bucket are stored with a batch.
type ObjectPart struct {
	Folder   int64 // its number in the metadata database
	Day      int64 // of the object's name, since 1970
	ID       ObjectID
	Modified int64 // day of the object's creation, since 1970
	From, To int64 // the records of the batch, by their place in the object
	Last     bool  // all others are stored already: with this batch the object is done
}

package event

// Batch is a run of records that travels together. Whoever accepts it may change neither the slice nor the bytes.
type Batch struct {
	Records []Record
	// Checkpoint, when not nil, is stored in the same transaction as the batch's events: both or neither.
	Checkpoint *Checkpoint
	// Release, when not nil, is called once when nobody needs the records' bytes any more.
	Release func()
}

// Checkpoint says how far an input has come with one of its objects: a file, an S3 object, a queue.
type Checkpoint struct {
	Key      string // the input's own key, for example "file:<sha-256>:<member>"
	Position int64  // everything before it is stored; never falls
}

package segment

import (
	"io"

	"kiroku/internal/event"
)

// Version of the bytes described in FORMAT.md.
const formatVersion = 2

// Sizes. A group is what a worker encodes at a time; it stays in the second-level cache while it is built.
const (
	// GroupRows is the most rows of a row group.
	GroupRows = 64 << 10
	// GroupBytes is about the most bytes of raw_data in a row group.
	GroupBytes = 64 << 20

	textPageRows = 8 << 10  // rows of a page of long texts
	rawPageRows  = 8 << 10  // rows of a page of raw_data
	filterRows   = 16 << 10 // rows of a token filter
	pageBytes    = 7 << 20  // a page of texts ends at the next 64 rows beyond this
)

// physical types of Parquet.
type physical uint8

const (
	physBool      physical = 0
	physInt32     physical = 1
	physInt64     physical = 2
	physDouble    physical = 5
	physByteArray physical = 6
)

// role says what part of a column a leaf is.
type role uint8

const (
	roleScalar role = iota
	roleElement
	roleKey
	roleValue
)

// leaf is one Parquet column: a scalar column, the elements of a list, the keys or the values of a map.
type leaf struct {
	col     event.Column
	role    role
	phys    physical
	maxDef  int
	maxRep  int
	plain   bool // long or unique texts: no dictionary, pages of pageRows rows
	bloom   bool // Parquet bloom filter for equality
	tokens  bool // its values count for the token index
	delta   bool // rising numbers
	valid   bool // the caller vouches for UTF-8
	grams   bool // texts without a dictionary that people look into: their pages have gram filters
	ranged  bool // texts without a dictionary that rise: their bounds are worth having
	path    []string
	rowsper int // rows of a page; 0: one page a group
}

// Field ids of the parts of lists and maps, as the Iceberg schema has them.
const nestedIDs = 1000

// ElementID is the field id of the elements of a list column, and of the keys of a map column.
func ElementID(c event.Column) int { return nestedIDs + 10*c.Info().FieldID }

// ValueID is the field id of the values of a map column.
func ValueID(c event.Column) int { return ElementID(c) + 1 }

var leaves, leafOf = makeLeaves()

func makeLeaves() ([]leaf, [event.NumColumns]int) {
	var ls []leaf
	var of [event.NumColumns]int
	for _, c := range event.Columns() {
		info := c.Info()
		of[c] = len(ls)
		l := leaf{col: c, path: []string{info.Name}}
		if !info.Required {
			l.maxDef = 1
		}
		switch info.Kind {
		case event.Int:
			l.phys = physInt32
		case event.Long:
			l.phys = physInt64
		case event.Timestamp:
			l.phys, l.delta = physInt64, true
		case event.Bool:
			l.phys = physBool
		case event.Double:
			l.phys = physDouble
		case event.String:
			l.phys, l.tokens = physByteArray, true
		case event.StringList:
			l.phys, l.tokens = physByteArray, true
			l.role, l.maxDef, l.maxRep = roleElement, 2, 1
			l.path = []string{info.Name, "list", "element"}
		case event.StringMap:
			l.phys = physByteArray
			l.role, l.maxDef, l.maxRep = roleKey, 2, 1
			l.path = []string{info.Name, "key_value", "key"}
			v := l
			v.role, v.tokens = roleValue, true
			v.path = []string{info.Name, "key_value", "value"}
			ls = append(ls, l)
			l = v
		}
		switch c {
		case event.ColRawData:
			l.plain, l.tokens, l.valid, l.rowsper = true, false, true, rawPageRows
		case event.ColMessage, event.ColMetadataUID:
			l.plain, l.grams, l.rowsper = true, true, textPageRows
		case event.ColEventUID:
			l.plain, l.tokens, l.ranged, l.rowsper = true, false, true, textPageRows
		case event.ColRawEncoding:
			l.tokens = false
		case event.ColSeq:
			l.delta = true
		}
		switch c {
		case event.ColActorUserName, event.ColSrcIP, event.ColActorSessionUID:
			l.bloom = true
		}
		ls = append(ls, l)
	}
	return ls, of
}

// encoding is how the values of a chunk are written.
type encoding uint8

const (
	encNull  encoding = iota // no value at all
	encDict                  // RLE_DICTIONARY behind a dictionary page
	encText                  // DELTA_LENGTH_BYTE_ARRAY
	encDelta                 // DELTA_BINARY_PACKED
	encPlain                 // PLAIN
)

// page is one data page.
type page struct {
	off      int // of the page's bytes behind its header, from the group's start
	comp     int // bytes as stored
	raw      int // bytes uncompressed
	firstRow int
	rows     int
	values   int // values and nulls
	gramOff  int // of the gram filter, from the group's start
	gramLen  int // 0: there is none
}

// chunk is one leaf of one row group.
type chunk struct {
	enc    encoding
	packed bool // pages are zstd frames
	start  int  // from the group's start, with page headers
	size   int
	raw    int // size uncompressed, with page headers
	values int // values and nulls
	nulls  int

	dict   page // values: entries of the dictionary
	dictAt int  // start of the dictionary page's header
	dataAt int  // start of the first data page's header
	pages  []page

	hasRange         bool // min and max hold
	min, max         int64
	minText, maxText string // "" with hasText false
	hasText          bool

	bloomAt, bloomLen int
	grams             bool // pages may have gram filters

	bytes byteSet // bytes that stand in the chunk's texts; full when nobody looked
}

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) add(text string) {
	for i := range len(text) {
		c := text[i]
		s[c>>6] |= 1 << (c & 63)
	}
}

func (s *byteSet) has(c byte) bool { return s[c>>6]&(1<<(c&63)) != 0 }

var allBytes = byteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// filter is the token filter of some rows of a group.
type filter struct {
	off, len       int
	firstRow, rows int
}

// Group is one row group: its bytes and what is where in them.
type Group struct {
	Rows             int
	RawBytes         int64 // of raw_data, uncompressed
	Unparsed         int   // rows with a parse_error
	MinTime, MaxTime int64 // microseconds
	FirstSeq         int64 // least sequence number
	ownSeq           bool  // the rows brought their own numbers: not one behind the other
	chunks           []chunk
	filters          []filter
	data             []byte      // all but the seq chunk; nil when the group was read from a file
	size             int         // bytes in the file, with the seq chunk
	base             int64       // where the group starts in its file
	src              io.ReaderAt // the file, for groups that were read
}

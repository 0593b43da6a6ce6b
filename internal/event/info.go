package event

// Kind is the type of a column's values.
type Kind uint8

// The kinds of columns and how they stand in Parquet, Iceberg and SQL.
const (
	String     Kind = iota // UTF-8 text
	Int                    // 32 bits
	Long                   // 64 bits
	Bool                   //
	Timestamp              // microseconds since 1970-01-01 UTC
	Double                 //
	StringList             // list<string>
	StringMap              // map<string, string>
)

var kindNames = [...]string{"string", "int", "long", "boolean", "timestamp", "double", "list<string>", "map<string,string>"}

func (k Kind) String() string { return kindNames[k] }

// Info describes a column.
type Info struct {
	Name     string
	Kind     Kind
	FieldID  int // Iceberg field id; never reused
	Required bool
	Path     string // OCSF 1.8.0 attribute path; empty for columns that OCSF has no place for
	Doc      string
}

// Info describes c.
func (c Column) Info() *Info { return &columns[c] }

// String is the column's name.
func (c Column) String() string { return columns[c].Name }

// Kind is the type of the column's values.
func (c Column) Kind() Kind { return columns[c].Kind }

// Columns lists all columns in the order of the table.
func Columns() []Column {
	cs := make([]Column, NumColumns)
	for i := range cs {
		cs[i] = Column(i)
	}
	return cs
}

var byName = func() map[string]Column {
	m := make(map[string]Column, NumColumns)
	for i := range columns {
		m[columns[i].Name] = Column(i)
	}
	return m
}()

// ByName finds a column by its name.
func ByName(name string) (Column, bool) {
	c, ok := byName[name]
	return c, ok
}

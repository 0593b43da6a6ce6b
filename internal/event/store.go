package event

import "slices"

// StoreNameRule says what IsStoreName asks for.
const StoreNameRule = `1 to 63 lower-case letters, digits, "-" and "_", beginning with a letter; events, ocsf, main, temp, system, information_schema and pg_catalog are taken`

// taken are the names that SQL uses for something else.
var taken = []string{"events", "ocsf", "main", "temp", "system", "information_schema", "pg_catalog"}

// IsStoreName says whether name can be the name of an event data store: it is also the name of a table and of a folder.
func IsStoreName(name string) bool {
	if name == "" || len(name) > 63 || name[0] < 'a' || name[0] > 'z' || slices.Contains(taken, name) {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

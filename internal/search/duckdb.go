package search

import (
	"strconv"
	"strings"

	"kiroku/internal/event"
)

// DuckDB is the dialect of the embedded engine. It uses what is built in, and one function that the engine registers:
// kiroku_ip_in(ip VARCHAR, network VARCHAR) BOOLEAN, which is InNetwork.
type DuckDB struct{}

var _ Dialect = DuckDB{}

// AllText joins the text columns of the row.
func (DuckDB) AllText(separator rune) string {
	by := "chr(" + strconv.Itoa(int(separator)) + ")"
	parts := []string{by}
	for _, c := range TextColumns() {
		switch x := c.String(); c.Kind() {
		case event.StringList:
			parts = append(parts, "array_to_string("+x+","+by+")")
		case event.StringMap:
			parts = append(parts, "array_to_string(map_values("+x+"),"+by+")")
		default:
			parts = append(parts, x)
		}
	}
	return "concat_ws(" + strings.Join(parts, ",") + ")"
}

// HasToken looks for the text before it asks about its ends.
func (DuckDB) HasToken(a *Args, x, word string) string {
	x = "lower(" + x + ")"
	return "(contains(" + x + "," + a.Arg(word) + ") AND regexp_matches(" + x + "," + a.Arg(TokenRegexp(word)) + "))"
}

// IContains folds x.
func (DuckDB) IContains(a *Args, x, text string) string {
	return "contains(lower(" + x + ")," + a.Arg(text) + ")"
}

// TokenLike is a regular expression over folded text.
func (DuckDB) TokenLike(a *Args, x, pattern string) string {
	return "regexp_matches(lower(" + x + ")," + a.Arg(TokenPatternRegexp(pattern)) + ")"
}

// RE2Match is DuckDB's own: it uses RE2 too.
func (DuckDB) RE2Match(a *Args, x, pattern string) string {
	return "regexp_matches(" + x + "," + a.Arg(pattern) + ")"
}

// IPIn asks the registered function only about values that a look at the text does not settle.
func (DuckDB) IPIn(a *Args, x, network string) string {
	call := "kiroku_ip_in(" + x + "," + a.Arg(network) + ")"
	n, ok := parseNet(network)
	if !ok {
		return call
	}
	inV6 := "contains(" + x + ",':')" // an IPv4 address may stand inside an IPv6 one
	switch prefix := octets(n); {
	case n.Addr().Is6():
		return "(" + inV6 + " AND " + call + ")"
	case n.IsSingleIP():
		return "(" + x + "=" + a.Arg(prefix) + " OR (" + inV6 + " AND " + call + "))"
	case prefix != "":
		return "((starts_with(" + x + "," + a.Arg(prefix) + ") OR " + inV6 + ") AND " + call + ")"
	}
	return call
}

// Attr is a look-up in the map.
func (DuckDB) Attr(a *Args, key string) string {
	return "map_extract_value(unmapped," + a.Arg(key) + ")"
}

// AttrValues is a list of the map's values.
func (DuckDB) AttrValues() string { return "map_values(unmapped)" }

// AnyMatch filters the list.
func (DuckDB) AnyMatch(list string, predicate func(x string) string) string {
	return "len(list_filter(" + list + ",lambda x: " + predicate("x") + "))>0"
}

// NotEmpty counts.
func (DuckDB) NotEmpty(c event.Column) string {
	if c.Kind() == event.StringMap {
		return "cardinality(" + c.String() + ")>0"
	}
	return "len(" + c.String() + ")>0"
}

// AsNumber casts what is a number for sure.
func (DuckDB) AsNumber(x string) string {
	return "CASE WHEN regexp_matches(" + x + ",'" + NumberRegexp + "') THEN CAST(" + x + " AS DOUBLE) END"
}

// Micros works for columns with and without time zone.
func (DuckDB) Micros(x string) string { return "epoch_us(" + x + ")" }

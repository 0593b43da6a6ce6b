// Package search is the language of the search bar: it reads a query, resolves its fields, and compiles it for both ways
// of looking at events.
//
//	text ──Parse──▶ *Query ──Compile(Fields)──▶ *Program ──SQL(Dialect)──▶ WHERE predicate and arguments  (engine)
//	                                                    ├──Root──────────▶ tree of Leaf, asked column by column (lake)
//	                                                    └──MatchEvent────▶ yes or no for one row            (live tail)
//
// Both ways mean the same: they are made from the same tree of leaves, and every leaf carries one test that answers for
// a Go value and writes itself as SQL.
//
// Invariants:
//   - What the user wrote reaches SQL only as an argument, never as text.
//   - Parse and Compile never panic and their work is bounded by the limits of a query (MaxChars, MaxDepth, MaxClauses,
//     MaxMembers).
//   - Parse(q.String()) gives q again, positions apart.
//   - A missing field makes every positive test false and therefore every negated one true.
//   - Letters are compared by their simple lower-case mapping, rune by rune, which is what SQL's lower() does.
//
// # Words
//
// A token is a maximal run of letters, marks, digits and underscores; see HashTokens. Runes of scripts that put no spaces
// between words (Chinese, Japanese, Korean, Thai …) belong to no token: they are found by substring.
package search

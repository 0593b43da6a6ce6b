// Package cef reads and writes ArcSight's Common Event Format (Implementing ArcSight CEF, versions 0 and 1).
//
//	CEF:0|vendor|product|version|signature id|name|severity|key=value key=value
//
//	bytes ──Index, Parse──▶ Message ──Append──▶ bytes
//
// A value ends where a space, a key and an unescaped "=" follow, or at the end; so an "=" that no key stands in front of
// may be unescaped, as some products write it. Of several spaces in front of a key all but the last belong to the value,
// as the format says. A backslash that escapes nothing stands for itself.
//
// Invariants: reading is one pass; parts of a Message are parts of the input unless something in them was escaped;
// Append followed by Parse gives the same Message, so no value can pose as a key.
package cef

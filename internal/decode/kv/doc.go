// Package kv reads key=value pairs out of text: logfmt, firewall lines, pairs behind or between words.
//
//	bytes ──Scanner.Next──▶ Pair, Pair, …
//
// A key is a word right in front of "="; it starts the text or follows a separator: a space, tab, comma, semicolon, bar or
// opening bracket. A value is quoted with " or ', or it runs to the next space; a comma or semicolon ends it only where
// another key or the end follows, so that a list stays one value. Words that belong to no pair are skipped.
//
// Invariants: reading is one pass in linear time and copies nothing; a Pair's parts are parts of the text.
package kv

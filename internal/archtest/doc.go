// Package archtest keeps the promises of ARCHITECTURE.md by reading the source tree: who may import whom, which folder owns
// which library, that every package says what it is, that no file grows without bound.
//
//	*.go, ARCHITECTURE.md ──parse──▶ rules ──▶ one line for each broken promise
//
// It has no code of its own beside its tests. A rule that gets in the way of a good change is changed here, in the same
// commit, where everybody sees it.
package archtest

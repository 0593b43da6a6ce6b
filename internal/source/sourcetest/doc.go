// Package sourcetest tests sources by data: a folder of samples says what every source makes of its records.
//
//	testdata/<case>/in.log ──Source.Map──▶ event ──JSON──▶ want.jsonl
//
// It is imported by tests only. Invariant: what a golden file shows is all that Map set, so that a change of mapping is a
// change of the file.
package sourcetest

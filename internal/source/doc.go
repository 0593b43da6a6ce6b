// Package source says what a source is: a product whose records Kiroku understands. Each lives in a folder of its own
// (mapping, samples, golden files) and stands in the one list of package all.
//
//	Record ──Recognise, Map──▶ Event
//
// Mapping is pure: no I/O, no clock, no globals that change.
package source

// Package config reads kiroku.yaml and the conf.d folder beside it.
//
//	kiroku.yaml ──▶ YAML tree ──▶ Config ──Validate──▶ Config or every problem with its file, line and column
//	conf.d/*.yaml ─▶ YAML tree ──▶ inputs ──▲
//
// Invariants:
//   - A configuration that loads is one that works: what can be checked without starting is checked.
//   - All problems are reported at once; each says what to write instead.
//   - An unknown key is an error. A key of the Datadog Agent that has no effect here is a warning.
//   - The reference and the example are made from the comments of config.go, and the example loads.
package config

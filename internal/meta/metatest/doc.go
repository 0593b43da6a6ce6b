// Package metatest holds the contract that every metadata database keeps.
//
//	open ──▶ Run ──▶ what a transaction promises, what each noun's queries promise
package metatest

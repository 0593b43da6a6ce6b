// Package nest builds the OCSF object of an event: the row's flat columns become nested attributes again.
//
//	event.Event ──Builder.Object──▶ Object ──▶ a line of JSON
//	event.Event ──Nester.Object───▶ map[string]any ──ocsf.Validator──▶ issues
//
// It works in four steps: place puts every column at its path, fill adds what the class requires and the row implies
// (the user of a logon is its actor), complete sets what is still required to "unknown" or 0 as the schema demands, and
// caption adds the words beside ids. Invariant: no value is lost; a column for which the class has no attribute stands
// in unmapped as "kiroku.<column>".
package nest

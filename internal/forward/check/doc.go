// Package check tries every hop of a SIEM agent's way, from its flags to a confirmed record, and says what is wrong where.
package check

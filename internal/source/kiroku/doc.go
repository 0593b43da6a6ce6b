// Package kiroku maps what Kiroku itself has to tell: its alerts, as Detection Finding.
//
//	{"kiroku_alert": "…", "uid", "time", "severity", "title", "message", …} ──▶ Detection Finding (2004), all else in unmapped
//
// No record is recognised as one of this source: only the input of an alert names it. So nobody outside can send an alert of
// Kiroku's by its content.
package kiroku

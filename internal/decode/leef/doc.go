// Package leef reads and writes IBM's Log Event Extended Format, versions 1.0 and 2.0 (IBM QRadar LEEF guide, "LEEF
// event components").
//
//	LEEF:1.0|vendor|product|version|event id|key=value<TAB>key=value
//	LEEF:2.0|vendor|product|version|event id|^|key=value^key=value
//
//	bytes ──Index, Parse──▶ Message ──Append──▶ bytes
//
// The format has no escapes: nothing but "\|" in the header is unescaped, so a Windows path stays what it is, and Append picks a delimiter that
// no value holds. Senders write the tab of version 1.0 also as spaces or, in documents, as "<TAB>"; only the tab counts.
//
// Invariants: reading is one pass and copies nothing but a header field with an escape; Append followed by Parse gives the same pairs.
package leef

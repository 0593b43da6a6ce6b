// Package file reads files, archives and streams for "kiroku import" and hands their records over in pieces.
//
//	arguments ──Find──▶ items ──gzip, zstd, tar, nested──▶ members ──lines | JSON values──▶ records ──cutter──▶ Piece ──▶ Sink
//
// Invariants:
//   - The same bytes give the same pieces with the same keys, on every machine and in every version (keyVersion). A key is
//     the SHA-256 of the store, the path within the archive, and all records of the member up to the end of the piece. So a
//     piece that is sent again is known, an interrupted import goes on, and a renamed or copied file adds nothing.
//   - Memory is bounded by Options.InFlight, whatever the input is.
//   - A piece can say which of its records stood in earlier pieces of its member (Piece.Before): that follows from the bytes
//     alone, too, so that an import that goes on counts equal records as the interrupted one did.
//   - Everything that could be read before damage is handed over; the damage is reported with its place.
//   - Pieces of one import begin to be sent in the order of their records.
package file

-- +goose Up
-- An event data store. next_seq is the sequence number of the next event; it never falls.
CREATE TABLE stores (
    name      TEXT PRIMARY KEY,
    description TEXT NOT NULL DEFAULT '',
    created   INTEGER NOT NULL,           -- microseconds since 1970-01-01 UTC, like all times here
    retention INTEGER NOT NULL DEFAULT 0, -- seconds; 0: for ever
    next_seq  INTEGER NOT NULL DEFAULT 1,
    deleted_events INTEGER NOT NULL DEFAULT 0 -- events that retention has dropped
) STRICT;

-- A segment that readers see: fresh (not yet in the Iceberg table) or published (a data file of it).
CREATE TABLE segments (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    store     TEXT NOT NULL REFERENCES stores (name),
    path      TEXT NOT NULL UNIQUE,       -- below the data folder
    published INTEGER NOT NULL,
    rows      INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    raw_bytes INTEGER NOT NULL,
    unparsed  INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,           -- least and greatest sequence number
    last_seq  INTEGER NOT NULL,
    min_time  INTEGER NOT NULL,
    max_time  INTEGER NOT NULL,
    sha256    TEXT NOT NULL,
    created   INTEGER NOT NULL
) STRICT;
CREATE INDEX segments_by_store ON segments (store, first_seq);

-- A change of an Iceberg table that is under way. Its id stands in the snapshot's summary.
CREATE TABLE publications (
    id      TEXT PRIMARY KEY,
    store   TEXT NOT NULL REFERENCES stores (name),
    remove  TEXT NOT NULL,                -- JSON: ids of the segments that go
    adding  TEXT NOT NULL,                -- JSON: the segments that come
    created INTEGER NOT NULL
) STRICT;

-- How far inputs have come with their objects; written with the events that it speaks of.
CREATE TABLE checkpoints (
    key      TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    updated  INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE checkpoints;
DROP TABLE publications;
DROP TABLE segments;
DROP TABLE stores;

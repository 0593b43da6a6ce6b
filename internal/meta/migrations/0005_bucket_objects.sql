-- +goose Up
-- A folder of CloudTrail's files in a bucket: one kind, account and region. How far it was read.
CREATE TABLE bucket_folders (
    id       INTEGER PRIMARY KEY,
    bucket   TEXT NOT NULL,
    prefix   TEXT NOT NULL,
    listed   INTEGER NOT NULL DEFAULT 0, -- microseconds: everything that was there then was read, in the days looked at
    relisted INTEGER NOT NULL DEFAULT 0, -- microseconds: the same for the last re-list of the month
    history  INTEGER NOT NULL DEFAULT 0, -- day since 1970 from which on every day was read once; 0: not begun
    UNIQUE (bucket, prefix)
) STRICT;

-- An object of such a folder. Rows go when the object is so old that nobody speaks of it any more.
CREATE TABLE bucket_objects (
    folder   INTEGER NOT NULL,
    day      INTEGER NOT NULL, -- of its name, since 1970
    id       BLOB NOT NULL,    -- 12 bytes of SHA-256 over key and ETag
    modified INTEGER NOT NULL, -- day of its creation, since 1970
    parts    TEXT,             -- JSON: the ranges of records that are stored; NULL: everything is
    PRIMARY KEY (folder, day, id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE bucket_objects;
DROP TABLE bucket_folders;

-- +goose Up
-- A chain of CloudTrail's digests that is verified continuously, and where it stands.
CREATE TABLE digest_chains (
    id              INTEGER PRIMARY KEY,
    bucket          TEXT NOT NULL, -- with what makes it unique in front
    chain           TEXT NOT NULL, -- JSON: prefix, organization, account, region, trail, home region, backfill
    input           TEXT NOT NULL, -- that verified it last
    start           INTEGER NOT NULL, -- microseconds: start of the oldest digest that was found
    until           INTEGER NOT NULL, -- end of the newest
    checked         INTEGER NOT NULL, -- time of the last verification
    digests_valid   INTEGER NOT NULL,
    digests_invalid INTEGER NOT NULL,
    logs_valid      INTEGER NOT NULL,
    logs_invalid    INTEGER NOT NULL,
    UNIQUE (bucket, chain)
) STRICT;

-- What was found out about a stretch of time of a chain.
CREATE TABLE digest_periods (
    chain   INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    starts  INTEGER NOT NULL, -- 1: a chain begins at start
    PRIMARY KEY (chain, until)
) STRICT, WITHOUT ROWID;

-- What is wrong with a file or a period. The numbers rise and never come again: the alerts up to one are in the lake.
CREATE TABLE digest_findings (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    chain   INTEGER NOT NULL,
    status  TEXT NOT NULL, -- of the file, or the verdict of the period
    place   TEXT NOT NULL, -- key of the file, or start of the period
    start   INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    detail  TEXT NOT NULL,
    found   INTEGER NOT NULL, -- first time
    seen    INTEGER NOT NULL, -- last time
    UNIQUE (chain, status, place)
) STRICT;

-- +goose Down
DROP TABLE digest_findings;
DROP TABLE digest_periods;
DROP TABLE digest_chains;

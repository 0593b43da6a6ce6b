-- +goose Up
-- What is remembered of events that retention, or the deletion of their store, has removed: who reads a store by sequence
-- number and comes too late is told what is gone. One row for all that begins on a day.
CREATE TABLE dropped (
    store     TEXT   NOT NULL,
    day       BIGINT NOT NULL, -- of min_time, days since 1970-01-01
    first_seq BIGINT NOT NULL, -- least and greatest sequence number
    last_seq  BIGINT NOT NULL,
    rows      BIGINT NOT NULL,
    min_time  BIGINT NOT NULL, -- microseconds since 1970-01-01 UTC
    max_time  BIGINT NOT NULL,
    PRIMARY KEY (store, day)
);

-- Stores that were deleted. A new one of the same name goes on with the numbers, so that a position names one event for ever.
CREATE TABLE past_stores (
    name     TEXT   NOT NULL PRIMARY KEY,
    next_seq BIGINT NOT NULL
);

-- The number of the first event that a store was given.
ALTER TABLE stores ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE stores DROP COLUMN first_seq;
DROP TABLE past_stores;
DROP TABLE dropped;

-- +goose Up
-- A query of the AWS endpoints over event data stores.
CREATE TABLE queries (
    id        TEXT    NOT NULL PRIMARY KEY, -- UUID
    account   TEXT    NOT NULL, -- who started it
    region    TEXT    NOT NULL,
    stores    TEXT    NOT NULL, -- ids of event data stores: JSON
    statement TEXT    NOT NULL,
    status    TEXT    NOT NULL, -- QUEUED until it has ended, then FINISHED, FAILED, CANCELLED, TIMED_OUT
    message   TEXT    NOT NULL, -- why it failed
    created   BIGINT  NOT NULL,
    ended     BIGINT  NOT NULL, -- 0: not yet
    took      BIGINT  NOT NULL, -- microseconds that it ran
    result    BIGINT  NOT NULL, -- rows
    matched   BIGINT  NOT NULL, -- events
    scanned   BIGINT  NOT NULL, -- events
    bytes     BIGINT  NOT NULL, -- scanned
    columns   TEXT    NOT NULL, -- names of the result's: JSON
    delivery  TEXT    NOT NULL, -- s3://…; empty: none
    delivered TEXT    NOT NULL  -- PENDING, SUCCESS, …; empty: nothing is to be delivered
);
CREATE INDEX queries_by_time ON queries (created);
CREATE INDEX queries_by_end ON queries (ended);

-- +goose Down
DROP TABLE queries;

-- +goose Up
-- An import of CloudTrail's files from a bucket into an event data store.
CREATE TABLE imports (
    id                 TEXT   NOT NULL PRIMARY KEY, -- UUID
    account            TEXT   NOT NULL,
    region             TEXT   NOT NULL,
    event_data_store   TEXT   NOT NULL, -- id; the store may be gone by now
    location           TEXT   NOT NULL, -- s3://…
    bucket_region      TEXT   NOT NULL,
    role               TEXT   NOT NULL,
    start_time         BIGINT NOT NULL, -- of events; 0: no bound
    end_time           BIGINT NOT NULL,
    status             TEXT   NOT NULL, -- INITIALIZING, IN_PROGRESS, FAILED, STOPPED, COMPLETED
    prefixes_found     BIGINT NOT NULL,
    prefixes_completed BIGINT NOT NULL,
    files_completed    BIGINT NOT NULL,
    events_completed   BIGINT NOT NULL,
    position           TEXT   NOT NULL, -- keys up to this one are counted above, or stand in import_failures
    created            BIGINT NOT NULL,
    updated            BIGINT NOT NULL
);
CREATE INDEX imports_by_account ON imports (account, region, created);

CREATE TABLE import_failures (
    import     TEXT   NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    location   TEXT   NOT NULL,
    status     TEXT   NOT NULL, -- FAILED, RETRY, SUCCEEDED
    error_type TEXT   NOT NULL,
    message    TEXT   NOT NULL,
    updated    BIGINT NOT NULL,
    PRIMARY KEY (import, location)
);

-- +goose Down
DROP TABLE import_failures;
DROP TABLE imports;

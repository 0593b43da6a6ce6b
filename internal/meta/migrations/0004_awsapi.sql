-- +goose Up
-- An event data store of the AWS endpoints. Its events are in the lake's store of the name in store.
CREATE TABLE event_data_stores (
    id           TEXT    NOT NULL PRIMARY KEY, -- UUID, the end of its ARN
    account      TEXT    NOT NULL,
    region       TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    store        TEXT    NOT NULL UNIQUE,
    status       TEXT    NOT NULL,             -- CREATED, ENABLED, STOPPED_INGESTION, PENDING_DELETION
    category     TEXT    NOT NULL,             -- eventCategory of its selectors
    selectors    TEXT    NOT NULL,             -- JSON as it was given
    multi_region BOOLEAN NOT NULL,
    organization BOOLEAN NOT NULL,
    days         BIGINT  NOT NULL,             -- retention
    billing      TEXT    NOT NULL,
    protected    BOOLEAN NOT NULL,             -- against deletion
    kms_key      TEXT    NOT NULL,
    created      BIGINT  NOT NULL,
    updated      BIGINT  NOT NULL,
    deleted      BIGINT  NOT NULL,             -- since when it waits to be deleted; 0: it does not
    UNIQUE (account, region, name)
);

CREATE TABLE channels (
    id           TEXT    NOT NULL PRIMARY KEY,
    account      TEXT    NOT NULL,
    region       TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    deduplicate  BOOLEAN NOT NULL,             -- an event whose UID came before is not stored again
    created      BIGINT  NOT NULL,
    success      BIGINT  NOT NULL,             -- last event that was stored; 0: none
    success_id   TEXT    NOT NULL,
    attempt      BIGINT  NOT NULL,             -- last event that came
    attempt_id   TEXT    NOT NULL,
    error_code   TEXT    NOT NULL,             -- of the last event that was refused
    UNIQUE (account, region, name)
);

CREATE TABLE channel_destinations (
    channel          TEXT   NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    position         BIGINT NOT NULL,
    event_data_store TEXT   NOT NULL REFERENCES event_data_stores (id),
    PRIMARY KEY (channel, position)
);
CREATE INDEX channel_destinations_by_store ON channel_destinations (event_data_store);

CREATE TABLE resource_policies (
    resource TEXT   NOT NULL PRIMARY KEY, -- ARN
    policy   TEXT   NOT NULL,             -- JSON as it was given
    updated  BIGINT NOT NULL
);

CREATE TABLE resource_tags (
    resource TEXT   NOT NULL, -- ARN
    name     TEXT   NOT NULL,
    value    TEXT   NOT NULL,
    position BIGINT NOT NULL, -- in the order of adding
    PRIMARY KEY (resource, name)
);

-- Audit events that a channel refused, until somebody sends them again or deletes them.
CREATE TABLE rejected_events (
    id         TEXT   NOT NULL PRIMARY KEY,
    channel    TEXT   NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    received   BIGINT NOT NULL,
    principal  TEXT   NOT NULL, -- who sent it
    request_id TEXT   NOT NULL, -- the sender's id of the event within its request
    code       TEXT   NOT NULL, -- why
    message    TEXT   NOT NULL,
    tries      BIGINT NOT NULL, -- how often it was refused
    bytes      BIGINT NOT NULL, -- length of event_data
    event_data TEXT   NOT NULL
);
CREATE INDEX rejected_events_by_channel ON rejected_events (channel, received, id);

-- UIDs that came through channels that deduplicate; written with their events.
CREATE TABLE audit_event_uids (
    channel  TEXT    NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    uid      TEXT    NOT NULL, -- base64 of its SHA-256
    event_id TEXT    NOT NULL, -- the id given to its event
    created  BIGINT  NOT NULL,
    PRIMARY KEY (channel, uid)
);
CREATE INDEX audit_event_uids_by_age ON audit_event_uids (created);

-- +goose Down
DROP TABLE audit_event_uids;
DROP TABLE rejected_events;
DROP TABLE resource_tags;
DROP TABLE resource_policies;
DROP TABLE channel_destinations;
DROP TABLE channels;
DROP TABLE event_data_stores;

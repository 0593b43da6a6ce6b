-- +goose Up
-- An agent that passes events on to a SIEM. A deleted one stays as a row, so that it can be told so.
CREATE TABLE siem_agents (
    id        TEXT   NOT NULL PRIMARY KEY,
    name      TEXT   NOT NULL,
    kind      TEXT   NOT NULL, -- main, recovery
    status    TEXT   NOT NULL, -- active, paused, completed, deleted
    parent    TEXT   NOT NULL, -- recovery: the agent that it is like
    creator   TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    updated   BIGINT NOT NULL,
    ended     BIGINT NOT NULL, -- when it was completed or deleted
    spec      TEXT   NOT NULL, -- JSON: what it sends where
    summary   TEXT   NOT NULL, -- JSON: what a completed recovery did
    session   TEXT   NOT NULL, -- the newest
    host      TEXT   NOT NULL, -- of the newest session
    version   TEXT   NOT NULL, -- of the newest session
    contact   BIGINT NOT NULL  -- the last; exact to half a minute after a crash
);
CREATE UNIQUE INDEX siem_agents_by_name ON siem_agents (name) WHERE status <> 'deleted';

CREATE TABLE siem_agent_tokens (
    hash    TEXT   NOT NULL PRIMARY KEY, -- hex of SHA-256
    agent   TEXT   NOT NULL REFERENCES siem_agents (id) ON DELETE CASCADE,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL, -- set when another took its place; 0: never
    revoked BIGINT NOT NULL, -- 0: it is not
    used    BIGINT NOT NULL
);
CREATE INDEX siem_agent_tokens_by_agent ON siem_agent_tokens (agent);

-- How far a destination has confirmed, by event data store.
CREATE TABLE siem_agent_positions (
    agent       TEXT   NOT NULL REFERENCES siem_agents (id) ON DELETE CASCADE,
    destination TEXT   NOT NULL,
    store       TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    until       BIGINT NOT NULL, -- up to here only what lies within the start time is sent
    PRIMARY KEY (agent, destination, store)
);

-- What a destination was given. Times of receipts are those of events.
CREATE TABLE siem_agent_deliveries (
    agent       TEXT   NOT NULL REFERENCES siem_agents (id) ON DELETE CASCADE,
    destination TEXT   NOT NULL,
    confirmed   BIGINT NOT NULL, -- records
    skipped     BIGINT NOT NULL,
    dead        BIGINT NOT NULL,
    oversize    BIGINT NOT NULL,
    first_uid   TEXT   NOT NULL,
    first_time  BIGINT NOT NULL,
    last_uid    TEXT   NOT NULL,
    last_time   BIGINT NOT NULL,
    acked       BIGINT NOT NULL, -- when it last confirmed something
    PRIMARY KEY (agent, destination)
);

-- At most one is open for an agent, destination and code.
CREATE TABLE siem_agent_notifications (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    agent       TEXT   NOT NULL REFERENCES siem_agents (id) ON DELETE CASCADE,
    destination TEXT   NOT NULL,
    code        TEXT   NOT NULL,
    text        TEXT   NOT NULL,
    count       BIGINT NOT NULL,
    first       BIGINT NOT NULL,
    last        BIGINT NOT NULL,
    cleared     BIGINT NOT NULL -- 0: it is open
);
CREATE INDEX siem_agent_notifications_by_agent ON siem_agent_notifications (agent, id);
CREATE UNIQUE INDEX siem_agent_notifications_open ON siem_agent_notifications (agent, destination, code) WHERE cleared = 0;

-- Records that a destination will never take.
CREATE TABLE siem_agent_dead_letters (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    agent       TEXT   NOT NULL REFERENCES siem_agents (id) ON DELETE CASCADE,
    destination TEXT   NOT NULL,
    store       TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    uid         TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    time        BIGINT NOT NULL, -- when it was given up
    replay      BIGINT NOT NULL, -- its number among those that are sent again; 0: it is not
    UNIQUE (agent, destination, store, seq)
);

-- Alerts about agents. The numbers rise and never come again: the alerts up to one are in the lake.
CREATE TABLE siem_agent_alerts (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    incident TEXT   NOT NULL UNIQUE, -- one alert each
    record   TEXT   NOT NULL,        -- JSON
    created  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE siem_agent_alerts;
DROP TABLE siem_agent_dead_letters;
DROP TABLE siem_agent_notifications;
DROP TABLE siem_agent_deliveries;
DROP TABLE siem_agent_positions;
DROP TABLE siem_agent_tokens;
DROP TABLE siem_agents;

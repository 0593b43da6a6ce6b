-- +goose Up
-- A dashboard of the AWS endpoints.
CREATE TABLE dashboards (
    account   TEXT    NOT NULL,
    region    TEXT    NOT NULL,
    name      TEXT    NOT NULL, -- the end of its ARN
    status    TEXT    NOT NULL, -- CREATED, UPDATED
    widgets   TEXT    NOT NULL, -- JSON
    schedule  TEXT    NOT NULL, -- JSON as it was given; empty: none
    protected BOOLEAN NOT NULL, -- against deletion
    created   BIGINT  NOT NULL,
    updated   BIGINT  NOT NULL,
    next      BIGINT  NOT NULL, -- when it is to be refreshed; 0: never by itself
    refresh   TEXT    NOT NULL, -- id of the last refresh; empty: none
    failure   TEXT    NOT NULL, -- why its queries could not be started
    PRIMARY KEY (account, region, name)
);

-- The queries of refreshes, as long as there are results.
CREATE TABLE dashboard_queries (
    account TEXT   NOT NULL,
    region  TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    refresh TEXT   NOT NULL,
    alias   TEXT   NOT NULL, -- of the widget
    query   TEXT   NOT NULL, -- id
    created BIGINT NOT NULL,
    PRIMARY KEY (account, region, alias, refresh),
    FOREIGN KEY (account, region, name) REFERENCES dashboards (account, region, name) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE dashboard_queries;
DROP TABLE dashboards;

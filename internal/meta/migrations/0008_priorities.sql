-- +goose Up
-- Priorities that people set while the service runs; they go before those of the configuration.
CREATE TABLE priorities (
    source   TEXT NOT NULL,
    service  TEXT NOT NULL, -- lower case; "default" is all that are not named
    priority TEXT NOT NULL, -- normal, low
    PRIMARY KEY (source, service)
);

-- +goose Down
DROP TABLE priorities;

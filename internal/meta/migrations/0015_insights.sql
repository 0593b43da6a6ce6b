-- +goose Up
-- The Insights events that are made of an event data store's events, and how far that has come.
CREATE TABLE insight_selectors (
    event_data_store TEXT   NOT NULL PRIMARY KEY REFERENCES event_data_stores (id) ON DELETE CASCADE, -- whose events are looked at
    destination      TEXT   NOT NULL REFERENCES event_data_stores (id) ON DELETE CASCADE,             -- that gets the Insights events
    selectors        TEXT   NOT NULL, -- JSON as it was given; []: switched off
    position         BIGINT NOT NULL, -- all before is looked at
    open             TEXT   NOT NULL  -- JSON: insights that have begun and not ended
);
CREATE INDEX insight_selectors_by_destination ON insight_selectors (destination);

-- +goose Down
DROP TABLE insight_selectors;

-- +goose Up
-- The largest size of events as queries of CloudTrail Lake's API show them: Standard, Large, or empty, which is Large.
ALTER TABLE event_data_stores ADD COLUMN max_event_size TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE event_data_stores DROP COLUMN max_event_size;

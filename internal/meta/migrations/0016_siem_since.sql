-- +goose Up
-- What a destination of a SIEM agent began with: the last event that the store had given, and the time of the oldest one that it
-- could have. What retention had removed by then is no gap.
ALTER TABLE siem_agent_positions ADD COLUMN had BIGINT NOT NULL DEFAULT 0;
ALTER TABLE siem_agent_positions ADD COLUMN since BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE siem_agent_positions DROP COLUMN since;
ALTER TABLE siem_agent_positions DROP COLUMN had;

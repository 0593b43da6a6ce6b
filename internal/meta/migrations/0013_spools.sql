-- +goose Up
-- What agents have on their disks, by what they last said: acknowledged, and not confirmed by the destination.
ALTER TABLE siem_agent_deliveries ADD COLUMN spool_records BIGINT NOT NULL DEFAULT 0;
ALTER TABLE siem_agent_deliveries ADD COLUMN spool_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE siem_agent_deliveries ADD COLUMN spool_since BIGINT NOT NULL DEFAULT 0; -- when the oldest came there, microseconds since 1970-01-01 UTC

-- +goose Down
ALTER TABLE siem_agent_deliveries DROP COLUMN spool_since;
ALTER TABLE siem_agent_deliveries DROP COLUMN spool_bytes;
ALTER TABLE siem_agent_deliveries DROP COLUMN spool_records;

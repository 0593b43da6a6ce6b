-- +goose Up
-- The number behind the last record of which the agent said that its spool has it: a spool that ends before it has lost some.
ALTER TABLE siem_agent_deliveries ADD COLUMN spool_next BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE siem_agent_deliveries DROP COLUMN spool_next;

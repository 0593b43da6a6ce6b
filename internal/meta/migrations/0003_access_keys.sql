-- +goose Up
-- An access key of the AWS endpoints. Signatures are made with the secret itself, so it is encrypted instead of hashed.
CREATE TABLE access_keys (
    id        TEXT   NOT NULL PRIMARY KEY, -- AKIA and 16 characters
    account   TEXT   NOT NULL,             -- 12 digits
    principal TEXT   NOT NULL,             -- ARN of whom it stands for
    secret    TEXT   NOT NULL,             -- base64 of nonce and AES-256-GCM; the key is a file beside the database
    created   BIGINT NOT NULL,
    last_used BIGINT NOT NULL,
    revoked   BIGINT NOT NULL              -- 0: valid
);

-- +goose Down
DROP TABLE access_keys;

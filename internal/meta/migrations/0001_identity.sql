-- +goose Up
CREATE TABLE users (
    name          TEXT    NOT NULL PRIMARY KEY,
    role          TEXT    NOT NULL,
    grants        TEXT    NOT NULL, -- JSON list of permissions beside those of the role
    password_hash TEXT    NOT NULL, -- argon2id, with its parameters
    must_change   BOOLEAN NOT NULL,
    created       BIGINT  NOT NULL,
    last_login    BIGINT  NOT NULL
);

CREATE TABLE tokens (
    id          TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    kind        TEXT   NOT NULL, -- api, session
    secret_hash TEXT   NOT NULL, -- hex of SHA-256 of the secret, which has 256 random bits
    user_name   TEXT   NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    role        TEXT   NOT NULL,
    grants      TEXT   NOT NULL,
    stores      TEXT   NOT NULL, -- JSON list; empty: all stores
    created     BIGINT NOT NULL,
    expires     BIGINT NOT NULL, -- 0: never
    last_used   BIGINT NOT NULL
);

CREATE INDEX tokens_by_user ON tokens (user_name);

-- +goose Down
DROP TABLE tokens;
DROP TABLE users;

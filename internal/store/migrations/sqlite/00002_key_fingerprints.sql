-- +goose Up
CREATE TABLE IF NOT EXISTS key_fingerprints (
    name        TEXT NOT NULL PRIMARY KEY,
    fingerprint BLOB  NOT NULL
) STRICT;

-- +goose Down
DROP TABLE key_fingerprints;

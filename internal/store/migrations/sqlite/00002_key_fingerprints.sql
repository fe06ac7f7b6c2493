-- +goose Up
CREATE TABLE key_fingerprints (
    name        TEXT NOT NULL PRIMARY KEY,
    fingerprint BLOB  NOT NULL
) STRICT;

-- +goose Down
DROP TABLE key_fingerprints;

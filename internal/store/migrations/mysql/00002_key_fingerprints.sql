-- +goose Up
CREATE TABLE IF NOT EXISTS key_fingerprints (
    name        VARCHAR(40) NOT NULL PRIMARY KEY,
    fingerprint BINARY(32)  NOT NULL
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE key_fingerprints;

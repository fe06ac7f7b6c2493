-- +goose Up
CREATE TABLE code_miss_flushes (
    id TEXT    NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX code_miss_flushes_at ON code_miss_flushes (at);

-- +goose Down
DROP TABLE code_miss_flushes;

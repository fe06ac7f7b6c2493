-- +goose Up
CREATE TABLE code_misses (
    day     TEXT    NOT NULL,
    channel TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    n       INTEGER NOT NULL,
    PRIMARY KEY (day, channel, reason)
) STRICT;

-- +goose Down
DROP TABLE code_misses;

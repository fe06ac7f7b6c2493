-- +goose Up
CREATE TABLE cache_epochs (
    id     INTEGER NOT NULL PRIMARY KEY,
    name   TEXT    NOT NULL,
    holder TEXT    NOT NULL,
    since  INTEGER NOT NULL
) STRICT;
INSERT INTO cache_epochs (id, name, holder, since) VALUES (1, '', '', 0);

-- +goose Down
DROP TABLE cache_epochs;

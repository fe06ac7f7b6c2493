-- +goose Up
CREATE TABLE IF NOT EXISTS cache_epochs (
    id     BIGINT      NOT NULL PRIMARY KEY,
    name   VARCHAR(16) NOT NULL,
    holder VARCHAR(32) NOT NULL,
    since  BIGINT      NOT NULL
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT IGNORE INTO cache_epochs (id, name, holder, since) VALUES (1, '', '', 0);

-- +goose Down
DROP TABLE cache_epochs;

-- +goose Up
CREATE TABLE IF NOT EXISTS code_miss_flushes (
    id CHAR(36) NOT NULL,
    at BIGINT   NOT NULL,
    PRIMARY KEY (id),
    KEY code_miss_flushes_at (at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE code_miss_flushes;

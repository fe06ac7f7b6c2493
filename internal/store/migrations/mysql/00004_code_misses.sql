-- +goose Up
CREATE TABLE IF NOT EXISTS code_misses (
    day     DATE        NOT NULL,
    channel VARCHAR(10) NOT NULL,
    reason  VARCHAR(24) NOT NULL,
    n       BIGINT      NOT NULL,
    PRIMARY KEY (day, channel, reason)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE code_misses;

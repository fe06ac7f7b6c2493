-- +goose Up
CREATE TABLE IF NOT EXISTS certificate_files (
    certificate_id BINARY(8)  NOT NULL PRIMARY KEY,
    digest         BINARY(32) NOT NULL,
    size           BIGINT     NOT NULL,
    made_at        BIGINT     NOT NULL,
    UNIQUE KEY certificate_files_digest (digest),
    CONSTRAINT certificate_files_certificate FOREIGN KEY (certificate_id) REFERENCES certificates (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE certificate_files;

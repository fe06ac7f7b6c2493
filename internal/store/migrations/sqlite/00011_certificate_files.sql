-- +goose Up
CREATE TABLE certificate_files (
    certificate_id BLOB    NOT NULL PRIMARY KEY,
    digest         BLOB    NOT NULL,
    size           INTEGER NOT NULL,
    made_at        INTEGER NOT NULL,
    FOREIGN KEY (certificate_id) REFERENCES certificates (id)
) STRICT;
CREATE UNIQUE INDEX certificate_files_digest ON certificate_files (digest);

-- +goose Down
DROP TABLE certificate_files;

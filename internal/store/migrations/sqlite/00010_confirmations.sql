-- +goose Up
CREATE TABLE confirmations (
    person_id       INTEGER NOT NULL,
    name            TEXT    NOT NULL,
    registration_id INTEGER NOT NULL,
    certificate_id  BLOB    NOT NULL,
    confirmed_at    INTEGER NOT NULL,
    PRIMARY KEY (person_id, name),
    FOREIGN KEY (person_id) REFERENCES persons (id),
    FOREIGN KEY (certificate_id) REFERENCES certificates (id)
) STRICT;
CREATE INDEX confirmations_certificate ON confirmations (certificate_id);

-- +goose Down
DROP TABLE confirmations;

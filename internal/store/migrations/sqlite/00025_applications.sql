-- +goose Up
CREATE TABLE applications (
    id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    number          TEXT    NOT NULL,
    person_id       INTEGER NOT NULL,
    category        TEXT    NOT NULL,
    admitted_at     INTEGER NOT NULL,
    admitted_by     TEXT    NOT NULL,
    registered_at   INTEGER NOT NULL,
    registration_id INTEGER NULL,
    FOREIGN KEY (person_id) REFERENCES persons (id)
) STRICT;
CREATE UNIQUE INDEX applications_number ON applications (number);
CREATE UNIQUE INDEX applications_person ON applications (person_id, category);

-- +goose Down
DROP TABLE applications;

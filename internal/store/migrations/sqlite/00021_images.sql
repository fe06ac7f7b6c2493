-- +goose Up
CREATE TABLE person_images (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    person_id   INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    digest      TEXT    NOT NULL,
    size        INTEGER NOT NULL,
    uploaded_at INTEGER NOT NULL,
    uploaded_by TEXT    NOT NULL,
    decided_at  INTEGER NOT NULL,
    decided_by  TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    FOREIGN KEY (person_id) REFERENCES persons (id)
) STRICT;
CREATE UNIQUE INDEX person_images_name ON person_images (name);
CREATE INDEX person_images_person ON person_images (person_id, kind, state);
CREATE INDEX person_images_state ON person_images (state, id);

-- +goose Down
DROP TABLE person_images;

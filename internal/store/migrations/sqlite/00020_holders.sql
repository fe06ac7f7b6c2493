-- +goose Up
CREATE TABLE bindings (
    person_id INTEGER NOT NULL PRIMARY KEY,
    user_id   TEXT    NOT NULL,
    way       TEXT    NOT NULL,
    bound_at  INTEGER NOT NULL,
    FOREIGN KEY (person_id) REFERENCES persons (id),
    FOREIGN KEY (user_id) REFERENCES users (id)
) STRICT;
CREATE UNIQUE INDEX bindings_user ON bindings (user_id);

CREATE TABLE binding_tries (
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    user_id   TEXT    NOT NULL,
    way       TEXT    NOT NULL,
    outcome   TEXT    NOT NULL,
    target    BLOB    NOT NULL,
    person_id INTEGER NULL
) STRICT;
CREATE INDEX binding_tries_at ON binding_tries (at);
CREATE INDEX binding_tries_user ON binding_tries (user_id, at);

CREATE TABLE binding_locks (
    target       BLOB    NOT NULL PRIMARY KEY,
    wrong        INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    locked_until INTEGER NOT NULL
) STRICT;
CREATE INDEX binding_locks_since ON binding_locks (since);

CREATE TABLE binding_claims (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    person_id  INTEGER NOT NULL,
    user_id    TEXT    NOT NULL,
    way        TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    decided_by TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    FOREIGN KEY (person_id) REFERENCES persons (id),
    FOREIGN KEY (user_id) REFERENCES users (id)
) STRICT;
CREATE INDEX binding_claims_state ON binding_claims (state, id);
CREATE INDEX binding_claims_user ON binding_claims (user_id);
CREATE INDEX binding_claims_person ON binding_claims (person_id);

-- +goose Down
DROP TABLE binding_claims;
DROP TABLE binding_locks;
DROP TABLE binding_tries;
DROP TABLE bindings;

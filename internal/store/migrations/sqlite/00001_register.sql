-- +goose Up
CREATE TABLE persons (
    id                         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name                       TEXT    NOT NULL,
    sex                        TEXT    NOT NULL,
    id_type                    TEXT    NOT NULL,
    id_number_sealed           BLOB    NOT NULL,
    id_number_index            BLOB    NOT NULL,
    birth_date                 TEXT    NULL,
    created_at                 INTEGER NOT NULL,
    updated_at                 INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX persons_id_number ON persons (id_number_index);

CREATE TABLE registrations (
    id                         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    person_id                  INTEGER NOT NULL,
    category                   TEXT    NOT NULL,
    certificate_number         TEXT    NOT NULL,
    seal_number                TEXT    NOT NULL,
    employer                   TEXT    NOT NULL,
    employer_code              TEXT    NOT NULL,
    specialty                  TEXT    NOT NULL,
    valid_from                 TEXT    NOT NULL,
    valid_until                TEXT    NOT NULL,
    state                      TEXT    NOT NULL,
    state_since                TEXT    NULL,
    version                    INTEGER NOT NULL,
    created_at                 INTEGER NOT NULL,
    updated_at                 INTEGER NOT NULL,
    FOREIGN KEY (person_id) REFERENCES persons (id)
) STRICT;
CREATE UNIQUE INDEX registrations_number ON registrations (certificate_number, category);
CREATE INDEX registrations_person ON registrations (person_id);
CREATE INDEX registrations_employer ON registrations (employer_code);

CREATE TABLE registration_blocks (
    id                         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    registration_id            INTEGER NOT NULL,
    kind                       TEXT    NOT NULL,
    begins_on                  TEXT    NOT NULL,
    ends_on                    TEXT    NULL,
    FOREIGN KEY (registration_id) REFERENCES registrations (id)
) STRICT;
CREATE INDEX registration_blocks_registration ON registration_blocks (registration_id);

CREATE TABLE certificates (
    id                         BLOB    NOT NULL PRIMARY KEY,
    registration_id            INTEGER NOT NULL,
    kind                       INTEGER NOT NULL,
    key_number                 INTEGER NOT NULL,
    use_from                   TEXT    NOT NULL,
    use_until                  TEXT    NOT NULL,
    printed_name               TEXT    NOT NULL,
    printed_sex                TEXT    NOT NULL,
    printed_birth_date         TEXT    NULL,
    printed_category           TEXT    NOT NULL,
    printed_certificate_number TEXT    NOT NULL,
    printed_seal_number        TEXT    NOT NULL,
    printed_employer           TEXT    NOT NULL,
    printed_specialty          TEXT    NOT NULL,
    printed_valid_from         TEXT    NOT NULL,
    printed_valid_until        TEXT    NOT NULL,
    withdrawn_at               INTEGER NOT NULL,
    withdrawn_reason           TEXT    NOT NULL,
    issued_at                  INTEGER NOT NULL,
    FOREIGN KEY (registration_id) REFERENCES registrations (id)
) STRICT;
CREATE INDEX certificates_registration ON certificates (registration_id);

CREATE TABLE events (
    id                         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    subject                    TEXT    NOT NULL,
    subject_id                 TEXT    NOT NULL,
    version                    INTEGER NOT NULL,
    kind                       TEXT    NOT NULL,
    actor                      TEXT    NOT NULL,
    reason                     TEXT    NOT NULL,
    at                         INTEGER NOT NULL,
    propagated_at              INTEGER NOT NULL
) STRICT;
CREATE INDEX events_pending ON events (propagated_at, id);
CREATE INDEX events_subject ON events (subject, subject_id);

CREATE TABLE users (
    id                         TEXT    NOT NULL PRIMARY KEY,
    openid_sealed              BLOB    NOT NULL,
    openid_index               BLOB    NOT NULL,
    version                    INTEGER NOT NULL,
    created_at                 INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_openid ON users (openid_index);

CREATE TABLE grants (
    user_id                    TEXT    NOT NULL,
    role                       TEXT    NOT NULL,
    granted_by                 TEXT    NOT NULL,
    granted_at                 INTEGER NOT NULL,
    PRIMARY KEY (user_id, role),
    FOREIGN KEY (user_id) REFERENCES users (id)
) STRICT;

CREATE TABLE sessions (
    token_hash                 BLOB    NOT NULL PRIMARY KEY,
    user_id                    TEXT    NOT NULL,
    created_at                 INTEGER NOT NULL,
    expires_at                 INTEGER NOT NULL,
    ended_at                   INTEGER NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (id)
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE scans (
    id                         TEXT    NOT NULL PRIMARY KEY,
    at                         INTEGER NOT NULL,
    channel                    TEXT    NOT NULL,
    user_id                    TEXT    NULL,
    code_digest                BLOB    NOT NULL,
    certificate_id             BLOB    NULL,
    registration_id            INTEGER NULL,
    document_status            TEXT    NOT NULL,
    document_reason            TEXT    NOT NULL,
    registration_status        TEXT    NOT NULL,
    usable                     INTEGER NOT NULL,
    facts_as_of                INTEGER NOT NULL,
    facts_source               TEXT    NOT NULL,
    lat_centi                  INTEGER NULL,
    lng_centi                  INTEGER NULL,
    note                       TEXT    NOT NULL
) STRICT;
CREATE INDEX scans_at ON scans (at);
CREATE INDEX scans_certificate ON scans (certificate_id, at);
CREATE INDEX scans_user ON scans (user_id, at);

-- +goose Down
DROP TABLE scans;
DROP TABLE sessions;
DROP TABLE grants;
DROP TABLE users;
DROP TABLE events;
DROP TABLE certificates;
DROP TABLE registration_blocks;
DROP TABLE registrations;
DROP TABLE persons;

-- +goose Up
-- IF NOT EXISTS: MySQL commits each statement by itself, and a migration that was cut off is run again.
CREATE TABLE IF NOT EXISTS persons (
    id               BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name             VARCHAR(50)    NOT NULL,
    sex              VARCHAR(1)     NOT NULL,
    id_type          VARCHAR(20)    NOT NULL,
    id_number_sealed VARBINARY(128) NOT NULL,
    id_number_index  BINARY(32)     NOT NULL,
    birth_date       DATE           NULL,
    created_at       BIGINT         NOT NULL,
    updated_at       BIGINT         NOT NULL,
    UNIQUE KEY persons_id_number (id_number_index)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS registrations (
    id                 BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    person_id          BIGINT       NOT NULL,
    category           VARCHAR(40)  NOT NULL,
    certificate_number VARCHAR(40)  NOT NULL,
    seal_number        VARCHAR(40)  NOT NULL,
    employer           VARCHAR(100) NOT NULL,
    employer_code      CHAR(18)     NOT NULL,
    specialty          VARCHAR(50)  NOT NULL,
    valid_from         DATE         NOT NULL,
    valid_until        DATE         NOT NULL,
    state              VARCHAR(12)  NOT NULL,
    state_since        DATE         NULL,
    version            BIGINT       NOT NULL,
    created_at         BIGINT       NOT NULL,
    updated_at         BIGINT       NOT NULL,
    UNIQUE KEY registrations_number (certificate_number, category),
    KEY registrations_person (person_id),
    KEY registrations_employer (employer_code),
    CONSTRAINT registrations_person FOREIGN KEY (person_id) REFERENCES persons (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS registration_blocks (
    id              BIGINT      NOT NULL AUTO_INCREMENT PRIMARY KEY,
    registration_id BIGINT      NOT NULL,
    kind            VARCHAR(20) NOT NULL,
    begins_on       DATE        NOT NULL,
    ends_on         DATE        NULL,
    KEY registration_blocks_registration (registration_id),
    CONSTRAINT registration_blocks_registration FOREIGN KEY (registration_id) REFERENCES registrations (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS certificates (
    id                         BINARY(8)        NOT NULL PRIMARY KEY,
    registration_id            BIGINT           NOT NULL,
    kind                       TINYINT UNSIGNED NOT NULL,
    key_number                 TINYINT UNSIGNED NOT NULL,
    use_from                   DATE             NOT NULL,
    use_until                  DATE             NOT NULL,
    printed_name               VARCHAR(50)      NOT NULL,
    printed_sex                VARCHAR(1)       NOT NULL,
    printed_birth_date         DATE             NULL,
    printed_category           VARCHAR(40)      NOT NULL,
    printed_certificate_number VARCHAR(40)      NOT NULL,
    printed_seal_number        VARCHAR(40)      NOT NULL,
    printed_employer           VARCHAR(100)     NOT NULL,
    printed_specialty          VARCHAR(50)      NOT NULL,
    printed_valid_from         DATE             NOT NULL,
    printed_valid_until        DATE             NOT NULL,
    withdrawn_at               BIGINT           NOT NULL,
    withdrawn_reason           VARCHAR(200)     NOT NULL,
    issued_at                  BIGINT           NOT NULL,
    KEY certificates_registration (registration_id),
    CONSTRAINT certificates_registration FOREIGN KEY (registration_id) REFERENCES registrations (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS events (
    id            BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    subject       VARCHAR(20)  NOT NULL,
    subject_id    VARCHAR(40)  NOT NULL,
    version       BIGINT       NOT NULL,
    kind          VARCHAR(30)  NOT NULL,
    actor         VARCHAR(64)  NOT NULL,
    reason        VARCHAR(500) NOT NULL,
    at            BIGINT       NOT NULL,
    propagated_at BIGINT       NOT NULL,
    KEY events_pending (propagated_at, id),
    KEY events_subject (subject, subject_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS users (
    id            VARCHAR(32)    NOT NULL PRIMARY KEY,
    openid_sealed VARBINARY(256) NOT NULL,
    openid_index  BINARY(32)     NOT NULL,
    version       BIGINT         NOT NULL,
    created_at    BIGINT         NOT NULL,
    UNIQUE KEY users_openid (openid_index)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS grants (
    user_id    VARCHAR(32) NOT NULL,
    role       VARCHAR(20) NOT NULL,
    granted_by VARCHAR(64) NOT NULL,
    granted_at BIGINT      NOT NULL,
    PRIMARY KEY (user_id, role),
    CONSTRAINT grants_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
    token_hash BINARY(32)  NOT NULL PRIMARY KEY,
    user_id    VARCHAR(32) NOT NULL,
    created_at BIGINT      NOT NULL,
    expires_at BIGINT      NOT NULL,
    ended_at   BIGINT      NOT NULL,
    KEY sessions_user (user_id),
    KEY sessions_expiry (expires_at),
    CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS scans (
    id                  VARCHAR(36)  NOT NULL PRIMARY KEY,
    at                  BIGINT       NOT NULL,
    channel             VARCHAR(10)  NOT NULL,
    user_id             VARCHAR(32)  NULL,
    code_digest         BINARY(16)   NOT NULL,
    certificate_id      BINARY(8)    NULL,
    registration_id     BIGINT       NULL,
    document_status     VARCHAR(12)  NOT NULL,
    document_reason     VARCHAR(24)  NOT NULL,
    registration_status VARCHAR(12)  NOT NULL,
    usable              BOOLEAN      NOT NULL,
    facts_as_of         BIGINT       NOT NULL,
    facts_source        VARCHAR(10)  NOT NULL,
    lat_centi           SMALLINT     NULL,
    lng_centi           SMALLINT     NULL,
    note                VARCHAR(200) NOT NULL,
    KEY scans_at (at),
    KEY scans_certificate (certificate_id, at),
    KEY scans_user (user_id, at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE scans, sessions, grants, users, events, certificates, registration_blocks, registrations, persons;

-- +goose Up
-- However many servers hear of one confirmation, one certificate comes of it: the key decides.
CREATE TABLE IF NOT EXISTS confirmations (
    person_id       BIGINT      NOT NULL,
    name            VARCHAR(64) NOT NULL,
    registration_id BIGINT      NOT NULL,
    certificate_id  BINARY(8)   NOT NULL,
    confirmed_at    BIGINT      NOT NULL,
    PRIMARY KEY (person_id, name),
    KEY confirmations_certificate (certificate_id),
    CONSTRAINT confirmations_person FOREIGN KEY (person_id) REFERENCES persons (id),
    CONSTRAINT confirmations_certificate FOREIGN KEY (certificate_id) REFERENCES certificates (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE confirmations;

-- +goose Up
CREATE TABLE IF NOT EXISTS applications (
    id              BIGINT      NOT NULL AUTO_INCREMENT PRIMARY KEY,
    number          VARCHAR(40) NOT NULL,
    person_id       BIGINT      NOT NULL,
    category        VARCHAR(40) NOT NULL,
    admitted_at     BIGINT      NOT NULL,
    admitted_by     VARCHAR(64) NOT NULL,
    registered_at   BIGINT      NOT NULL,
    registration_id BIGINT      NULL,
    UNIQUE KEY applications_number (number),
    UNIQUE KEY applications_person (person_id, category),
    CONSTRAINT applications_person FOREIGN KEY (person_id) REFERENCES persons (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE applications;

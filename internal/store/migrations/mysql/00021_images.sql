-- +goose Up
CREATE TABLE IF NOT EXISTS person_images (
    id          BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    person_id   BIGINT       NOT NULL,
    kind        VARCHAR(20)  NOT NULL,
    state       VARCHAR(12)  NOT NULL,
    name        VARCHAR(64)  NOT NULL,
    digest      VARCHAR(64)  NOT NULL,
    size        BIGINT       NOT NULL,
    uploaded_at BIGINT       NOT NULL,
    uploaded_by VARCHAR(32)  NOT NULL,
    decided_at  BIGINT       NOT NULL,
    decided_by  VARCHAR(64)  NOT NULL,
    reason      VARCHAR(500) NOT NULL,
    UNIQUE KEY person_images_name (name),
    KEY person_images_person (person_id, kind, state),
    KEY person_images_state (state, id),
    CONSTRAINT person_images_person FOREIGN KEY (person_id) REFERENCES persons (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE person_images;

-- +goose Up
CREATE TABLE IF NOT EXISTS bindings (
    person_id BIGINT      NOT NULL PRIMARY KEY,
    user_id   VARCHAR(32) NOT NULL,
    way       VARCHAR(20) NOT NULL,
    bound_at  BIGINT      NOT NULL,
    UNIQUE KEY bindings_user (user_id),
    CONSTRAINT bindings_person FOREIGN KEY (person_id) REFERENCES persons (id),
    CONSTRAINT bindings_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS binding_tries (
    id        BIGINT      NOT NULL AUTO_INCREMENT PRIMARY KEY,
    at        BIGINT      NOT NULL,
    user_id   VARCHAR(32) NOT NULL,
    way       VARCHAR(20) NOT NULL,
    outcome   VARCHAR(12) NOT NULL,
    target    BINARY(32)  NOT NULL,
    person_id BIGINT      NULL,
    KEY binding_tries_at (at),
    KEY binding_tries_user (user_id, at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS binding_locks (
    target       BINARY(32) NOT NULL PRIMARY KEY,
    wrong        BIGINT     NOT NULL,
    since        BIGINT     NOT NULL,
    locked_until BIGINT     NOT NULL,
    KEY binding_locks_since (since)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS binding_claims (
    id         BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    person_id  BIGINT       NOT NULL,
    user_id    VARCHAR(32)  NOT NULL,
    way        VARCHAR(20)  NOT NULL,
    state      VARCHAR(12)  NOT NULL,
    at         BIGINT       NOT NULL,
    decided_at BIGINT       NOT NULL,
    decided_by VARCHAR(64)  NOT NULL,
    reason     VARCHAR(500) NOT NULL,
    KEY binding_claims_state (state, id),
    KEY binding_claims_user (user_id),
    KEY binding_claims_person (person_id),
    CONSTRAINT binding_claims_person FOREIGN KEY (person_id) REFERENCES persons (id),
    CONSTRAINT binding_claims_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE binding_claims, binding_locks, binding_tries, bindings;

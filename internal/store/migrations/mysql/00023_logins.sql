-- +goose Up
SET @step = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'sessions' AND column_name = 'device') = 0,
    'ALTER TABLE sessions ADD COLUMN device VARCHAR(10) NOT NULL DEFAULT '''', ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0', 'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

CREATE TABLE IF NOT EXISTS logins (
    id      BIGINT      NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id VARCHAR(32) NOT NULL,
    at      BIGINT      NOT NULL,
    device  VARCHAR(10) NOT NULL,
    network VARCHAR(45) NOT NULL,
    KEY logins_user (user_id, id),
    KEY logins_at (at),
    CONSTRAINT logins_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE logins;
ALTER TABLE sessions DROP COLUMN device, DROP COLUMN last_used_at;

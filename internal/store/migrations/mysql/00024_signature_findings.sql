-- +goose Up
CREATE TABLE IF NOT EXISTS signature_findings (
    scan_id VARCHAR(36)  NOT NULL,
    number  BIGINT       NOT NULL,
    user_id VARCHAR(32)  NOT NULL,
    finding VARCHAR(8)   NOT NULL,
    remark  VARCHAR(200) NOT NULL,
    at      BIGINT       NOT NULL,
    PRIMARY KEY (scan_id, number),
    KEY signature_findings_at (at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE signature_findings;

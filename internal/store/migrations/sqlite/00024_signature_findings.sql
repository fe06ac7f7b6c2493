-- +goose Up
CREATE TABLE signature_findings (
    scan_id TEXT    NOT NULL,
    number  INTEGER NOT NULL,
    user_id TEXT    NOT NULL,
    finding TEXT    NOT NULL,
    remark  TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (scan_id, number)
) STRICT;
CREATE INDEX signature_findings_at ON signature_findings (at);

-- +goose Down
DROP TABLE signature_findings;

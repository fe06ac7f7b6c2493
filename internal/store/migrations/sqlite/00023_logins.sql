-- +goose Up
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN last_used_at INTEGER NOT NULL DEFAULT 0;

CREATE TABLE logins (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    device  TEXT    NOT NULL,
    network TEXT    NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (id)
) STRICT;
CREATE INDEX logins_user ON logins (user_id, id);
CREATE INDEX logins_at ON logins (at);

-- +goose Down
DROP TABLE logins;
ALTER TABLE sessions DROP COLUMN last_used_at;
ALTER TABLE sessions DROP COLUMN device;

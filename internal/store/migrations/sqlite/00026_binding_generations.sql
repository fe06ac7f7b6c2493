-- +goose Up
ALTER TABLE bindings ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE bindings DROP COLUMN generation;

-- +goose Up
SET @step = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'bindings' AND column_name = 'generation') = 0,
    'ALTER TABLE bindings ADD COLUMN generation BIGINT NOT NULL DEFAULT 0', 'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- +goose Down
ALTER TABLE bindings DROP COLUMN generation;

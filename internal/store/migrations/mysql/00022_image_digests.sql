-- +goose Up
-- MySQL knows no ADD COLUMN IF NOT EXISTS, and a migration that was cut off is run again.
SET @step = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'persons' AND column_name = 'photo_digest') = 0,
    'ALTER TABLE persons ADD COLUMN photo_digest VARCHAR(64) NOT NULL DEFAULT '''', ADD COLUMN signature_digest VARCHAR(64) NOT NULL DEFAULT ''''', 'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'certificates' AND column_name = 'printed_photo_digest') = 0,
    'ALTER TABLE certificates ADD COLUMN printed_photo_digest VARCHAR(64) NOT NULL DEFAULT '''', ADD COLUMN printed_signature_digest VARCHAR(64) NOT NULL DEFAULT ''''', 'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- +goose Down
ALTER TABLE certificates DROP COLUMN printed_photo_digest, DROP COLUMN printed_signature_digest;
ALTER TABLE persons DROP COLUMN photo_digest, DROP COLUMN signature_digest;

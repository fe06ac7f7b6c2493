-- +goose Up
ALTER TABLE persons ADD COLUMN photo_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE persons ADD COLUMN signature_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN printed_photo_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN printed_signature_digest TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE certificates DROP COLUMN printed_signature_digest;
ALTER TABLE certificates DROP COLUMN printed_photo_digest;
ALTER TABLE persons DROP COLUMN signature_digest;
ALTER TABLE persons DROP COLUMN photo_digest;

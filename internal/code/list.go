package code

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// parseList takes nothing that it does not know, and nothing twice: a "revoked" that is misspelt, or stands there once more, must
// not bring a leaked key back. Its errors quote no member: a key may stand in the wrong place.
func parseList(raw []byte) ([]PublicKey, error) {
	var entries []json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, err
	}
	if entries == nil {
		return nil, errors.New("it is null")
	}
	listed := make([]PublicKey, len(entries))
	for i, entry := range entries {
		if err := checkMembers(entry); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		if err := json.Unmarshal(entry, &listed[i]); err != nil {
			return nil, err
		}
	}
	return listed, nil
}

// checkMembers holds an entry to the members of a PublicKey, spelt as Add writes them, each once and with a value; package
// json would take them in any spelling, the last of several, and none at all.
func checkMembers(entry json.RawMessage) error {
	needed := []string{"number", "algorithm", "public_key", "not_before", "not_after", "revoked"}
	left := append([]string{"revoked_at"}, needed...)
	d := json.NewDecoder(bytes.NewReader(entry))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return errors.New("it is not an object")
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		at := slices.Index(left, name)
		if at < 0 {
			return errors.New("it has a member that is unknown, or one twice")
		}
		left = slices.Delete(left, at, at+1)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if string(value) == "null" {
			return fmt.Errorf("its %s is null", name)
		}
	}
	for _, name := range needed {
		if slices.Contains(left, name) {
			return fmt.Errorf("it has no %s", name)
		}
	}
	return nil
}

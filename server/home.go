package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"yanzheng/internal/certificate"
	"yanzheng/internal/code"
	"yanzheng/internal/durable"
	"yanzheng/internal/store"
	"yanzheng/models"
)

// home is the folder of the embedded mode: the database and the keys, made once and kept.
type home struct {
	dir      string
	database string
	codeDir  string
	sealDir  string
	keys     store.Keys
	files    string // photos and signature images
	imageKey [32]byte
}

// openHome opens the folder, and makes it on the first start; processes that start at once wait for each
// other. A database whose keys are gone is refused: new keys would not open what is in it.
func openHome(dir string, today models.Date) (*home, error) {
	durable.Private() // SQLite makes files of its own beside the database
	h := &home{dir: dir, database: filepath.Join(dir, "yanzheng.db"), codeDir: filepath.Join(dir, "keys", "code"), files: filepath.Join(dir, "files")}
	h.sealDir = filepath.Join(dir, "keys", "seals")
	if err := os.MkdirAll(filepath.Join(dir, "keys"), 0o700); err != nil {
		return nil, err
	}
	unlock, err := durable.Lock(filepath.Join(dir, "keys", ".lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	_, err = os.Stat(h.database)
	fresh := errors.Is(err, fs.ErrNotExist)
	for name, key := range map[string]*[32]byte{"id_number.key": &h.keys.Seal, "id_index.key": &h.keys.Index} {
		if err := keyFile(filepath.Join(dir, "keys", name), key, fresh); err != nil {
			return nil, err
		}
	}
	// The folder of the images came later than the rest: a key is made for as long as nothing can be sealed with it.
	_, err = os.Stat(h.files)
	if err := keyFile(filepath.Join(dir, "keys", "image.key"), &h.imageKey, errors.Is(err, fs.ErrNotExist)); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(h.files, 0o700); err != nil {
		return nil, err
	}
	if err := signingKey(h.codeDir, today, fresh); err != nil {
		return nil, err
	}
	if err := sealKeys(h.sealDir, today); err != nil {
		return nil, err
	}
	if fresh { // last: a database without its keys would be refused
		f, err := os.OpenFile(h.database, os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		return h, f.Close()
	}
	return h, nil
}

// serveAlone holds the folder for one serving process: each has a Redis of its own, and what one relay
// told its own cache the other would never hear.
func (h *home) serveAlone() (release func(), err error) {
	release, taken, err := durable.TryLock(filepath.Join(h.dir, "keys", ".serving"))
	if err == nil && !taken {
		err = fmt.Errorf("another server runs on %s: stop it, or name another folder (data_dir)", h.dir)
	}
	return release, err
}

// signingKey makes a key that signs today where there is none: on the first start, and two years later.
func signingKey(dir string, today models.Date, fresh bool) error {
	ring, err := code.Load(dir)
	if err == nil {
		if _, err = ring.SigningKey(today); err == nil {
			return nil
		}
	} else if !fresh || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err = code.Add(dir, today)
	return err
}

// sealKeys makes keys for both seals where none can seal today: on the first start, on the first of a version that seals, and two
// years later. Where the ones that this database knows were lost, it refuses the new ones.
func sealKeys(dir string, today models.Date) error {
	ring, err := certificate.Load(dir)
	if err == nil {
		err = ring.CanSeal(today)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, certificate.ErrNoSealKey) {
		_, err = certificate.Make(dir, today)
	}
	return err
}

// keyFile reads a key of 32 bytes in hexadecimal; one that is missing is made while nothing was sealed
// with it yet.
func keyFile(path string, key *[32]byte, fresh bool) error {
	raw, err := os.ReadFile(path) //nolint:gosec // below the data folder
	if errors.Is(err, fs.ErrNotExist) && fresh {
		rand.Read(key[:]) //nolint:errcheck,gosec // never fails (crypto/rand)
		return durable.WriteFile(path, []byte(hex.EncodeToString(key[:])+"\n"), 0o600)
	}
	if err != nil {
		return fmt.Errorf("the key that the database needs is gone: %w", err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(b) != len(key) {
		return fmt.Errorf("%s does not hold a key of 64 hexadecimal digits", path)
	}
	copy(key[:], b)
	return nil
}

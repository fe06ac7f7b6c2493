package durable

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxKeyFile   = 4 << 10
	privateBlock = "PRIVATE KEY"
	// secretsMount is where containers get their secrets, readable by all who are inside.
	secretsMount = "/run/secrets/"
)

// PrivateKey reads a private key (PKCS #8 in PEM) from a file that is its owner's alone; fs.ErrNotExist where there is none.
// No error quotes what the file holds.
func PrivateKey(path string) (crypto.PrivateKey, error) {
	if err := checkPrivate(path); err != nil {
		return nil, err
	}
	raw, err := Read(path, maxKeyFile)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != privateBlock {
		return nil, errors.New("the private key file holds no PEM block PRIVATE KEY")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the private key file is not PKCS #8") // the parser's text could quote it
	}
	return key, nil
}

// WritePrivateKey writes a private key for PrivateKey to read.
func WritePrivateKey(path string, key crypto.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der}), 0o600)
}

// checkPrivate holds a private key file closed to group and others. Asked before opening: to open a named pipe would wait
// for its writer.
func checkPrivate(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	open := info.Mode().Perm() & 0o077
	if strings.HasPrefix(real, secretsMount) {
		open &^= 0o044
	}
	switch {
	case !info.Mode().IsRegular():
		return errors.New("the private key file is not a regular file")
	case open != 0:
		return fmt.Errorf("the private key file is open to group or others (mode %04o); make it 0600", info.Mode().Perm())
	}
	return nil
}

// Read gives what a regular file holds, at most so many bytes.
func Read(path string, limit int64) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // to open a named pipe would wait for its writer
		return nil, fmt.Errorf("%s is not a regular file", filepath.Base(path))
	}
	f, err := os.Open(path) //nolint:gosec // a path from the configuration
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", filepath.Base(path), limit)
	}
	return raw, err
}

// Package durable writes small files that must not be lost or found half-written: keys, and what names
// them.
//
// Its promise: after a crash at any moment a file is the old one or the new one, whole. Its one rule:
// whoever reads, changes and writes does so under Lock.
package durable

import (
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile replaces a file by new content with that mode. Run as root, the file goes to the owner of
// its folder, so that a command of the administrator's does not lock the service out of its own files.
func WriteFile(path string, content []byte, mode fs.FileMode) error {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone after the rename
	_, err = f.Write(content)
	for _, step := range []func() error{
		func() error { return f.Chmod(mode) },
		func() error { return giveToOwnerOf(folder, f) },
		f.Sync,
	} {
		if err == nil {
			err = step()
		}
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// syncFolder makes the new name outlive a power cut: it is in the folder, not in the file.
func syncFolder(folder string) error {
	d, err := os.Open(folder) //nolint:gosec // the folder just written to
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

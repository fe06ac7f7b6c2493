//go:build unix

package durable

import (
	"os"
	"path/filepath"
	"syscall"
)

// Lock waits until nobody else, in this process or another, holds the lock file; unlock gives it back,
// and so does the end of the process.
func Lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // beside what it guards
	if err != nil {
		return nil, err
	}
	if err := giveToOwnerOf(filepath.Dir(path), f); err != nil {
		f.Close() //nolint:errcheck,gosec // nothing was written
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR { //nolint:errorlint // a bare errno
			break
		}
	}
	if err != nil {
		f.Close() //nolint:errcheck,gosec // nothing was written
		return nil, err
	}
	return func() { f.Close() }, nil //nolint:errcheck,gosec // closing unlocks
}

// TryLock is Lock without waiting: taken is false when somebody else holds it.
func TryLock(path string) (unlock func(), taken bool, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // beside what it guards
	if err != nil {
		return nil, false, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close() //nolint:errcheck,gosec // nothing was written
		return nil, false, nil
	}
	return func() { f.Close() }, true, nil //nolint:errcheck,gosec // closing unlocks
}

// Private makes every file that this process makes from now on its owner's alone.
func Private() { syscall.Umask(0o077) }

func giveToOwnerOf(folder string, f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return f.Chown(int(s.Uid), int(s.Gid))
	}
	return nil
}

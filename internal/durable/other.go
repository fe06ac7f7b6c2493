//go:build !unix

package durable

import "os"

// Lock does nothing where there is no flock: one process at a time, please.
func Lock(string) (unlock func(), err error) { return func() {}, nil }

// TryLock always takes it.
func TryLock(string) (unlock func(), taken bool, err error) { return func() {}, true, nil }

// Private does nothing where files have no mode.
func Private() {}

func giveToOwnerOf(string, *os.File) error { return nil }

//go:build !linux

package testkit

import "os/exec"

// dieWithUs does nothing: only Linux offers it.
func dieWithUs(*exec.Cmd) {}

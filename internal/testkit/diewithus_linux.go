package testkit

import (
	"os/exec"
	"syscall"
)

// dieWithUs has the kernel end the process when the test's own is killed before its clean-ups run.
func dieWithUs(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

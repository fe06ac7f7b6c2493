package stand

import (
	"os"
	"path/filepath"
	"syscall"
)

// Kill ends the server as the kernel does when memory runs out: kill -9, and nothing that it wanted to do first.
// It returns when the process is gone; Start starts the next one.
func (t *Stand) Kill() error {
	err := syscall.Kill(t.PID(), syscall.SIGKILL)
	_ = t.Stop() // waits for the end, which was no good one
	return err
}

// Complaint gives the end of the present server's log, for a message about its failure.
func (t *Stand) Complaint() string {
	log, _ := os.ReadFile(filepath.Join(t.Dir, "server.log"))
	return string(log[max(0, len(log)-2000):])
}

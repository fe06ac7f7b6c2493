package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxSecretBytes = 64 << 10
	// secretsMount is where containers get their secrets, readable by all who are inside: Docker
	// gives them mode 0444, Kubernetes 0440 or 0644.
	secretsMount = "/run/secrets"
)

// readBounded reads a file, or says what is wrong in words that follow "the file": without its name,
// which might be a secret in the wrong place.
func readBounded(name string, limit int64) (raw []byte, problem string) {
	if problem := irregular(name); problem != "" {
		return nil, problem
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, "cannot be opened: " + bareText(err)
	}
	defer f.Close()
	return readAll(f, limit)
}

// irregular says what is wrong with a file that is none, all links followed. It is asked before opening: to open a named
// pipe would wait for its writer.
func irregular(name string) (problem string) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return "cannot be opened: " + bareText(err)
	case !info.Mode().IsRegular():
		return "is not a regular file"
	}
	return ""
}

func readAll(f *os.File, limit int64) ([]byte, string) {
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, "cannot be read: " + bareText(err)
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Sprintf("is longer than %d bytes", limit)
	}
	return raw, ""
}

// readSecret reads a secret file without the line end behind its last line.
func (l *loader) readSecret(name string) (text, problem string) {
	if problem := irregular(name); problem != "" {
		return "", problem
	}
	f, err := os.Open(name)
	if err != nil {
		return "", "cannot be opened: " + bareText(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", "cannot be read: " + bareText(err)
	}
	open := info.Mode().Perm() & 0o077
	if l.mounted(name) {
		open &^= 0o044
	}
	if open != 0 {
		return "", fmt.Sprintf("is open to group or others (mode %04o); make it 0600, or mount it below %s",
			info.Mode().Perm(), secretsMount)
	}
	raw, problem := readAll(f, maxSecretBytes)
	if problem != "" {
		return "", problem
	}
	text = strings.TrimRight(string(raw), "\r\n")
	if text == "" {
		return "", "is empty"
	}
	return text, ""
}

// checkFolder says what is wrong with a folder of private keys. That its files are not open to
// others is for the package that reads them; that nobody can put a key of their own there is seen here.
func (l *loader) checkFolder(name string) (problem string) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return "cannot be opened: " + bareText(err)
	case !info.IsDir():
		return "is not a folder"
	case info.Mode().Perm()&0o022 != 0 && !l.mounted(name):
		return fmt.Sprintf("can be written by group or others (mode %04o); make it 0700, or mount it below %s",
			info.Mode().Perm(), secretsMount)
	}
	return ""
}

// mounted says whether the file really lies below the secrets mount, all links followed.
func (l *loader) mounted(name string) bool {
	root, err := filepath.EvalSymlinks(l.secrets)
	if err != nil {
		return false
	}
	if name, err = filepath.Abs(name); err == nil {
		name, err = filepath.EvalSymlinks(name)
	}
	return err == nil && strings.HasPrefix(name, root+string(filepath.Separator))
}

// bareText gives the system's words for an error, without the path.
func bareText(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return "unexpected failure"
}

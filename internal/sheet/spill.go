package sheet

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// spillAt is how many bytes a spill keeps in memory before it moves to a temporary file.
const spillAt = 1 << 20

// spill holds bytes that are written once and then read at any place, in memory while they are few.
type spill struct {
	size int64
	mem  []byte
	file *os.File
	out  *bufio.Writer
}

func (s *spill) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	if s.file == nil && s.size <= spillAt {
		s.mem = append(s.mem, p...)
		return len(p), nil
	}
	if s.file == nil {
		if err := s.move(); err != nil {
			return 0, err
		}
	}
	n, err := s.out.Write(p)
	if err != nil {
		err = fmt.Errorf("write a temporary file: %w", err)
	}
	return n, err
}

func (s *spill) move() error {
	file, err := os.CreateTemp("", "sheet-*")
	if err != nil {
		return fmt.Errorf("make a temporary file: %w", err)
	}
	// Where the system allows it the file loses its name at once: then nothing stays behind even
	// when the process is killed. Elsewhere close removes it.
	_ = os.Remove(file.Name())
	s.file, s.out = file, bufio.NewWriterSize(file, 64<<10)
	_, err = s.out.Write(s.mem)
	s.mem = nil
	return err
}

// flush must come between the last Write and the first ReadAt.
func (s *spill) flush() error {
	if s.out == nil {
		return nil
	}
	return s.out.Flush()
}

func (s *spill) ReadAt(p []byte, off int64) (int, error) {
	if s.file == nil {
		return copy(p, s.mem[off:]), nil
	}
	n, err := s.file.ReadAt(p, off)
	if err != nil {
		err = fmt.Errorf("read a temporary file: %w", err)
	}
	return n, err
}

func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if gone := os.Remove(s.file.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

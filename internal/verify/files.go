package verify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"yanzheng/models"
)

// MaxFile is the largest file that is checked, in bytes.
const MaxFile = 5 << 20

// FileChecker says what a file is; find tells whether a file with that digest was issued.
type FileChecker interface {
	Check(ctx context.Context, file io.Reader, find func(ctx context.Context, digest models.FileDigest) (bool, error)) (models.FileCheck, error)
}

// IssuedFiles knows the files that were issued.
type IssuedFiles interface {
	FileIssued(ctx context.Context, digest models.FileDigest) (bool, error)
}

// Turn is a line for one kind of work.
type Turn interface {
	Do(ctx context.Context, work func(ctx context.Context) error) error
}

// Files checks files that anybody may send, and keeps none of them.
type Files struct {
	verifier *Service
	checker  FileChecker
	issued   IssuedFiles
	bodies   Turn // how many files are held in memory at once
	looks    Turn // how many are looked at at once, which takes a processor

	mu sync.Mutex
	of map[string]int // how many files of an address are in hand
}

// filesOfOne is how many files of one address are in hand at once, read or waiting: the line is everybody's.
const filesOfOne = 4

// take counts one more file of an address, and gives what puts it back; ErrFilesAtOnce where there are enough.
func (f *Files) take(address string) (back func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of[address] >= filesOfOne {
		return nil, ErrFilesAtOnce
	}
	f.of[address]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.of[address]--; f.of[address] == 0 {
			delete(f.of, address)
		}
	}, nil
}

// NewFiles puts the use case together; the verdict on an issued file is the verifier's.
func NewFiles(v *Service, c FileChecker, i IssuedFiles, bodies, looks Turn) *Files {
	return &Files{verifier: v, checker: c, issued: i, bodies: bodies, looks: looks, of: map[string]int{}}
}

// FileAnswer is what a file is, and for one that was issued the verdict as in a scan of its code, recorded as that.
type FileAnswer struct {
	Check   models.FileCheck
	Verdict *Answer // nil unless issued
}

// Check answers for a file. Nothing of it is read before its sender is within the limits and there is room for it; no more than
// MaxFile is read at all.
func (f *Files) Check(ctx context.Context, address string, file io.Reader) (FileAnswer, error) {
	if _, err := f.verifier.desk.Admit(ctx, Arrival{Purpose: ForFile, Address: address}); err != nil {
		return FileAnswer{}, err
	}
	back, err := f.take(address)
	if err != nil {
		return FileAnswer{}, err
	}
	defer back()
	var answer FileAnswer
	err = f.bodies.Do(ctx, func(ctx context.Context) error {
		raw, err := io.ReadAll(io.LimitReader(file, MaxFile+1)) // outside of the next line: its sender may be slow
		var own *models.Error
		switch {
		case errors.As(err, &own):
			return err
		case err != nil:
			return ErrFileUnread.Because(err)
		}
		if len(raw) > MaxFile {
			return models.ErrFileTooLarge
		}
		return f.looks.Do(ctx, func(ctx context.Context) (err error) {
			answer.Check, err = f.checker.Check(ctx, bytes.NewReader(raw), f.issued.FileIssued)
			return err
		})
	})
	if err != nil || answer.Check.Status != models.FileIssued {
		return answer, err
	}
	verdict, err := f.verifier.file(ctx, address, answer.Check.Code)
	answer.Verdict = &verdict
	return answer, err
}

// file gives the verdict on the code of an issued file, recorded.
func (s *Service) file(ctx context.Context, address, code string) (Answer, error) {
	ctx, cancel := s.patience.Begin(ctx)
	defer cancel()
	read := s.codes.Read(code)
	arrival := Arrival{Purpose: ForFile, Address: address, Certificate: &read.ID}
	if read.Outcome != models.ReadGenuine { // its key is not in the ring any more: there is nothing to look up
		arrival.Certificate = nil
	}
	entry, err := s.desk.Admit(ctx, arrival)
	if err != nil {
		return Answer{}, err
	}
	return s.record(ctx, read, s.decide(read, entry.Facts), entry, models.Scan{Channel: models.ChannelFile}, nil)
}

// ErrFilesAtOnce answers whoever sends more files than are looked at for one address.
var ErrFilesAtOnce = models.NewError(models.KindTooMany, "rate_limited",
	"您有多个文件正在查验，请稍后再试", "Several files of yours are being looked at: wait for their answers").RetryIn(2 * time.Second)

// ErrFileUnread answers a file that did not arrive whole.
var ErrFileUnread = models.NewError(models.KindMalformed, "file_unread", "文件未完整送达，请重新上传", "The file did not arrive whole: send it again").On("file")

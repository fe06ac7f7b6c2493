package miniprogram

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// FileChecker says what a file is.
type FileChecker interface {
	Check(ctx context.Context, address string, file io.Reader) (verify.FileAnswer, error)
}

// Files is the part of the surface that takes files, open to all.
type Files struct {
	checker FileChecker
	now     func() time.Time
}

// NewFiles makes the part.
func NewFiles(c FileChecker, now func() time.Time) *Files { return &Files{c, now} }

// bodyPatience is how long a file may take to arrive once it is its turn: 5 MB at 2 Mbit/s.
const bodyPatience = 20 * time.Second

// maxEnvelope is what a form may have around its file.
const maxEnvelope = 16 << 10

// Register adds the part's address, at which one may have to wait for one's turn.
func (f *Files) Register(patient gin.IRouter) { patient.POST("/api/v1/files/check", f.check) }

type fileAnswer struct {
	File    fileFinding `json:"file"`
	Verdict *verdict    `json:"verdict,omitempty"`
}

type fileFinding struct {
	Status  models.FileStatus   `json:"status"`
	Reasons []models.FileReason `json:"reasons"`
	Message text                `json:"message"`
}

func (f *Files) check(c *gin.Context) {
	httpx.Hurry(c, f.now, bodyPatience)
	file, err := upload(c)
	var answer verify.FileAnswer
	if err == nil {
		answer, err = f.checker.Check(c.Request.Context(), httpx.Address(c), file)
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		err = models.ErrFileTooLarge
	}
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	httpx.WriteJSON(c, newFileAnswer(answer))
}

func newFileAnswer(answer verify.FileAnswer) fileAnswer {
	out := fileAnswer{File: fileFinding{answer.Check.Status, list(answer.Check.Reasons), text(answer.Check.Status.Message())}}
	if answer.Verdict != nil {
		v := newVerdict(*answer.Verdict, forPublic)
		out.Verdict = &v
	}
	return out
}

// upload gives the file of a request, not yet read: the body itself, or the first file of a form, as WeChat's upload sends it.
func upload(c *gin.Context) (io.Reader, error) {
	if c.Request.ContentLength > verify.MaxFile+maxEnvelope {
		return nil, models.ErrFileTooLarge
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, verify.MaxFile+maxEnvelope)
	media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		return c.Request.Body, nil
	}
	form, err := c.Request.MultipartReader()
	if err != nil {
		return nil, errNoFile
	}
	return &formFile{next: form.NextPart}, nil
}

// formFile finds the file when it is first read: nothing is read of a request before it is its turn.
type formFile struct {
	next func() (*multipart.Part, error)
	file io.Reader
}

func (f *formFile) Read(b []byte) (int, error) {
	for f.file == nil {
		p, err := f.next()
		if errors.Is(err, io.EOF) {
			return 0, errNoFile
		}
		if err != nil {
			return 0, err
		}
		if p.FileName() != "" {
			f.file = p
		}
	}
	return f.file.Read(b)
}

var errNoFile = models.NewError(models.KindMalformed, "file_missing", "请求中没有文件", "The request has no file").On("file")

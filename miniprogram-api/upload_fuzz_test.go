package miniprogram

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// taker reads what it is given, as verify.Files does, and keeps it.
type taker struct{ file []byte }

func (k *taker) Check(_ context.Context, _ string, file io.Reader) (verify.FileAnswer, error) {
	raw, err := io.ReadAll(io.LimitReader(file, verify.MaxFile+1))
	if err != nil {
		if models.AsError(err).Kind == models.KindInternal {
			err = verify.ErrFileUnread.Because(err)
		}
		return verify.FileAnswer{}, err
	}
	k.file = raw
	return verify.FileAnswer{Check: models.FileCheck{Status: models.FileNotOurs}}, nil
}

// FuzzUpload: of a body that is no form the file is all of it, of a form the first part that has a file's name; whatever else comes
// is refused with a problem that says nothing of what is inside.
func FuzzUpload(f *testing.F) {
	gin.SetMode(gin.ReleaseMode)
	f.Fuzz(func(t *testing.T, media, body string) {
		if strings.ContainsAny(media, "\r\n\x00") { // no client can send that in a header
			return
		}
		k := &taker{}
		engine := gin.New()
		engine.Use(httpx.Identify, httpx.Recover, httpx.Secure, httpx.Locate(nil))
		NewFiles(k, time.Now).Register(engine)
		r := httptest.NewRequest(http.MethodPost, "/api/v1/files/check", strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		sent, whole := first(media, body)
		switch {
		case w.Code == http.StatusOK && (!whole || !bytes.Equal(k.file, sent)):
			t.Errorf("%q %q: the file is %q, sent was %q (%v)", media, body, k.file, sent, whole)
		case w.Code == http.StatusBadRequest && !whole:
			refused(t, body, w, nil, errNoFile, verify.ErrFileUnread)
		case w.Code != http.StatusOK:
			t.Errorf("%q %q: %d %s", media, body, w.Code, w.Body)
		}
	})
}

// first gives the file of a request as the standard library reads it; false where there is none, or only a part of it.
func first(media, body string) (file []byte, whole bool) {
	kind, parameters, err := mime.ParseMediaType(media)
	if err != nil || kind != "multipart/form-data" {
		return []byte(body), true
	}
	if parameters["boundary"] == "" {
		return nil, false
	}
	for parts := multipart.NewReader(strings.NewReader(body), parameters["boundary"]); ; {
		part, err := parts.NextPart()
		if err != nil {
			return nil, false
		}
		if part.FileName() != "" {
			file, err = io.ReadAll(part)
			return file, err == nil
		}
	}
}

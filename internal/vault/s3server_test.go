package vault

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	accessKey = "AKIDTEST"
	secretKey = "s3-secret-of-the-test"
	region    = "cn-test-1"
	bucket    = "images"
)

// s3server speaks as much of S3 as the vault uses, from memory, and checks every signature. It stands in for a service that
// cannot be had here.
type s3server struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte
	fault func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
}

func newS3(t *testing.T) *s3server {
	t.Helper()
	s := &s3server{files: map[string][]byte{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// fail lets a fault answer every request, until it is called with nil.
func (s *s3server) fail(fault func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *s3server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		answer(w, r, http.StatusBadRequest, "IncompleteBody")
		return
	}
	if !signed(r, body) {
		answer(w, r, http.StatusForbidden, "SignatureDoesNotMatch")
		return
	}
	name, inBucket := strings.CutPrefix(r.URL.Path, "/"+bucket)
	name = strings.TrimPrefix(name, "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	file, known := s.files[name]
	switch {
	case !inBucket:
		answer(w, r, http.StatusNotFound, "NoSuchBucket")
	case name == "" && r.Method == http.MethodHead:
	case r.Method == http.MethodPut:
		s.files[name] = body
	case !known:
		answer(w, r, http.StatusNotFound, "NoSuchKey")
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(file))
	case r.Method == http.MethodDelete:
		delete(s.files, name)
		w.WriteHeader(http.StatusNoContent)
	default:
		answer(w, r, http.StatusNotImplemented, "NotImplemented")
	}
}

func answer(w http.ResponseWriter, r *http.Request, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		xml.NewEncoder(w).Encode(struct { //nolint:errcheck,errchkjson // a client that has gone
			XMLName       xml.Name `xml:"Error"`
			Code, Message string
		}{Code: code, Message: "the test says so"})
	}
}

// signed signs the request anew, with the same secret, and compares.
func signed(r *http.Request, body []byte) bool {
	given := r.Header.Get("Authorization")
	_, list, _ := strings.Cut(given, "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || list == "" {
		return false
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return false
	}
	again.ContentLength = 0
	for _, name := range strings.Split(list, ";") {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = r.ContentLength
		default:
			again.Header.Set(name, r.Header.Get(name))
		}
	}
	err = v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).SignHTTP(r.Context(), aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey},
		again, r.Header.Get("X-Amz-Content-Sha256"), "s3", region, at)
	return err == nil && again.Header.Get("Authorization") == given
}

package vault

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"yanzheng/models"
)

// isAway checks that every call says that the bucket is away, and none that a file is not there. With an exception, ping is fine.
func isAway(t *testing.T, what string, v *Vault, except ...string) {
	t.Helper()
	for name, call := range calls(v, "photo/1") {
		err := call(t.Context())
		if (name == "ping" && len(except) > 0) == errors.Is(err, models.ErrUnavailable) || errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s, %s: %v", what, name, err)
		}
	}
}

func TestFolderIsAway(t *testing.T) {
	root := filepath.Join(t.TempDir(), "images")
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	v := vaultAt(t, Options{URL: "file://" + root})
	put(t, v, "photo/1", "a photo")
	aside := root + ".aside"
	if err := os.Rename(root, aside); err != nil {
		t.Fatal(err)
	}
	isAway(t, "gone", v)
	if _, err := os.Stat(root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made anew: %v", err)
	}
	if err := os.WriteFile(root, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	isAway(t, "a file in its place", v)
	if err := errors.Join(os.Remove(root), os.Rename(aside, root)); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Get(t.Context(), "photo/1"); err != nil || string(got) != "a photo" {
		t.Errorf("it came back: %q, %v", got, err)
	}
}

// Files are their owner's alone, and nothing lies beside them, not even after a write that failed.
func TestFolderHoldsNothingElse(t *testing.T) {
	root := filepath.Join(t.TempDir(), "images")
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	v := vaultAt(t, Options{URL: "file://" + root})
	put(t, v, "photo/1", "a photo")
	put(t, v, "photo/2", "a photo")
	if err := v.Put(t.Context(), "photo/1/x", []byte("below a file")); !errors.Is(err, models.ErrUnavailable) {
		t.Error(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "photo/3/full"), 0o700); err != nil { // a name that cannot be taken
		t.Fatal(err)
	}
	if err := v.Put(t.Context(), "photo/3", []byte("onto a folder")); !errors.Is(err, models.ErrUnavailable) {
		t.Error(err)
	}
	if err := v.Delete(t.Context(), "photo/2"); err != nil {
		t.Error(err)
	}
	found := map[string]fs.FileMode{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		found[strings.TrimPrefix(path, root)] = info.Mode()
		return err
	})
	want := map[string]fs.FileMode{"": fs.ModeDir | 0o700, "/photo": fs.ModeDir | 0o700, "/photo/1": 0o600, "/photo/3": fs.ModeDir | 0o700, "/photo/3/full": fs.ModeDir | 0o700}
	if err != nil || fmt.Sprint(found) != fmt.Sprint(want) {
		t.Errorf("there is %v, %v, want %v", found, err, want)
	}
}

// A file that is no file of ours is not read into memory to find that out.
func TestReadsAreBounded(t *testing.T) {
	root := t.TempDir()
	v := vaultAt(t, Options{URL: "file://" + root})
	name := filepath.Join(root, "huge")
	if err := errors.Join(os.WriteFile(name, []byte{1}, 0o600), os.Truncate(name, 8<<30)); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := v.Get(t.Context(), "huge")
	runtime.ReadMemStats(&after)
	if got != nil || !errors.Is(err, models.ErrInternal) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 8*MaxBytes {
		t.Errorf("%d bytes of memory", taken)
	}
}

func TestS3IsAway(t *testing.T) {
	s := newS3(t)
	v := vaultAt(t, s.options())
	put(t, v, "photo/1", "a photo")
	status := func(code int, word string) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool { answer(w, r, code, word); return true }
	}
	for what, fault := range map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"a fault":        status(http.StatusInternalServerError, "InternalError"),
		"too busy":       status(http.StatusServiceUnavailable, "SlowDown"),
		"gone":           status(http.StatusNotFound, "NoSuchBucket"),
		"somewhere else": status(http.StatusMovedPermanently, "PermanentRedirect"),
		"what is no S3": func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "hello", http.StatusTeapot)
			return true
		},
		"it hangs up":    func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) },
		"half an answer": half,
		"points to a spy": func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://127.0.0.1:1/spy", http.StatusTemporaryRedirect)
			return true
		},
	} {
		s.fail(fault)
		isAway(t, what, v)
	}
	s.fail(status(http.StatusForbidden, "AccessDenied"))
	isAway(t, "no right", v, "ping: a right of its own")
	s.fail(nil)
	if got, err := v.Get(t.Context(), "photo/1"); err != nil || string(got) != "a photo" {
		t.Errorf("it came back: %q, %v", got, err)
	}
	s.Close()
	isAway(t, "closed", v)
}

// half promises more than it sends.
func half(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Length", "1000")
	w.Write(make([]byte, 500)) //nolint:errcheck // the client will see
	panic(http.ErrAbortHandler)
}

// A service that takes every request and answers none is given up after the timeout.
func TestS3IsSilent(t *testing.T) {
	s := newS3(t)
	o := s.options()
	o.Timeout = 300 * time.Millisecond
	v := vaultAt(t, o)
	release := make(chan struct{})
	defer close(release)
	s.fail(func(http.ResponseWriter, *http.Request) bool { <-release; return true })
	begin := time.Now()
	isAway(t, "silent", v)
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("four calls took %v", took)
	}
}

func TestWrongSecretOfS3(t *testing.T) {
	s := newS3(t)
	o := s.options()
	o.SecretKey = "another"
	isAway(t, "wrong secret", vaultAt(t, o), "ping: whose rights are not known")
}

// Only the options count, whatever the environment says to programs that use AWS.
func TestEnvironmentIsNotAsked(t *testing.T) {
	s := newS3(t)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "other", "AWS_REGION": "other-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
		"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "AWS_PROFILE": "nobody", "AWS_CONFIG_FILE": "/nowhere", "AWS_CA_BUNDLE": "/nowhere",
	} {
		t.Setenv(name, value)
	}
	v := vaultAt(t, s.options())
	put(t, v, "photo/1", "a photo")
	if got, err := v.Get(t.Context(), "photo/1"); err != nil || string(got) != "a photo" {
		t.Errorf("%q, %v", got, err)
	}
}

// Neither key nor secret nor content is to be found in what people read: errors, logs, a value printed by mistake.
func TestSecretsStayInside(t *testing.T) {
	var logged bytes.Buffer
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	s := newS3(t)
	v := vaultAt(t, s.options())
	var seen []string
	collect := func() {
		for _, call := range calls(v, "photo/1") {
			if err := call(t.Context()); err != nil {
				seen = append(seen, err.Error(), fmt.Sprintf("%+v %#v", err, err))
			}
		}
	}
	setRaw(t, v, "photo/1", []byte("what nobody sealed"))
	collect()
	s.Close()
	collect()
	if len(seen) < 6 {
		t.Fatalf("nothing went wrong: %q", seen)
	}
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("opened", "vault", v)
	seen = append(seen, fmt.Sprintf("%v %+v %#v", v, v, v), logged.String())
	_, err := Open(t.Context(), Options{URL: "s3://user:" + secretKey + "@images", Key: key, Timeout: time.Second})
	seen = append(seen, fmt.Sprint(err))
	for _, text := range seen {
		for _, secret := range []string{secretKey, string(key[:17]), hex.EncodeToString(key[:8]), fmt.Sprint(key[:8]), strconv.Itoa(int(key[0])) + " " + strconv.Itoa(int(key[1])), "what nobody sealed"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %.300q", secret, text)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := Options{Key: key, Timeout: time.Second, AccessKey: accessKey, SecretKey: secretKey}
	for _, url := range []string{
		"", "images", "/images", "file://images", "file:images", "file://./images", "file://" + filepath.Dir(file) + "/missing", "file:///nowhere/images", "file://" + file, "file:///tmp?no_tmp_dir=1",
		"mem://x", "mem:///x", "gs://images", "azblob://images", "http://images", "s3://", "s3://images", "s3://images?region=", "s3://images/below?region=r",
		"s3://images?region=r&region=q", "s3://images?region=r&profile=p", "s3://images?region=r&endpoint=http://example.com", "s3://images?region=r&endpoint=ftp://localhost",
		"s3://images?region=r&endpoint=https://", "s3://images?region=r&endpoint=https://u:p@host", "s3://images?region=r&path_style=yes", "s3://images:80?region=r",
		"s3://u:p@images?region=r", "s3://images?region=r#x", "s3://%zz",
	} {
		o := good
		o.URL = url
		if v, err := Open(t.Context(), o); err == nil || v != nil {
			t.Errorf("%q is a bucket", url)
		}
	}
	for what, change := range map[string]func(o *Options){
		"no key":        func(o *Options) { o.Key = [32]byte{} },
		"no timeout":    func(o *Options) { o.Timeout = 0 },
		"no access key": func(o *Options) { o.AccessKey = "" },
		"no secret key": func(o *Options) { o.SecretKey = "" },
	} {
		o := good
		o.URL = "s3://images?region=r&endpoint=https://s3.example.com"
		if _, err := Open(t.Context(), o); err != nil {
			t.Error(err)
		}
		change(&o)
		if v, err := Open(t.Context(), o); err == nil || v != nil {
			t.Errorf("%s: it opens", what)
		}
	}
}

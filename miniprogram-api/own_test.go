package miniprogram

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"yanzheng/models"
)

func TestDevice(t *testing.T) {
	for agent, want := range map[string]models.Device{
		"": "", "curl/8.5": models.DeviceOther,
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50": models.DeviceIOS,
		"Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X)":                                models.DeviceIOS,
		"Mozilla/5.0 (Linux; Android 15; 2407) MicroMessenger/8.0.50":                  models.DeviceAndroid,
		"Mozilla/5.0 (Phone; OpenHarmony 5.0) ArkWeb/4.1":                              models.DeviceHarmony,
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)":                                    models.DeviceWindows,
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0)":                                 models.DeviceMac,
	} {
		if got := device(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
	s := usable()
	s.ask(t, http.MethodPost, "/api/v1/login", `{"code":"x"}`, "User-Agent", "Mozilla/5.0 (iPhone)")
	if s.device != models.DeviceIOS {
		t.Errorf("the log-in is told of %q", s.device)
	}
}

// An image is read up to its bound and not kept beyond it, whatever the length is said to be.
func TestReadImage(t *testing.T) {
	const limit = 1000
	for name, c := range map[string]struct {
		body   io.Reader
		length int64
		want   int
		fails  bool
	}{
		"nothing":              {strings.NewReader(""), 0, 0, false},
		"as long as it may be": {bytes.NewReader(make([]byte, limit)), limit, limit, false},
		"one too many":         {bytes.NewReader(make([]byte, limit+1)), limit + 1, limit + 1, false},
		"without end":          {zeros{}, -1, limit + 1, false},
		"longer than it says":  {bytes.NewReader(make([]byte, 5000)), 1, limit + 1, false},
		"cut":                  {io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(errors.New("gone"))), 100, 0, true},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", c.body)
		r.ContentLength = c.length
		got, err := readImage(r, limit)
		if len(got) != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

// zeros is a body without an end of its own.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestPages(t *testing.T) {
	items := []int{1, 2, 3}
	cursor := func(n int) string { return id(int64(n)) }
	for _, c := range []struct{ limit, n, next int }{{1, 1, 1}, {2, 2, 2}, {3, 3, 0}, {4, 3, 0}} {
		page, next := cut(items, c.limit, cursor)
		want := ""
		if c.next > 0 {
			want = id(int64(c.next))
		}
		if len(page) != c.n || next != want {
			t.Errorf("a page of %d: %v, then %q", c.limit, page, next)
		}
	}
}

package wechat

import (
	"encoding/json"
	"regexp"
	"testing"

	"yanzheng/internal/wechat/sandbox"
	"yanzheng/models"
)

// Every text an error of OpenID may have: codes and numbers, nothing that came from outside.
var knownText = regexp.MustCompile(`^(login_code|wechat)_[a-z_]+: wechat: (errcode -?\d+|HTTP status \d{3}|answer without a usable openid|answer longer than 1048576 bytes|unreadable answer|no connection|no answer in time)$`)

// FuzzCode2SessionAnswer: whatever WeChat's server says, OpenID does not panic, does not leak, and
// gives either a usable openid or a *models.Error of the contract.
func FuzzCode2SessionAnswer(f *testing.F) {
	for _, body := range []string{
		`{"session_key":"` + testSession + `","openid":"` + testOpenID + `"}`,
		`{"errcode":40029,"errmsg":"invalid code, rid: 6583f22d-35b1b023"}`,
		`{"errcode":-1,"errmsg":"system error"}`, `{"errcode":0,"openid":"o"}`, `{"openid":"o","OpenID":" "}`,
		`{"errcode":"` + testSecret + `"}`, `{"errcode":1e400}`, `[]`, `null`, ``, "\xff",
	} {
		f.Add([]byte(body), 200)
	}
	f.Add([]byte(`<html>`), 502)
	f.Add([]byte(`{"openid":"o"}`), 302)
	w := newWorld(f, Config{}, nil)
	code := w.box.IssueLoginCode(testOpenID)
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		if status < 200 || status > 599 {
			status = 200
		}
		w.logs.Reset()
		w.box.Recover() // should the last request have timed out on its way
		w.box.FailNext(sandbox.Fault{Body: append([]byte{}, body...), Status: status})
		id, err := w.OpenID(t.Context(), code)
		noLeak(t, w.logs.String(), code)
		if err == nil {
			if !openIDForm.MatchString(id) || status != 200 || !json.Valid(body) {
				t.Fatalf("accepted %q from status %d, %q", id, status, body)
			}
			return
		}
		e := models.AsError(err)
		wantError(t, err, e)
		if id != "" || !knownText.MatchString(err.Error()) {
			t.Fatalf("got %q, %q", id, err)
		}
		noLeak(t, allText(err), code)
	})
}

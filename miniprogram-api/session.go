package miniprogram

import (
	"strings"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/models"
)

type loginRequest struct {
	Code *string `json:"code"`
}

type loginAnswer struct {
	Token     string `json:"token"`
	ExpiresAt string `json:"expires_at"`
	User      user   `json:"user"`
}

type user struct {
	ID    string        `json:"id"`
	Roles []models.Role `json:"roles"`
}

func (a *API) logIn(c *gin.Context) {
	var r loginRequest
	if err := httpx.ReadJSON(c, &r); err != nil {
		httpx.Fail(c, err)
		return
	}
	if r.Code == nil || *r.Code == "" {
		httpx.Fail(c, errMissing.On("code"))
		return
	}
	in, err := a.sessions.LogIn(c.Request.Context(), httpx.Address(c), *r.Code, device(c.GetHeader("User-Agent")))
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	roles := in.Identity.Roles
	if roles == nil {
		roles = []models.Role{}
	}
	httpx.WriteJSON(c, loginAnswer{in.Token, instant(in.ExpiresAt), user{in.Identity.UserID, roles}})
}

// device tells the kind of device by what it says of itself, which is kept for the user alone to see. The order matters: an
// iPad calls itself a Mac too, Android and Harmony call themselves Linux.
func device(agent string) models.Device {
	for _, d := range []struct {
		word string
		kind models.Device
	}{
		{"iPhone", models.DeviceIOS}, {"iPad", models.DeviceIOS}, {"OpenHarmony", models.DeviceHarmony}, {"HarmonyOS", models.DeviceHarmony},
		{"Android", models.DeviceAndroid}, {"Windows", models.DeviceWindows}, {"Macintosh", models.DeviceMac},
	} {
		if strings.Contains(agent, d.word) {
			return d.kind
		}
	}
	if agent == "" {
		return ""
	}
	return models.DeviceOther
}

// bearer gives the token of the Authorization header. A token anywhere else, such as the query string, counts for
// nothing.
func bearer(c *gin.Context) (string, error) {
	scheme, token, ok := strings.Cut(c.GetHeader("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", errNoToken
	}
	return strings.TrimSpace(token), nil
}

var (
	errMissing = models.NewError(models.KindMalformed, "field_missing", "缺少必填字段", "A required field is missing")
	errNoToken = models.NewError(models.KindUnauthenticated, "token_missing", "请先登录", "Log in first: Authorization: Bearer …")
)

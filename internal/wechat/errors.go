package wechat

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"yanzheng/models"
)

// What OpenID can answer besides an openid. Compare with errors.Is.
var (
	// ErrLoginCodeMalformed: WeChat could never have issued this code. Nothing was sent.
	ErrLoginCodeMalformed = models.NewError(models.KindMalformed, "login_code_malformed",
		"登录凭证格式不正确", "The log-in code is malformed").On("code")
	// ErrLoginCodeUsedOrExpired: unknown, older than five minutes, or used before; call wx.login again.
	ErrLoginCodeUsedOrExpired = models.NewError(models.KindUnauthenticated, "login_code_used_or_expired",
		"登录凭证已失效，请重新登录", "The log-in code was used or has expired, please log in again")
	// ErrBusy: WeChat asks to try again.
	ErrBusy = models.NewError(models.KindUnavailable, "wechat_busy",
		"微信系统繁忙，请稍后再试", "WeChat is busy, please try again").RetryIn(2 * time.Second)
	// ErrRateLimited: this user's minute or this mini-program's day is used up.
	ErrRateLimited = models.NewError(models.KindTooMany, "wechat_rate_limited",
		"登录过于频繁，请一分钟后再试", "Too many log-ins, please try again in a minute").RetryIn(time.Minute)
	// ErrAccountBlocked: WeChat holds the user for high-risk and refuses the log-in.
	ErrAccountBlocked = models.NewError(models.KindForbidden, "wechat_account_blocked",
		"该微信账号存在安全风险，微信已拒绝登录", "WeChat refuses the log-in of this account as high-risk")
	// ErrMisconfigured: the AppID or the AppSecret is wrong; only an operator can help.
	ErrMisconfigured = models.NewError(models.KindInternal, "wechat_misconfigured",
		"微信登录配置有误，请联系管理员", "WeChat log-in is misconfigured, please tell the operator")
	// ErrUnavailable: no answer, or none that can be used.
	ErrUnavailable = models.NewError(models.KindUnavailable, "wechat_unavailable",
		"微信服务暂时不可用，请稍后再试", "WeChat cannot be reached, please try again").RetryIn(5 * time.Second)
)

// WeChat's errcodes that mean something to a log-in.
// The three about a missing parameter cannot happen: New and OpenID refuse empty values.
func byErrCode(code int64) *models.Error {
	switch code {
	case -1:
		return ErrBusy
	case 40029, 40163: // invalid; been used
		return ErrLoginCodeUsedOrExpired
	case 45009, 45011: // the day's quota; 100 a user and minute
		return ErrRateLimited
	case 40226: // high-risk user
		return ErrAccountBlocked
	case 40013, 40125: // invalid appid; invalid secret
		return ErrMisconfigured
	default:
		return ErrUnavailable
	}
}

// cause is why a call failed, in words of ours. It is made of constants and numbers, never from the
// text of another error: the SDK's and net/http's hold the URL, and with it the secret and the code.
type cause struct {
	words   string
	timeout bool
}

func (c *cause) Error() string { return "wechat: " + c.words }

// Is lets a caller that cares tell a time-out from other failures.
func (c *cause) Is(target error) bool { return c.timeout && target == context.DeadlineExceeded }

var errUnusableOpenID = &cause{words: "answer without a usable openid"}

// judge turns what came back into an error for the user and a cause for the log. status is 0 when
// there was no answer at all. The errcode counts first: WeChat sends it with HTTP 200, and the SDK
// fills it even where it calls the rest of the answer unreadable.
func judge(errCode int64, status int, sdkErr error) (*models.Error, *cause) {
	var own *cause
	var tooLong *http.MaxBytesError
	var network net.Error
	switch {
	case errCode != 0:
		return byErrCode(errCode), &cause{words: "errcode " + strconv.FormatInt(errCode, 10)}
	case errors.As(sdkErr, &own):
		return ErrUnavailable, own
	case status != 0 && status != http.StatusOK:
		return ErrUnavailable, &cause{words: "HTTP status " + strconv.Itoa(status)}
	case errors.As(sdkErr, &tooLong):
		return ErrUnavailable, &cause{words: "answer longer than " + strconv.Itoa(maxAnswer) + " bytes"}
	case errors.Is(sdkErr, context.DeadlineExceeded), errors.As(sdkErr, &network) && network.Timeout():
		return ErrUnavailable, &cause{words: "no answer in time", timeout: true}
	case status == 0:
		return ErrUnavailable, &cause{words: "no connection"}
	default:
		return ErrUnavailable, &cause{words: "unreadable answer"}
	}
}

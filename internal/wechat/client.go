package wechat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"yanzheng/models"

	"github.com/redis/go-redis/v9"
	"github.com/silenceper/wechat/v2/miniprogram"
	"github.com/silenceper/wechat/v2/miniprogram/config"
)

const (
	defaultTimeout = 3 * time.Second
	maxTimeout     = 30 * time.Second
)

// The SDK pastes these values into a URL as they are, so nothing that means something in a URL may
// get through. An openid goes into our database and our logs, hence visible ASCII only.
var (
	codeForm   = regexp.MustCompile(`^[0-9A-Za-z_-]{1,128}$`)
	openIDForm = regexp.MustCompile(`^[!-~]{1,128}$`)
)

// Config says which mini-program we are and where WeChat is.
type Config struct {
	AppID     string // the mini-program's id, as on mp.weixin.qq.com
	AppSecret string // its secret; String, GoString and LogValue leave it out

	// SandboxURL is empty for the real api.weixin.qq.com. Otherwise it is http://HOST[:PORT] with
	// HOST localhost or a loopback address, where package sandbox answers; New refuses anything else.
	SandboxURL string

	// Timeout bounds one call, from the name look-up to the last byte. 0 means 3 s; at most 30 s.
	Timeout time.Duration
}

// String describes the configuration without the secret.
func (c Config) String() string {
	return fmt.Sprintf("wechat.Config{AppID:%q SandboxURL:%q Timeout:%s}", c.AppID, c.SandboxURL, c.Timeout)
}

// GoString is String: %#v must not show the secret either.
func (c Config) GoString() string { return c.String() }

// LogValue is String for slog, whose JSON handler would otherwise marshal every field.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Client speaks to WeChat for one mini-program. Build one at start and share it: it is safe for
// concurrent use, and the SDK's locks only work within one object.
type Client struct {
	mini    *miniprogram.MiniProgram
	guard   *guard
	timeout time.Duration
	log     *slog.Logger
}

// New builds the client and reports every fault of cfg at once, never with a value in its text.
// It does no I/O: it succeeds while WeChat and Redis are down. rdb keeps what processes share (later:
// the access token) and is required, because the SDK's own in-memory cache is not safe for concurrent
// use. A nil log discards.
func New(cfg Config, rdb redis.UniversalClient, log *slog.Logger) (*Client, error) {
	var faults []error
	if !codeForm.MatchString(cfg.AppID) {
		faults = append(faults, errors.New("wechat: AppID: want 1 to 128 letters and digits"))
	}
	if !codeForm.MatchString(cfg.AppSecret) {
		faults = append(faults, errors.New("wechat: AppSecret: want 1 to 128 letters and digits"))
	}
	if cfg.Timeout < 0 || cfg.Timeout > maxTimeout {
		faults = append(faults, fmt.Errorf("wechat: Timeout: want at most %s", maxTimeout))
	}
	if rdb == nil {
		faults = append(faults, errors.New("wechat: no Redis client"))
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	g, err := newGuard(cfg.SandboxURL, cfg.Timeout)
	if err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	takeOverSDK()
	return &Client{
		mini: miniprogram.NewMiniProgram(&config.Config{
			AppID:       cfg.AppID,
			AppSecret:   cfg.AppSecret,
			Cache:       sharedCache{rdb: rdb},
			UseStableAK: true,
		}),
		guard:   g,
		timeout: cfg.Timeout,
		log:     log,
	}, nil
}

// Close gives up the idle connections. Calls under way finish; the client stays usable.
func (c *Client) Close() { c.guard.pool.CloseIdleConnections() }

// OpenID trades the single-use code that wx.login gave the mini-program for the user's openid, 1 to
// 128 visible ASCII characters. WeChat's session_key is dropped at once.
//
// Every error is a *models.Error: one of this package's Err variables, or, when ctx was over before
// WeChat answered, models.ErrUnavailable around ctx.Err(); the latter says nothing about WeChat.
func (c *Client) OpenID(ctx context.Context, loginCode string) (openID string, err error) {
	if !codeForm.MatchString(loginCode) {
		return "", ErrLoginCodeMalformed
	}
	if ctx.Err() != nil {
		return "", models.ErrUnavailable.Because(ctx.Err())
	}
	call := &exchange{through: c.guard}
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	res, sdkErr := c.mini.GetAuth().Code2SessionContext(call.mark(bounded), loginCode)
	switch {
	case sdkErr == nil && openIDForm.MatchString(res.OpenID):
		return res.OpenID, nil
	case sdkErr == nil:
		sdkErr = errUnusableOpenID
	case res.ErrCode == 0 && ctx.Err() != nil:
		return "", models.ErrUnavailable.Because(ctx.Err())
	}
	// From here on sdkErr is only looked at, never kept: its text holds the secret and the code.
	public, why := judge(res.ErrCode, call.status, sdkErr)
	c.report(ctx, public, why)
	return "", public.Because(why)
}

// report logs what an operator can act on. A bad code is the user's affair and not logged.
func (c *Client) report(ctx context.Context, public *models.Error, why *cause) {
	level := slog.LevelWarn
	switch public.Kind {
	case models.KindUnauthenticated, models.KindForbidden:
		return
	case models.KindInternal:
		level = slog.LevelError
	}
	c.log.LogAttrs(ctx, level, "wechat: log-in failed", slog.String("code", public.Code), slog.String("cause", why.words))
}

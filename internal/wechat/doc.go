// Package wechat asks WeChat's servers who is logging in.
//
// Promise: an answer is either a usable openid or a *models.Error with a stable code; it comes within
// Config.Timeout; and neither the AppSecret, a log-in code, a session_key nor an access token appears
// in an error, in a log line or on standard output.
//
// The one rule: this is the only package that imports github.com/silenceper/wechat, and of that
// module it never imports the root package. The root's init() turns the process-wide logrus logger to
// Debug on standard output; the miniprogram package does the same work without it, so that logger is
// not even linked. TestDependencies holds the rule.
package wechat

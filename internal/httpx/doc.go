// Package httpx is what every HTTP edge of the service shares: problem documents, request ids, bounds
// and security headers.
//
// Its promise: every error leaves as application/problem+json (RFC 9457) with a stable code, and never
// with the text of an inner error. Its one rule: nothing is read from a client without a bound.
package httpx

package models

import (
	"errors"
	"time"
)

// Kind is the class of an Error: what the caller can do about it. Edges map it to a status of their
// protocol (HTTP, exit status); the domain knows no protocol.
type Kind uint8

// The kinds, in the words of the API contract.
const (
	KindInternal        Kind = iota // a fault of ours; the text never leaves the process
	KindMalformed                   // not what the contract says: cannot be read
	KindUnauthenticated             // log in again
	KindForbidden                   // known, but not yours
	KindNotFound                    // no such thing, or not for you to know
	KindConflict                    // the state of the thing does not allow it
	KindTooLarge                    // bigger than the stated bound
	KindRule                        // readable, but breaks a rule of the domain
	KindTooMany                     // slow down; RetryAfter says for how long
	KindUnavailable                 // a dependency is down; RetryAfter says when to come back
)

// Text is one sentence for people, Chinese first, English second.
type Text struct{ ZH, EN string }

// Error is the one error type that crosses the borders between packages.
// Code is stable and part of the contract; Message is for people and never holds the text of the
// cause, which is for the log of this process alone.
type Error struct {
	Kind       Kind
	Code       string
	Message    Text
	Field      string        // the input field at fault, empty when it is not about one
	RetryAfter time.Duration // set for KindTooMany and KindUnavailable
	cause      error
}

// NewError makes an Error; declare it once as a package variable and add the circumstances with the
// methods below, which copy.
func NewError(kind Kind, code, zh, en string) *Error {
	return &Error{Kind: kind, Code: code, Message: Text{zh, en}}
}

// Error gives the code and the causes. It is for logs, never for a client.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Code
	}
	return e.Code + ": " + e.cause.Error()
}

// Unwrap gives the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare by Code, so that a copy with a cause still is the declared error.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because returns a copy that carries the cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// On returns a copy that names the input field at fault.
func (e *Error) On(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// RetryIn returns a copy that tells the client when to come back.
func (e *Error) RetryIn(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// AsError gives the *Error within err; a foreign error becomes ErrInternal that carries it.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return ErrInternal.Because(err)
}

// The errors that several packages share. What belongs to one use case is declared there.
var (
	ErrInternal    = NewError(KindInternal, "internal", "系统内部错误，请稍后再试", "Internal error, please try again later")
	ErrNotFound    = NewError(KindNotFound, "not_found", "未找到", "Not found")
	ErrForbidden   = NewError(KindForbidden, "forbidden", "您没有此项权限", "You may not do this")
	ErrUnavailable = NewError(KindUnavailable, "unavailable", "服务暂时不可用，请稍后再试", "Temporarily unavailable, please try again").RetryIn(2 * time.Second)
	ErrConflict    = NewError(KindConflict, "conflict", "记录刚被他人修改，请重试", "Changed by someone else meanwhile, please try again")
)

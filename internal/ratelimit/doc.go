// Package ratelimit says when somebody asks too much: too many requests, or too many different persons.
//
// Its promise: over all instances together an actor is never allowed more than the limit, and at most 1 % less;
// with Redis away every call is answered at once and the same limit holds in each process by itself. Its one rule:
// a limit is no truth, so nothing here ever fails a request because a limit could not be asked for.
package ratelimit

// Package demo makes people up: registrations whose numbers pass every check and belong to nobody, and
// one certificate for every answer that the service can give.
//
// Its promise: nobody real. The region of every identity number and of every employer code begins
// with 99, which no place in China has. Its one rule: it changes the register only through the
// use cases, as a registrar would.
package demo

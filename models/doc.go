// Package models is the domain: the register's words, the rules of the notice, and the verdict.
//
// The notice is 注建〔2021〕2号 of the National Administration Board of Architectural Registration;
// a clause such as 二(二) in a comment is one of its clauses.
//
// Its one rule: standard library only, no I/O, no clock. Every rule is a function of values and of
// the instant or day that the caller passes in, so that it can be read and tested as a table.
package models

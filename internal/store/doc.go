// Package store keeps the register in a relational database: MySQL 8 (or what speaks its protocol)
// and SQLite, through GORM, with the same code and the same contract tests.
//
// Its promise: a change and its event are written in one transaction, or neither is. Its one rule:
// no statement leaves without the caller's context, and identity numbers leave only sealed.
package store

// Package register changes the register: it brings in the authority's files, and carries out decisions
// about single registrations.
//
// Its promise: whatever it reported is committed, and whatever is committed reaches every cache. Its
// one rule: no change without an event in the same transaction, and none unnamed: who, what, why.
package register

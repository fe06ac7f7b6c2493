// Package certificate is the document: one page of PDF with a code and two seals, and what a file that somebody sends is.
//
// Its promise: what Issue gives opens everywhere, prints every character it was given or none at all, and is found to be
// ours only as long as not one byte of it differs. Its one rule: every seal drawn here says 演示, and every certificate for
// sealing made here says DEMO; to draw a real state seal is a crime.
package certificate

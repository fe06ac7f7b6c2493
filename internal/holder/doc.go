// Package holder is what the holder of certificates does beside endorsing them: become known as the person, give photo and
// signature image, see who looked; and what registrars and inspectors do about it.
//
// Its promise: a user becomes a person's holder by knowing all that the register knows of them, and never by taking over from
// another user; no image counts that no registrar has accepted. Its one rule: whoever is the holder today is asked of the
// database, every time.
package holder

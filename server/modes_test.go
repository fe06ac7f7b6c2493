package main

import "testing"

// The subjects that both ways to run have in common; each makes the people it needs.
var subjects = []struct {
	name string
	test func(*testing.T, *world)
}{
	{"public addresses", testPublicAddresses},
	{"log in", testLogIn},
	{"log in refused", testTokensRefused},
	{"roles", testRoles},
	{"life of a registration", testLife},
	{"scan as anybody", testColumns},
	{"bad input", testBadInput},
	{"look-up", testLookUp},
	{"look-up without a match", testLookUpNoMatch},
	{"look-up time", testLookUpTime},
	{"key rotation", testKeys},
	{"restart", testRestart}, // the last: it ends the server that the others ask
}

func TestEmbeddedMode(t *testing.T) {
	w := embeddedWorld(t)
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) { s.test(t, w) })
	}
}

func TestRealMode(t *testing.T) {
	w := realWorld(t)
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) { s.test(t, w) })
	}
}

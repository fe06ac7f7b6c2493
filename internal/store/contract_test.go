package store_test

import "testing"

// TestStore holds every database to one and the same contract. A subject opens the databases it needs.
func TestStore(t *testing.T) {
	subjects := []struct {
		name string
		test func(t *testing.T, d dialect)
	}{
		{"Migrate", testMigrate},
		{"Persons", testPersons},
		{"Facts", testFacts},
		{"LookUp", testLookUp},
		{"Change", testChange},
		{"Certificates", testCertificates},
		{"Confirmations", testConfirmations},
		{"Holdings", testHoldings},
		{"Merge", testMerge},
		{"MergeAtOnce", testMergeAtOnce},
		{"Outbox", testOutbox},
		{"Epochs", testEpochs},
		{"Users", testUsers},
		{"Holders", testHolders},
		{"Images", testImages},
		{"Scans", testScans},
		{"Misses", testMisses},
		{"Errors", testErrors},
		{"Secrets", testSecrets},
		{"Keys", testKeys},
		{"Away", testAway},
	}
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			for _, s := range subjects {
				t.Run(s.name, func(t *testing.T) { s.test(t, d) })
			}
		})
	}
}

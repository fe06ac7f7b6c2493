package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
)

// Another key than that of the first use is refused, before it seals what nobody can open or calls an
// honest holder a forger.
func testKeys(t *testing.T, d dialect) {
	p := d.migrated(t)
	for range 2 {
		testkit.Must(t, p.CheckSealingKeys(t.Context()))
		testkit.Must(t, p.CheckKeys(t.Context(), map[string][]byte{"code/0": []byte("the first ring")}))
	}
	testkit.WantErr(t, p.CheckKeys(t.Context(), map[string][]byte{"code/0": []byte("another ring")}), store.ErrKeyDiffers)
	testkit.Must(t, p.CheckKeys(t.Context(), map[string][]byte{"code/0": []byte("the first ring"), "code/1": []byte("rotated")}))
	for _, change := range []func(k *store.Keys){
		func(k *store.Keys) { k.Seal[5] ^= 0x80 },
		func(k *store.Keys) { k.Index[5] ^= 0x80 },
	} {
		options := p.options
		change(&options.Keys)
		other, err := store.Open(t.Context(), options)
		testkit.Must(t, err)
		testkit.WantErr(t, other.CheckSealingKeys(t.Context()), store.ErrKeyDiffers)
		testkit.Must(t, other.Close())
	}
	testkit.Must(t, p.CheckSealingKeys(t.Context())) // the refused ones changed nothing
	if all := p.dump("key_fingerprints"); !strings.Contains(all, "code/0") || strings.Contains(all, "the first ring") || strings.Contains(all, string(keys.Seal[:])) {
		t.Errorf("remembered as %q", all)
	}
	// Two instances begin with different keys at once: one of them is wrong, and is told.
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i, key := range []string{"one", "two"} {
		both.Go(func() { errs[i] = p.CheckKeys(t.Context(), map[string][]byte{"at once": []byte(key)}) })
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), store.ErrKeyDiffers) {
		t.Errorf("%v, %v", errs[0], errs[1])
	}
}

package vault

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"yanzheng/internal/sealing"
	"yanzheng/models"
)

func TestKeeps(t *testing.T) {
	everywhere(t, func(t *testing.T, o Options) {
		v := vaultAt(t, o)
		if err := v.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		large := make([]byte, MaxBytes)
		for i := range large {
			large[i] = byte(rand.Uint32())
		}
		contents := map[string]string{
			"photo/0a1b-2c": "a photo", "signature/0a1b-2c": "a signature", "photo/0a1b-2d": "a photo", "x": "", "large_one": string(large),
			strings.Repeat("n", 100) + "/" + strings.Repeat("m", 99): "of a long name",
		}
		for name, content := range contents {
			if _, err := v.Get(t.Context(), name); !errors.Is(err, models.ErrNotFound) {
				t.Errorf("before: %v", err)
			}
			put(t, v, name, content)
		}
		for name, content := range contents {
			got, err := v.Get(t.Context(), name)
			if err != nil || string(got) != content {
				t.Errorf("%.20s: %d bytes of %d, %v", name, len(got), len(content), err)
			}
			if sealed := raw(t, v, name); len(sealed) != len(content)+sealing.Overhead || content != "" && bytes.Contains(sealed, []byte(content)) {
				t.Errorf("%.20s lies there as %.40q", name, sealed)
			}
		}
		put(t, v, "x", "another")
		if got, err := v.Get(t.Context(), "x"); err != nil || string(got) != "another" {
			t.Errorf("put again: %q, %v", got, err)
		}
		if err := v.Delete(t.Context(), "x"); err != nil {
			t.Error(err)
		}
		if _, err := v.Get(t.Context(), "x"); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("deleted: %v", err)
		}
		if err := v.Delete(t.Context(), "x"); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("deleted again: %v", err)
		}
		if _, err := v.Get(t.Context(), "photo"); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("a part of a name: %v", err)
		}
	})
}

func TestWhatWasTamperedWithIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, o Options) {
		v := vaultAt(t, o)
		put(t, v, "photo/1", "the photo of one")
		put(t, v, "photo/2", "the photo of two")
		one, two := raw(t, v, "photo/1"), raw(t, v, "photo/2")
		refused := func(what string, content []byte) {
			t.Helper()
			setRaw(t, v, "photo/1", content)
			if got, err := v.Get(t.Context(), "photo/1"); got != nil || !errors.Is(err, models.ErrInternal) {
				t.Errorf("%s: %q, %v", what, got, err)
			}
		}
		refused("swapped", two)
		refused("empty", nil)
		refused("not ours", []byte("GIF89a"))
		refused("longer", append(slices.Clone(one), 0))
		refused("far too long", make([]byte, 3*MaxBytes))
		for i := range one {
			refused("cut", one[:i])
			bad := slices.Clone(one)
			bad[i] ^= 0x40
			refused("changed", bad)
		}
		setRaw(t, v, "photo/1", one)
		if got, err := v.Get(t.Context(), "photo/1"); err != nil || string(got) != "the photo of one" {
			t.Errorf("as it was: %q, %v", got, err)
		}
	})
}

func TestAnotherKeyOpensNothing(t *testing.T) {
	server := newS3(t)
	put(t, vaultAt(t, server.options()), "photo/1", "the photo of one")
	other := server.options()
	other.Key = [32]byte{1}
	if got, err := vaultAt(t, other).Get(t.Context(), "photo/1"); got != nil || !errors.Is(err, models.ErrInternal) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTooMuch(t *testing.T) {
	v := vaultAt(t, Options{URL: "mem://"})
	if err := v.Put(t.Context(), "x", make([]byte, MaxBytes+1)); !errors.Is(err, models.ErrInternal) {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "0": true, "photo/1": true, "a/b/c": true, "a-b_c": true, strings.Repeat("a", 200): true,
		"": false, "/": false, "/a": false, "a/": false, "a//b": false, ".": false, "..": false, "../a": false, "a/../b": false, "a.tmp": false,
		"A": false, "照片": false, "a b": false, "a\x00": false, "-a": false, "a/-b": false, "_": false, `a\b`: false, strings.Repeat("a", 201): false,
	} {
		v := vaultAt(t, Options{URL: "mem://"})
		for what, call := range calls(v, name) {
			err := call(t.Context())
			if what != "ping" && errors.Is(err, models.ErrInternal) == ok {
				t.Errorf("%s %.10q: %v", what, name, err)
			}
		}
	}
}

func TestCancelledByTheCaller(t *testing.T) {
	everywhere(t, func(t *testing.T, o Options) {
		v := vaultAt(t, o)
		put(t, v, "photo/1", "old")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := v.Put(ctx, "photo/1", []byte("new"))
		if !errors.Is(err, context.Canceled) || errors.Is(err, models.ErrUnavailable) {
			t.Errorf("put: %v", err)
		}
		if got, err := v.Get(t.Context(), "photo/1"); err != nil || string(got) != "old" {
			t.Errorf("afterwards: %q, %v", got, err)
		}
	})
}

// Whoever reads while others write gets one of the contents, whole.
func TestNobodySeesHalfAFile(t *testing.T) {
	everywhere(t, func(t *testing.T, o Options) {
		v := vaultAt(t, o)
		contents := []string{strings.Repeat("a", 100_000), strings.Repeat("b", 300_000)}
		put(t, v, "photo/1", contents[0])
		var group sync.WaitGroup
		for _, content := range contents {
			group.Go(func() {
				for range 10 {
					if err := v.Put(t.Context(), "photo/1", []byte(content)); err != nil {
						t.Error(err)
					}
				}
			})
			group.Go(func() {
				for range 30 {
					if got, err := v.Get(t.Context(), "photo/1"); err != nil || !slices.Contains(contents, string(got)) {
						t.Errorf("%d bytes, %v", len(got), err)
					}
				}
			})
		}
		group.Wait()
	})
}

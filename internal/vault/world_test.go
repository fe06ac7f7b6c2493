package vault

import (
	"context"
	"net/url"
	"testing"
	"time"
)

var key = [32]byte{'a', ' ', 'k', 'e', 'y', ' ', 'o', 'f', ' ', 't', 'h', 'e', ' ', 't', 'e', 's', 't'}

func vaultAt(t *testing.T, o Options) *Vault {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Key == [32]byte{} {
		o.Key = key
	}
	v, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

func (s *s3server) options() Options {
	q := url.Values{"region": {region}, "endpoint": {s.URL}, "path_style": {"true"}}
	return Options{URL: "s3://" + bucket + "?" + q.Encode(), AccessKey: accessKey, SecretKey: secretKey}
}

// everywhere runs a test on each kind of bucket.
func everywhere(t *testing.T, test func(t *testing.T, o Options)) {
	t.Run("file", func(t *testing.T) { test(t, Options{URL: "file://" + t.TempDir()}) })
	t.Run("mem", func(t *testing.T) { test(t, Options{URL: "mem://"}) })
	t.Run("s3", func(t *testing.T) { test(t, newS3(t).options()) })
}

// raw reads and writes the bucket behind the vault's back.
func raw(t *testing.T, v *Vault, name string) []byte {
	t.Helper()
	b, err := v.bucket.ReadAll(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func setRaw(t *testing.T, v *Vault, name string, content []byte) {
	t.Helper()
	if err := v.place.write(t.Context(), name, content); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, v *Vault, name, content string) {
	t.Helper()
	if err := v.Put(t.Context(), name, []byte(content)); err != nil {
		t.Fatalf("put %s: %v", name, err)
	}
}

// calls are all that a vault does with a name.
func calls(v *Vault, name string) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"put":    func(ctx context.Context) error { return v.Put(ctx, name, []byte("content")) },
		"get":    func(ctx context.Context) error { _, err := v.Get(ctx, name); return err },
		"delete": func(ctx context.Context) error { return v.Delete(ctx, name) },
		"ping":   v.Ping,
	}
}

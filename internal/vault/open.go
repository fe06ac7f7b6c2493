package vault

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"yanzheng/internal/sealing"
)

// Open connects to nothing yet: see Ping. An error is about the options, and tells no secret.
//
// The drivers are put together here by hand, not by gocloud's URLs: those read credentials and more from
// the environment, and only the program's own configuration counts.
func Open(ctx context.Context, o Options) (*Vault, error) {
	if o.Timeout <= 0 {
		return nil, errors.New("vault: no timeout")
	}
	if o.Key == [32]byte{} {
		return nil, errors.New("vault: no key")
	}
	box, err := sealing.New(o.Key)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, errors.New("vault: the URL cannot be read") // it may hold what it should not
	}
	if u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return nil, errors.New("vault: the URL has parts that no bucket has")
	}
	bucket, where, err := open(ctx, u, o)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return &Vault{bucket: bucket, place: where, box: box, timeout: o.Timeout}, nil
}

func open(ctx context.Context, u *url.URL, o Options) (*blob.Bucket, place, error) {
	switch u.Scheme {
	case "file":
		if u.Host != "" || u.RawQuery != "" {
			return nil, nil, errors.New("a folder is file:///absolute/path")
		}
		return openFolder(u.Path)
	case "mem":
		if u.Host != "" || u.Path != "" || u.RawQuery != "" {
			return nil, nil, errors.New("memory is mem://")
		}
		bucket := memblob.OpenBucket(nil)
		return bucket, memory{bucket}, nil
	case "s3":
		return openS3(ctx, u, o)
	}
	return nil, nil, fmt.Errorf("no bucket is %s://: only file, mem and s3 are", strconv.Quote(u.Scheme))
}

// memory is always there, and nothing in it outlives a crash.
type memory struct{ bucket *blob.Bucket }

func (memory) present(context.Context) error { return nil }

func (m memory) write(ctx context.Context, name string, content []byte) error {
	return m.bucket.WriteAll(ctx, name, content, &blob.WriterOptions{ContentType: contentType})
}

func (memory) deleted(string) error { return nil }

// contentType is what a sealed file is to everybody else.
const contentType = "application/octet-stream"

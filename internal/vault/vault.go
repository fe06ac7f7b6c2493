// Package vault keeps what is somebody's own, photos and signature images, as sealed files in a bucket:
// a folder, memory, or anything that speaks S3.
//
// Its promise: Get gives byte for byte what Put was given under that name, or an error; whoever reads
// the bucket learns sizes and names, and a file that was changed, cut, or moved to another name is
// refused. What Put has confirmed outlives a crash. Its one rule: names hold nothing personal, and a
// name is used once, for then an old file that is put back is seen: nobody asks for it.
package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"yanzheng/internal/sealing"
	"yanzheng/models"
)

// MaxBytes bounds what is kept under one name.
const MaxBytes = 4 << 20

// maxName bounds a name; the folder of a file, or a key of S3, could be longer.
const maxName = 200

// Options say where the files lie and how they are sealed.
type Options struct {
	// URL is file:///absolute/folder, which has to be there, mem:// (for demonstrations: gone with the
	// process), or s3://bucket?region=…, with endpoint=https://… and path_style=true for services other
	// than AWS.
	URL                  string
	AccessKey, SecretKey string // of S3; never in the URL, which may be logged

	Key     [32]byte      // AES-256-GCM
	Timeout time.Duration // of each call. A folder on a network file system may not keep it
}

// Vault is one bucket and one key. It is safe for many goroutines.
type Vault struct {
	bucket  *blob.Bucket
	place   place
	box     *sealing.Box
	timeout time.Duration
}

// place is what the kinds of buckets do each in their own way.
type place interface {
	// present is an error when the bucket itself is not there.
	present(ctx context.Context) error
	// write returns when the file, whole, outlives a crash; before, the old one under that name stands.
	write(ctx context.Context, name string, content []byte) error
	// deleted makes a deletion outlive a crash.
	deleted(name string) error
}

// Put seals the content and keeps it under that name. A name is small letters, digits, '-' and '_', in
// parts with '/' between them; no name is the beginning of another's path.
func (v *Vault) Put(ctx context.Context, name string, content []byte) error {
	if err := check(name); err != nil {
		return err
	}
	if len(content) > MaxBytes {
		return models.ErrInternal.Because(errTooLong)
	}
	limited, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	// A folder that has gone would be made anew, in a place where nobody looks.
	err := v.place.present(limited)
	if err == nil {
		err = v.place.write(limited, name, v.box.Seal(purpose(name), content))
	}
	return away(ctx, err)
}

// Get gives what was kept under that name: models.ErrNotFound when there is nothing, ErrUnavailable
// when the bucket cannot be asked, ErrInternal when what is there is not what was put.
func (v *Vault) Get(ctx context.Context, name string) ([]byte, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	sealed, err := v.read(limited, name)
	if err != nil {
		return nil, v.missing(ctx, limited, err)
	}
	if len(sealed) > MaxBytes+sealing.Overhead {
		return nil, models.ErrInternal.Because(errTooLong)
	}
	return v.box.Open(purpose(name), sealed)
}

// read gives a file, or its beginning when it is longer than any of ours.
func (v *Vault) read(ctx context.Context, name string) ([]byte, error) {
	r, err := v.bucket.NewReader(ctx, name, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, MaxBytes+sealing.Overhead+1))
}

// Delete removes what was kept under that name; models.ErrNotFound when there is nothing.
func (v *Vault) Delete(ctx context.Context, name string) error {
	if err := check(name); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	if err := v.bucket.Delete(limited, name); err != nil {
		return v.missing(ctx, limited, err)
	}
	return away(ctx, v.place.deleted(name))
}

// Ping asks whether the bucket is there.
func (v *Vault) Ping(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	return away(ctx, v.place.present(limited))
}

// Close gives back what Open took.
func (v *Vault) Close() error { return v.bucket.Close() }

// missing says whether a file is not there, or the bucket that it would be in.
func (v *Vault) missing(ctx, limited context.Context, err error) error {
	if gcerrors.Code(err) != gcerrors.NotFound {
		return away(ctx, err)
	}
	if gone := v.place.present(limited); gone != nil {
		return away(ctx, gone)
	}
	return models.ErrNotFound.Because(err)
}

// away gives a bucket's error its meaning. The caller's own cancelling is the caller's.
func away(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return errors.Join(context.Canceled, err)
	}
	return models.ErrUnavailable.Because(err)
}

// purpose binds what is sealed to its name.
func purpose(name string) string { return "vault/" + name }

// check holds names to what means the same in every kind of bucket. A name comes from the program, so
// another one is a fault of ours.
func check(name string) error {
	inPart := false
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', inPart && (c == '-' || c == '_'):
			inPart = true
		case c == '/' && inPart:
			inPart = false
		default:
			return models.ErrInternal.Because(fmt.Errorf("vault: %.40q is no name", name))
		}
	}
	if !inPart || len(name) > maxName {
		return models.ErrInternal.Because(fmt.Errorf("vault: %.40q is no name", name))
	}
	return nil
}

var errTooLong = fmt.Errorf("vault: more than %d bytes under one name", MaxBytes)

package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
)

// folder is a bucket of files, which belong to this process's user alone.
type folder struct {
	root   string
	bucket *blob.Bucket
}

// openFolder wants the folder to be there: one that is missing may be on a file system that is not
// mounted, and must not be made beside it.
func openFolder(root string) (*blob.Bucket, place, error) {
	root = filepath.FromSlash(root)
	if !filepath.IsAbs(root) {
		return nil, nil, errors.New("a folder is file:///absolute/path")
	}
	bucket, err := fileblob.OpenBucket(root, &fileblob.Options{DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, nil, err
	}
	return bucket, folder{filepath.Clean(root), bucket}, nil
}

func (f folder) present(context.Context) error {
	info, err := os.Stat(f.root)
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a folder", f.root)
	}
	return err
}

// write lets the driver make a file of another name and give it its own when it is whole, and sees to it
// that both the content and the name are on the disk.
func (f folder) write(ctx context.Context, name string, content []byte) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var file *os.File
	w, err := f.bucket.NewWriter(ctx, name, &blob.WriterOptions{ContentType: contentType, BeforeWrite: func(as func(any) bool) error {
		as(&file)
		return nil
	}})
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	for _, step := range []func() error{func() error { return file.Chmod(0o600) }, file.Sync} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		cancel() // so that Close throws it away
		return errors.Join(err, w.Close())
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.deleted(name)
}

// deleted writes to the disk what the folders of a name hold now.
func (f folder) deleted(name string) error {
	for {
		name = path.Dir(name)
		d, err := os.Open(filepath.Join(f.root, filepath.FromSlash(name))) //nolint:gosec // within the bucket, by a name that was checked
		if err != nil {
			return err
		}
		err = d.Sync()
		d.Close() //nolint:errcheck,gosec // nothing was written to it
		if err != nil || name == "." {
			return err
		}
	}
}

package vault

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// remote is a bucket of S3 or of what speaks it. A file is there whole or not at all, says the service.
type remote struct {
	name   string
	client *s3.Client
	bucket *blob.Bucket
}

func openS3(ctx context.Context, u *url.URL, o Options) (*blob.Bucket, place, error) {
	q := u.Query()
	for key, values := range q {
		if !slices.Contains([]string{"region", "endpoint", "path_style"}, key) || len(values) != 1 {
			return nil, nil, fmt.Errorf("s3: %q is unknown, or stands there twice", key)
		}
	}
	switch {
	case u.Host == "" || strings.Contains(u.Host, ":") || strings.Trim(u.Path, "/") != "":
		return nil, nil, errors.New("s3: a bucket is s3://name")
	case q.Get("region") == "":
		return nil, nil, errors.New("s3: region is missing")
	case o.AccessKey == "" || o.SecretKey == "":
		return nil, nil, errors.New("s3: the access key or its secret is missing")
	case q.Has("path_style") && q.Get("path_style") != "true" && q.Get("path_style") != "false":
		return nil, nil, errors.New("s3: path_style is true or false")
	}
	options := s3.Options{
		Region:       q.Get("region"),
		Credentials:  credentials.NewStaticCredentialsProvider(o.AccessKey, o.SecretKey, ""),
		UsePathStyle: q.Get("path_style") == "true",
		// Nothing is sent to where an answer points; that is not in the configuration.
		HTTPClient: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		// A second try at once; more is the caller's affair.
		Retryer: retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts, r.MaxBackoff = 2, 100*time.Millisecond }),
		// What is sealed proves itself, and services other than AWS do not know the newer checksums.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if q.Has("endpoint") {
		if err := checkEndpoint(q.Get("endpoint")); err != nil {
			return nil, nil, err
		}
		options.BaseEndpoint = aws.String(q.Get("endpoint"))
	}
	client := s3.New(options)
	bucket, err := s3blob.OpenBucket(ctx, client, u.Host, &s3blob.Options{RequestChecksumCalculation: options.RequestChecksumCalculation})
	if err != nil {
		return nil, nil, err
	}
	return bucket, remote{u.Host, client, bucket}, nil
}

// checkEndpoint wants TLS, except on this machine.
func checkEndpoint(endpoint string) error {
	e, err := url.Parse(endpoint)
	if err != nil || e.Host == "" || e.User != nil || e.RawQuery != "" || e.Fragment != "" {
		return errors.New("s3: endpoint is https://host")
	}
	ip := net.ParseIP(e.Hostname())
	if loopback := e.Hostname() == "localhost" || ip != nil && ip.IsLoopback(); e.Scheme == "https" || e.Scheme == "http" && loopback {
		return nil
	}
	return errors.New("s3: endpoint must be https://, or on this machine")
}

// present asks for the bucket. Who may not ask for it may still read and write what is in it.
func (r remote) present(ctx context.Context) error {
	_, err := r.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(r.name)})
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusForbidden {
		return nil
	}
	return err
}

func (r remote) write(ctx context.Context, name string, content []byte) error {
	return r.bucket.WriteAll(ctx, name, content, &blob.WriterOptions{ContentType: contentType})
}

func (remote) deleted(string) error { return nil }

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// person is somebody who asks with a token; nobody in particular without one.
type person struct {
	base, token string
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 16 << 20

// raw sends a request, whose body is JSON unless it is bytes, and gives status and body.
func (p person) raw(ctx context.Context, method, path string, body any) (int, []byte, error) {
	content, ok := body.([]byte)
	if !ok && body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return 0, nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, p.base+path, bytes.NewReader(content))
	if err != nil {
		return 0, nil, err
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer a.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(a.Body, maxAnswer))
	return a.StatusCode, answer, err
}

// bytes sends a request that must be answered with that status.
func (p person) bytes(ctx context.Context, want int, method, path string, body any) ([]byte, error) {
	status, answer, err := p.raw(ctx, method, path, body)
	if err == nil && status != want {
		err = fmt.Errorf("%s %s: %d, want %d: %.500s", method, path, status, want, answer)
	}
	return answer, err
}

// ask is bytes for an answer in JSON.
func (p person) ask(ctx context.Context, want int, method, path string, body, into any) error {
	answer, err := p.bytes(ctx, want, method, path, body)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

// want is an error unless a thing is as it should be.
func want[T comparable](what string, got, should T) error {
	if got != should {
		return fmt.Errorf("%s: got %v, want %v", what, got, should)
	}
	return nil
}

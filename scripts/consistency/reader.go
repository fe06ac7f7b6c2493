package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// reader asks one instance about certificates, one question after the other, over a connection that is kept.
type reader struct {
	w        *world
	instance int
	client   *http.Client

	reads      []read
	unanswered int // no answer, or another status than 200
}

// One in so many questions is a scan with a token; the others are the public answer.
const scanOneIn = 8

func (w *world) newReader(instance int) *reader {
	return &reader{w: w, instance: instance, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}, Timeout: 10 * time.Second}}
}

// run asks until ctx ends; a question that was begun is waited for.
func (r *reader) run(ctx context.Context) {
	defer r.client.CloseIdleConnections()
	for ctx.Err() == nil {
		r.ask(context.WithoutCancel(ctx), r.w.choose(), rand.IntN(scanOneIn) == 0) //nolint:gosec // not a secret
	}
}

// ask asks once, keeps when and what was answered, and gives the state that was shown, unreadable for none.
func (r *reader) ask(ctx context.Context, certificate int, scan bool) (state int32) {
	request, err := r.request(ctx, certificate, scan)
	if err != nil {
		panic(err) // our own URL
	}
	start := r.w.clock()
	body, err := r.do(request)
	end := r.w.clock()
	if err != nil {
		r.unanswered++
		return unreadable
	}
	var said struct {
		Source       string
		Registration struct{ Status, Employer string }
	}
	state = unreadable
	if json.Unmarshal(body, &said) == nil {
		state = stateOf(said.Registration.Employer, said.Registration.Status)
	}
	r.reads = append(r.reads, read{
		certificate: int32(certificate), state: state, instance: uint8(r.instance), //nolint:gosec // few
		cached: said.Source == "cache", start: start, end: end,
	})
	return state
}

func (r *reader) request(ctx context.Context, certificate int, scan bool) (*http.Request, error) {
	digits := r.w.digits(certificate)
	base := r.w.processes[r.instance].URL
	if !scan {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/v/"+digits, nil)
		if err == nil {
			request.Header.Set("Accept", "application/json")
		}
		return request, err
	}
	body := fmt.Appendf(nil, `{"code":%q}`, r.w.in.prefix+digits)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/scans", bytes.NewReader(body))
	if err == nil {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+r.w.in.Token())
	}
	return request, err
}

func (r *reader) do(request *http.Request) ([]byte, error) {
	answer, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	return body, err
}

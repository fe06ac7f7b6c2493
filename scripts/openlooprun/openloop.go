package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"yanzheng/scripts/stand"
)

type measurement struct {
	vegeta      string
	rate, codes int
	duration    time.Duration // of the load on one certificate
	scanning    time.Duration // of the load of scans
	out         io.Writer

	*stand.Stand
	redis *stand.Redis
}

// target is a request in vegeta's words.
type target struct {
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Body   []byte      `json:"body,omitempty"`
	Header http.Header `json:"header"`
}

func (m *measurement) run(ctx context.Context) (err error) {
	m.Stand, err = stand.New(ctx)
	defer m.Close()
	if err != nil {
		return err
	}
	m.redis, err = stand.StartRedis(ctx, m.Dir)
	if err != nil {
		return err
	}
	defer m.redis.Close()
	if err := m.UseRedis(m.redis); err != nil {
		return err
	}
	m.Env = append(m.Env, stand.Unlimited()...)
	codes, err := m.IssueCodes(ctx, m.codes)
	if err != nil {
		return err
	}
	if _, err := m.Start(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, m.Complaint())
	}
	fmt.Fprintf(m.out, "%d/s for %s and for %s; server, MariaDB, Redis and the generator share %d cores; load average before: %s\n",
		m.rate, m.duration, m.scanning, runtime.NumCPU(), loadAverage())
	fmt.Fprintf(m.out, "%-34s %9s %7s %8s %8s %8s %8s %8s %8s\n", "milliseconds", "requests", "per s", "mean", "p50", "p95", "p99", "max", "failures")
	return errors.Join(
		m.measure(ctx, "GET /v/ as JSON, one certificate", m.duration, []target{m.look(codes[0])}),
		m.measure(ctx, fmt.Sprintf("POST scans, %d certificates", len(codes)), m.scanning, m.scans(codes)),
	)
}

func (m *measurement) look(code string) target {
	return target{Method: http.MethodGet, URL: code, Header: http.Header{"Accept": {"application/json"}}}
}

func (m *measurement) scans(codes []string) (all []target) {
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + m.Token()}}
	for _, code := range codes {
		body, _ := json.Marshal(map[string]string{"code": code}) // of strings: no error
		all = append(all, target{Method: http.MethodPost, URL: m.URL + "/api/v1/scans", Body: body, Header: header})
	}
	return all
}

// measure puts the load on, prints what it saw, and gives what was wrong.
func (m *measurement) measure(ctx context.Context, name string, length time.Duration, targets []target) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	before, err := m.Scans(ctx)
	if err != nil {
		return err
	}
	seen, err := m.attack(ctx, length, targets)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	l := seen.Latencies
	fmt.Fprintf(m.out, "%-34s %9d %7.0f %8.2f %8.2f %8.2f %8.2f %8.2f %8d\n", name, seen.Requests, seen.Rate,
		milliseconds(l.Mean), milliseconds(l.P50), milliseconds(l.P95), milliseconds(l.P99), milliseconds(l.Max), seen.failures())
	if err := seen.fault(m.rate, length); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	// Its answer was 200, so each of them is a scan on record.
	if err := m.Drained(ctx, m.redis, time.Minute); err != nil {
		return err
	}
	now, err := m.Scans(ctx)
	if err != nil {
		return err
	}
	if now-before != int64(seen.Requests) {
		return fmt.Errorf("%s: %d answers, %d scans in the database", name, seen.Requests, now-before)
	}
	return nil
}

// attack runs the tool: one process sends, another reads what happened to each request and sums up.
func (m *measurement) attack(ctx context.Context, length time.Duration, targets []target) (seen report, err error) {
	file := filepath.Join(m.Dir, "targets.json")
	var list bytes.Buffer
	lines := json.NewEncoder(&list)
	for _, t := range targets {
		if err := lines.Encode(t); err != nil {
			return report{}, err
		}
	}
	if err := os.WriteFile(file, list.Bytes(), 0o600); err != nil {
		return report{}, err
	}
	var out, complaints bytes.Buffer
	send := exec.CommandContext(ctx, m.vegeta, "attack", "-format=json", "-targets="+file, "-rate="+strconv.Itoa(m.rate), //nolint:gosec // the tool
		"-duration="+length.String(), "-redirects=-1", "-timeout=10s", "-max-body=0")
	sum := exec.CommandContext(ctx, m.vegeta, "report", "-type=json") //nolint:gosec // the tool
	send.Stderr, sum.Stderr, sum.Stdout = &complaints, &complaints, &out
	if sum.Stdin, err = send.StdoutPipe(); err != nil {
		return report{}, err
	}
	if err := sum.Start(); err != nil {
		return report{}, err
	}
	if err := errors.Join(send.Run(), sum.Wait()); err != nil {
		return report{}, fmt.Errorf("vegeta: %w\n%s", err, complaints.Bytes())
	}
	return seen, json.Unmarshal(out.Bytes(), &seen)
}

// report is what the tool sums up; durations are in nanoseconds.
type report struct {
	Latencies struct {
		Mean time.Duration `json:"mean"`
		P50  time.Duration `json:"50th"`
		P95  time.Duration `json:"95th"`
		P99  time.Duration `json:"99th"`
		Max  time.Duration `json:"max"`
	} `json:"latencies"`
	Requests    int            `json:"requests"`
	Rate        float64        `json:"rate"` // requests sent in a second
	StatusCodes map[string]int `json:"status_codes"`
	Errors      []string       `json:"errors"`
}

func (r report) failures() int { return r.Requests - r.StatusCodes["200"] }

func (r report) fault(rate int, duration time.Duration) error {
	wanted := float64(rate) * duration.Seconds()
	switch {
	case r.failures() > 0:
		return fmt.Errorf("%d of %d answers were not 200: %v %.3q", r.failures(), r.Requests, r.StatusCodes, r.Errors)
	case float64(r.Requests) < 0.99*wanted || r.Rate < 0.99*float64(rate):
		return fmt.Errorf("%d requests at %.0f/s were sent, %.0f at %d/s were asked for: the generator did not keep up", r.Requests, r.Rate, wanted, rate)
	}
	return nil
}

// loadAverage tells how busy the machine was already: figures of a machine that others use mean nothing.
func loadAverage() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if one, _, ok := bytes.Cut(raw, []byte(" ")); ok && err == nil {
		return string(one)
	}
	return "unknown"
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yanzheng/scripts/stand"
)

type bench struct {
	codes  int
	length time.Duration
	rounds int

	stand *stand.Stand
	gin   string // its address
	lua   string // what wrk sends
}

// The server has one core, everything else the other.
var (
	onServerCore = []string{"taskset", "-c", "0"}
	onOtherCore  = []string{"taskset", "-c", "1"}
)

func (b *bench) run(ctx context.Context) (err error) {
	if b.stand, err = stand.New(ctx); b.stand != nil {
		defer b.stand.Close()
	}
	if err != nil {
		return err
	}
	codes, err := b.stand.IssueCodes(ctx, b.codes)
	if err != nil {
		return err
	}
	if err := b.writeLua(codes); err != nil {
		return err
	}
	b.stand.Env = append(b.stand.Env, stand.Unlimited()...)
	if _, err := b.stand.Start(ctx, onServerCore...); err != nil {
		return err
	}
	stop, err := b.startGin(ctx)
	if err != nil {
		return err
	}
	defer stop()
	server := strings.TrimPrefix(b.stand.URL, "http://")
	targets := []struct{ name, address, method string }{
		{"bare gin, POST", b.gin, "POST"},
		{"full scan, POST /api/v1/scans", server, "POST"},
		{"bare gin, GET", b.gin, "GET"},
		{"public answer, GET /v/ as JSON", server, "GET"},
	}
	if _, err := b.load(ctx, server, "POST", 3*time.Second); err != nil { // every code seen once
		return err
	}
	rates := make([][]float64, len(targets))
	for range b.rounds {
		for i, t := range targets {
			rate, err := b.load(ctx, t.address, t.method, b.length)
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			rates[i] = append(rates[i], rate)
		}
	}
	fmt.Printf("%d distinct codes, medians of %d × %s, server on one core\n", b.codes, b.rounds, b.length)
	floor := 0.0
	for i, t := range targets {
		slices.Sort(rates[i])
		rate := rates[i][len(rates[i])/2]
		if i%2 == 0 {
			floor = rate
		}
		fmt.Printf("%-34s %9.0f requests/s   ÷ bare gin %.3f\n", t.name, rate, rate/floor)
	}
	return nil
}

// writeLua writes wrk's script: each request takes the next code, and an answer that is not 200 counts.
func (b *bench) writeLua(codes []string) error {
	list := filepath.Join(b.stand.Dir, "codes.txt")
	if err := os.WriteFile(list, []byte(strings.Join(codes, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	b.lua = filepath.Join(b.stand.Dir, "scan.lua")
	return os.WriteFile(b.lua, fmt.Appendf(nil, `
local requests, n = {}, 0
function init(args)
  local method, token = args[1], args[2]
  for code in io.lines(%q) do
    if method == "GET" then
      requests[#requests + 1] = wrk.format("GET", string.match(code, "(/v/%%d+)$"), {["Accept"] = "application/json"})
    else
      requests[#requests + 1] = wrk.format("POST", "/api/v1/scans",
        {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token}, '{"code":"' .. code .. '"}')
    end
  end
end
function request()
  n = n %% #requests + 1
  return requests[n]
end
function done(summary)
  io.write("errors: ", summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout, "\n")
end
`, list), 0o600)
}

func (b *bench) startGin(ctx context.Context) (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	port, err := stand.FreePort(ctx)
	if err != nil {
		return nil, err
	}
	b.gin = "127.0.0.1:" + strconv.Itoa(port)
	c := exec.CommandContext(ctx, onServerCore[0], append(onServerCore[1:], self, "-bare-gin", b.gin)...) //nolint:gosec // ourselves
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		return nil, err
	}
	time.Sleep(300 * time.Millisecond)
	return func() {
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait()
	}, nil
}

var (
	rateLine  = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	errorLine = regexp.MustCompile(`errors: ([0-9]+)`)
)

// load runs wrk for a while and gives requests per second; any answer that is not 200 is an error.
func (b *bench) load(ctx context.Context, address, method string, length time.Duration) (float64, error) {
	args := append(slices.Clone(onOtherCore[1:]), "wrk", "-t1", "-c64", "-d"+strconv.Itoa(int(length.Seconds()))+"s",
		"-s", b.lua, "http://"+address, "--", method, b.stand.Token())
	out, err := exec.CommandContext(ctx, onOtherCore[0], args...).CombinedOutput() //nolint:gosec // wrk
	if err != nil {
		return 0, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	errs, rate := errorLine.FindSubmatch(out), rateLine.FindSubmatch(out)
	if errs == nil || rate == nil {
		return 0, fmt.Errorf("wrk said\n%s", out)
	}
	if string(errs[1]) != "0" {
		return 0, fmt.Errorf("%s answers were errors\n%s", errs[1], out)
	}
	return strconv.ParseFloat(string(rate[1]), 64)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/spf13/cobra"
)

// healthTimeout is how long a server may take to say that it is ready.
const healthTimeout = 2 * time.Second

// healthCommand is the health check of a container whose image has no shell.
func (p *program) healthCommand() *cobra.Command {
	return &cobra.Command{
		Use: "health", Short: "ask the server on this machine whether it is ready", Args: noArgs,
		Long: "Asks /readyz of the configured listener, for two seconds at most.\nExit status: 0 when it is ready, else 1.",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := p.askReady(c.Context()); err != nil {
				// The text alone: with a wrong configuration the status would be 2, which health checks reserve.
				return errors.New("not ready: " + err.Error())
			}
			return p.tell(map[string]bool{"ready": true}, "ready\n")
		},
	}
}

func (p *program) askReady(ctx context.Context) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens on every address, so on this one
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := (&http.Transport{}).RoundTrip(r) // past any proxy of the environment
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", answer.Status)
	}
	return nil
}

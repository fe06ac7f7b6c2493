package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"yanzheng/internal/scanlog"
	"yanzheng/models"
)

const (
	scansPatience = 30 * time.Second // for a command about the scan log; each call of Redis has consumerTimeout
	mostLetters   = 1000             // dead letters that are listed
)

func (p *program) scansCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "scans", Short: "the scan log: lag, refused (entries that were set aside), recall", Args: noArgs, RunE: p.scansLag,
		Long: "Scans wait in Redis until they are in the database. An entry that cannot become a row is set aside, kept for\n" +
			"scan.retention_days, and brought back by recall once the cause is gone.",
	}
	c.AddCommand(
		&cobra.Command{Use: "lag", Short: "how many scans wait, and for how long (the default)", Args: noArgs, RunE: p.scansLag},
		&cobra.Command{
			Use: "refused", Short: "list the entries that were set aside, the oldest first", Args: noArgs, RunE: p.scansRefused,
			Long: fmt.Sprintf("Tells when and why, not what the scan was. Lists %d at most.\n", mostLetters) +
				"unreadable: written by another version; refused: the database would not have the row.",
		},
		&cobra.Command{
			Use: "recall", Short: "put everything that was set aside back into the stream", Args: noArgs, RunE: p.scansRecall,
			Long: "For when the cause is gone: a schema brought up to date, a program that reads newer records. What fails again is\n" +
				"set aside again. To run it twice does no harm: each scan is kept once.",
		},
	)
	return c
}

// withScans opens the scan log alone: the database is not asked, and may be away.
func (p *program) withScans(ctx context.Context, f func(ctx context.Context, log *scanlog.Log) error) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	o := scanlog.Options{Now: time.Now}
	if !c.Embedded { // where scans go straight into the database, none waits
		consumer := redis.NewUniversalClient(redisOf(c.Redis, nil).Steady())
		defer consumer.Close() //nolint:errcheck // the process ends
		o.Consumer = consumer
	}
	ctx, cancel := context.WithTimeout(ctx, scansPatience)
	defer cancel()
	err = f(ctx, scanlog.New(o))
	var own *models.Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	away := errRedisAway.Because(err)
	settings := redisSettings(err)
	away.Message = models.Text{ZH: away.Message.ZH + settings, EN: away.Message.EN + settings}
	return away
}

var errRedisAway = models.NewError(models.KindUnavailable, "redis_away", "Redis 没有应答，请检查：", "Redis does not answer: check ")

func (p *program) scansLag(c *cobra.Command, _ []string) error {
	return p.withScans(c.Context(), func(ctx context.Context, log *scanlog.Log) error {
		s, err := log.State(ctx)
		if err != nil {
			return err
		}
		return p.tell(map[string]any{"waiting": s.Waiting, "oldest_seconds": s.Oldest.Seconds(), "set_aside": s.Refused, "consumers": s.Consumers},
			"waiting: %d, the oldest for %.1f s\nset aside: %d\nconsumers: %d\n", s.Waiting, s.Oldest.Seconds(), s.Refused, s.Consumers)
	})
}

// letter is a dead letter as --json tells it.
type letter struct {
	ID     string `json:"id"`
	Entry  string `json:"entry"`
	At     string `json:"at"`
	Reason string `json:"reason"`
}

func (p *program) scansRefused(c *cobra.Command, _ []string) error {
	return p.withScans(c.Context(), func(ctx context.Context, log *scanlog.Log) error {
		found, err := log.Letters(ctx, mostLetters)
		if err != nil {
			return err
		}
		letters := []letter{}
		for _, l := range found {
			letters = append(letters, letter{l.ID, l.Entry, l.At.In(models.China).Format(time.RFC3339), l.Reason})
		}
		if p.json {
			return p.tell(letters, "")
		}
		for _, l := range letters {
			if err := p.tell(nil, "%s  %s  %s\n", l.At, l.Entry, l.Reason); err != nil {
				return err
			}
		}
		return p.tell(nil, "%d set aside\n", len(letters))
	})
}

func (p *program) scansRecall(c *cobra.Command, _ []string) error {
	return p.withScans(c.Context(), func(ctx context.Context, log *scanlog.Log) error {
		n, err := log.Recall(ctx)
		if err != nil {
			fmt.Fprintf(p.stderr, "%d were put back before it stopped; run it again for the rest\n", n)
			return err
		}
		return p.tell(map[string]int64{"recalled": n}, "%d put back into the stream\n", n)
	})
}

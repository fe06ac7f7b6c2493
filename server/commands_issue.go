package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"yanzheng/internal/code"
	"yanzheng/internal/endorse"
	"yanzheng/models"
)

func (p *program) issueCommand() *cobra.Command {
	var category, file string
	c := &cobra.Command{
		Use: "issue-code CERTIFICATE_NUMBER", Short: "confirm the use limit and print the new certificate's code",
		Args: func(c *cobra.Command, args []string) error {
			if file != "" {
				return exactly(0)(c, args)
			}
			return exactly(1)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			var cat models.Category
			if category != "" {
				var err error
				if cat, err = models.ParseCategory(category); err != nil {
					return err
				}
			}
			numbers, err := p.numbers(file, args)
			if err != nil {
				return err
			}
			issue := func(ctx context.Context, parts *parts) error { return p.issue(ctx, parts, cat, numbers) }
			if len(numbers) > 1 { // a list takes as long as it takes
				return knownOrNot(p.with(c.Context(), issue), againIssues)
			}
			return p.deciding(c.Context(), againIssues, issue)
		},
	}
	c.Flags().StringVar(&category, "category", "", "category (code or Chinese name), where the number stands in several")
	c.Flags().StringVar(&file, "from-file", "", "a `file` with one certificate number a line, instead of the argument")
	return c
}

// numbers gives the certificate numbers of a command line: its argument, or the lines of a file.
func (p *program) numbers(file string, args []string) ([]string, error) {
	if file == "" {
		return args, nil
	}
	raw, err := os.ReadFile(file) //nolint:gosec // the file that the user named
	return strings.Fields(string(raw)), err
}

// issue makes a certificate for each number. What cannot be issued is told, and the rest goes on.
func (p *program) issue(ctx context.Context, parts *parts, category models.Category, numbers []string) error {
	codes, err := parts.codes(ctx)
	if err != nil {
		return err
	}
	service := parts.endorse(codes, parts.now)
	refused := false
	for some := range slices.Chunk(numbers, endorse.MaxAtOnce) {
		all, err := service.EndorseAll(ctx, category, some, p.actor)
		if err != nil {
			return err
		}
		for i, issued := range all {
			var own *models.Error
			switch {
			case issued.Err == nil:
			case len(numbers) > 1 && errors.As(issued.Err, &own) && own.Kind != models.KindUnavailable && own.Kind != models.KindInternal:
				refused = true
				fmt.Fprintf(p.stderr, "%s  %s  %s\n", some[i], own.Code, own.Message.ZH)
				continue
			default:
				return issued.Err
			}
			err = p.tell(map[string]string{
				"code": issued.Code, "certificate_id": issued.Certificate.ID.String(),
				"use_from": issued.Certificate.UseFrom.String(), "use_until": issued.Certificate.UseUntil.String(),
			}, "%s\n", issued.Code)
			if err != nil {
				return err
			}
		}
	}
	if refused {
		return partialError{}
	}
	return nil
}

func (p *program) keysCommand() *cobra.Command {
	c := &cobra.Command{Use: "keys", Short: "the keys that sign the codes: list, add (rotation), revoke (leaked); and those for seals", Args: noArgs, RunE: p.keysList}
	var from string
	add := &cobra.Command{
		Use: "add", Short: "make a new signing key", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			day, err := dayOr(from, models.DateOf(time.Now()))
			if err != nil {
				return err
			}
			dir, err := p.keyDir()
			if err != nil {
				return err
			}
			k, err := code.Add(dir, day)
			if err != nil {
				return err
			}
			return p.tell(map[string]any{"number": k.Number, "not_before": k.NotBefore.String(), "not_after": k.NotAfter.String()},
				"key %d signs from %s to %s\n", k.Number, k.NotBefore, k.NotAfter)
		},
	}
	add.Flags().StringVar(&from, "from", "", "first `day` on which it signs (default today)")
	var number uint8
	revoke := &cobra.Command{
		Use: "revoke", Short: "declare a key leaked: everything it signed is withdrawn", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !c.Flags().Changed("number") {
				return usageError{errors.New("which key? --number is required")}
			}
			dir, err := p.keyDir()
			if err != nil {
				return err
			}
			if err := code.Revoke(dir, number, time.Now()); err != nil {
				return err
			}
			return p.tell(map[string]any{"number": number, "revoked": true}, "key %d is revoked\n", number)
		},
	}
	revoke.Flags().Uint8Var(&number, "number", 0, "the key's `number`")
	c.AddCommand(p.sealsCommand(), add, revoke, &cobra.Command{Use: "list", Short: "list the keys", Args: noArgs, RunE: p.keysList})
	return c
}

// keyDir finds the key ring without opening anything else, so that keys can be made before the first start.
func (p *program) keyDir() (string, error) {
	c, err := p.config()
	if err != nil {
		return "", err
	}
	if !c.Embedded {
		return c.Keys.CodeDir, nil
	}
	h, err := openHome(c.DataDir, models.DateOf(time.Now()))
	if err != nil {
		return "", err
	}
	return h.codeDir, nil
}

func (p *program) keysList(*cobra.Command, []string) error {
	dir, err := p.keyDir()
	if err != nil {
		return err
	}
	ring, err := loadRing(dir)
	if err != nil {
		return err
	}
	c, err := p.config()
	if err != nil {
		return err
	}
	if p.json {
		return p.tell(code.NewReader(c.Prefix(), ring).Publish(), "")
	}
	today := models.DateOf(time.Now())
	for _, k := range ring.Keys() {
		state := "verifies"
		switch {
		case k.Revoked():
			state = "revoked"
		case k.CanSign(today):
			state = "signs and verifies"
		}
		if err := p.tell(nil, "%2d  %s  %s … %s  %s\n", k.Number, k.Algorithm, k.NotBefore, k.NotAfter, state); err != nil {
			return err
		}
	}
	return nil
}

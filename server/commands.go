package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/user"

	"github.com/spf13/cobra"

	"yanzheng/config"
	"yanzheng/internal/register"
	"yanzheng/models"
)

// program is one run of the command line.
type program struct {
	environ        []string
	stdout, stderr io.Writer

	configFile string
	json       bool
	other      func(*server) otherHalf // nil: nobody can be a holder
	actor      string                  // who acts, for the history
}

// commands is the tree of sub-commands; without one, the program serves.
func (p *program) commands() *cobra.Command {
	root := &cobra.Command{
		Use:   "server",
		Short: "验证: is this certificate genuine, and is this person registered today?",
		Long: "Without a sub-command: serve. Without any configuration: embedded mode on 127.0.0.1:8080,\n" +
			"with SQLite and generated keys in ./data, an in-process Redis, a WeChat sandbox and demo data.",
		Args: noArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(c *cobra.Command, _ []string) error { return p.serve(c.Context()) },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if p.actor == "" || len(p.actor) > maxActor {
				return usageError{fmt.Errorf("--actor takes 1 to %d bytes", maxActor)}
			}
			return nil
		},
	}
	root.PersistentFlags().StringVar(&p.configFile, "config", "", "configuration `file` (YAML); the environment variable "+config.FileVariable+" names one too")
	root.PersistentFlags().StringVar(&p.actor, "actor", account(), "who acts: kept in the history of what is changed")
	root.PersistentFlags().BoolVar(&p.json, "json", false, "answer in JSON, for machines")
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(
		&cobra.Command{
			Use: "serve", Short: "serve (the default)", Args: noArgs,
			RunE: func(c *cobra.Command, _ []string) error { return p.serve(c.Context()) },
		},
		p.migrateCommand(), p.importCommand(), p.issueCommand(), p.changeCommand(),
		p.moveCommand("suspend", "暂停: suspend a registration", models.StateSuspended),
		p.moveCommand("restore", "恢复: restore a registration to force", models.StateInForce),
		p.moveCommand("cancel", "注销: cancel a registration", models.StateCancelled),
		p.moveCommand("withdraw", "撤销: withdraw a registration", models.StateWithdrawn),
		p.moveCommand("revoke", "吊销: revoke a registration", models.StateRevoked),
		p.blockCommand(), p.unblockCommand(), p.grantCommand(), p.keysCommand(), p.healthCommand(),
		&cobra.Command{
			Use: "version", Short: "print the version", Args: noArgs,
			RunE: func(*cobra.Command, []string) error {
				return p.tell(map[string]string{"version": version}, "yanzheng %s\n", version)
			},
		},
	)
	return root
}

// maxActor bounds what the history keeps of who acted.
const maxActor = 64

// tell prints a result: v in JSON, or the text for people.
func (p *program) tell(v any, format string, args ...any) error {
	if p.json {
		return json.NewEncoder(p.stdout).Encode(v)
	}
	_, err := fmt.Fprintf(p.stdout, format, args...)
	return err
}

// usageError is a wrong command line.
type usageError struct{ error }

// partialError says that a command did what it could, and told what it could not.
type partialError struct{}

func (partialError) Error() string { return "some rows were not taken" }

// status reports an error and gives the exit status that goes with it.
func (p *program) status(err error) int {
	var own *models.Error
	var wrong *config.Error
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &partialError{}):
		return exitPartial
	case errors.As(err, &wrong):
		fmt.Fprintln(p.stderr, wrong)
		return exitUsage
	case errors.As(err, &usage):
		fmt.Fprintf(p.stderr, "%v\nserver -h tells how it is used\n", usage)
		return exitUsage
	case errors.As(err, &own):
		p.tellError(own)
		return exitFailed
	}
	if p.json {
		p.tellError(models.ErrInternal.Because(err))
	}
	fmt.Fprintln(p.stderr, err)
	return exitFailed
}

// tellError reports an error of the domain, to an operator, who may see its cause.
func (p *program) tellError(e *models.Error) {
	if p.json {
		_ = json.NewEncoder(p.stderr).Encode(map[string]string{"code": e.Code, "field": e.Field, "title": e.Message.ZH, "title_en": e.Message.EN})
		return
	}
	fmt.Fprintf(p.stderr, "%s\n%s\n", e.Message.ZH, e.Message.EN)
	if e.Field != "" {
		fmt.Fprintf(p.stderr, "(%s)\n", e.Field)
	}
	if cause := errors.Unwrap(e); cause != nil {
		fmt.Fprintf(p.stderr, "(%s: %v)\n", e.Code, cause)
	}
}

// config reads the configuration.
func (p *program) config() (config.Config, error) {
	file := p.configFile
	if file == "" {
		for _, e := range p.environ {
			if len(e) > len(config.FileVariable) && e[:len(config.FileVariable)+1] == config.FileVariable+"=" {
				file = e[len(config.FileVariable)+1:]
			}
		}
	}
	return config.Load(file, p.environ)
}

// logger writes what this process tells about itself to standard error.
func (p *program) logger(c config.Log) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.Level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(p.stderr, o))
	}
	return slog.New(slog.NewTextHandler(p.stderr, o))
}

// account names the account that runs a sub-command.
func account() string {
	if u, err := user.Current(); err == nil {
		return "cli:" + u.Username
	}
	return "cli"
}

// decisionFlags are what every decision about a registration needs.
type decisionFlags struct {
	category string
	reason   string
}

func (d *decisionFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&d.category, "category", "", "category (code or Chinese name), where the number stands in several")
	c.Flags().StringVar(&d.reason, "reason", "", "why: kept in the history (required)")
}

func (d *decisionFlags) decision(number, actor string) (register.Decision, error) {
	out := register.Decision{CertificateNumber: number, Reason: d.reason, Actor: actor}
	var err error
	if d.category != "" {
		out.Category, err = models.ParseCategory(d.category)
	}
	return out, err
}

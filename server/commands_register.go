package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"yanzheng/internal/register"
	"yanzheng/internal/store"
	"yanzheng/models"
)

// with opens the parts for one sub-command.
func (p *program) with(ctx context.Context, f func(ctx context.Context, parts *parts) error) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	opened, err := open(ctx, c, p.logger(c.Log), nil)
	if err != nil {
		return err
	}
	defer opened.close()
	return f(ctx, opened)
}

// The patience of commands that change one thing: in all, and for each answer of the database. Only a commit is not
// ended by the first, so it has the second.
const (
	decisionPatience = 10 * time.Second
	answerPatience   = 5 * time.Second
)

// deciding is with for a command that changes one thing. It ends within seconds, and says whether the change was
// committed; again tells what it does to run the command once more where that is not known.
func (p *program) deciding(ctx context.Context, again models.Text, f func(ctx context.Context, parts *parts) error) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	c.Database.ReadTimeout = min(c.Database.ReadTimeout, answerPatience)
	c.Database.WriteTimeout = min(c.Database.WriteTimeout, answerPatience)
	ctx, cancel := context.WithTimeout(ctx, decisionPatience)
	defer cancel()
	opened, err := open(ctx, c, p.logger(c.Log), nil)
	if err != nil {
		return err
	}
	defer opened.close()
	err = knownOrNot(f(ctx, opened), again)
	if errors.Is(err, models.ErrUnavailable) && !errors.Is(err, errOutcomeUnknown) {
		return errNotCommitted.Because(err)
	}
	return err
}

// knownOrNot says so where nobody knows whether a change was committed, and what it does to run the command again.
func knownOrNot(err error, again models.Text) error {
	if !errors.Is(err, store.ErrOutcomeUnknown) {
		return err
	}
	unknown := errOutcomeUnknown.Because(err)
	unknown.Message = models.Text{ZH: unknown.Message.ZH + again.ZH, EN: unknown.Message.EN + again.EN}
	return unknown
}

// What it does to run a command again of which nobody knows whether it was committed.
var (
	againChangesNothing = models.Text{
		ZH: "若已提交，会答 state_conflict 或 nothing_to_change，不会重复生效。",
		EN: "If it was, the answer is state_conflict or nothing_to_change, and nothing happens twice.",
	}
	againIsSafe = models.Text{ZH: "重复运行不会重复生效。", EN: "Nothing happens twice."}
	againIssues = models.Text{
		ZH: "会再签发一张证书；若前一张已提交，其二维码无人见过，也不影响使用。",
		EN: "That issues another certificate; if the first was committed, nobody has seen its code, and it does no harm.",
	}
)

// The answers of commands that a database left without one.
var (
	errOutcomeUnknown = models.NewError(models.KindUnavailable, "outcome_unknown",
		"数据库没有确认，不知道更改是否已提交。请再次运行同一命令：", "The database did not confirm: it is not known whether the change was committed. Run the same command again. ")
	errNotCommitted = models.NewError(models.KindUnavailable, "not_committed",
		"数据库没有应答，更改没有提交。请稍后再次运行同一命令", "The database does not answer, and nothing was committed: run the same command again later")
)

// exactly wants n arguments and names what they are.
func exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(n)(c, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// noArgs wants none; an argument may be a mistyped sub-command.
func noArgs(c *cobra.Command, args []string) error {
	if err := cobra.NoArgs(c, args); err != nil {
		return usageError{err}
	}
	return nil
}

func (p *program) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "bring the database schema to this version", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			steps, err := p.migrate(c.Context())
			if err != nil {
				return err
			}
			return p.tell(map[string]int{"steps": steps}, "%s\n", migrated(steps))
		},
	}
}

// migrated says in words what migrate did.
func migrated(steps int) string {
	switch steps {
	case 0:
		return "the schema was up to date already: nothing to do"
	case 1:
		return "the schema is up to date: 1 migration was applied"
	}
	return fmt.Sprintf("the schema is up to date: %d migrations were applied", steps)
}

func (p *program) migrate(ctx context.Context) (int, error) {
	c, err := p.config()
	if err != nil {
		return 0, err
	}
	if c.Embedded { // opening migrates
		return 0, p.with(ctx, func(context.Context, *parts) error { return nil })
	}
	opening, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	s, err := store.Open(opening, storeOptions(c, p.logger(c.Log)))
	if err != nil {
		return 0, away(err)
	}
	defer s.Close() //nolint:errcheck // the process ends
	return s.Migrate(ctx)
}

func (p *program) moveCommand(name, short string, next models.State) *cobra.Command {
	var d decisionFlags
	c := &cobra.Command{
		Use: name + " CERTIFICATE_NUMBER", Short: short, Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.decide(c.Context(), &d, args[0], func(ctx context.Context, s *register.Service, d register.Decision) (register.Outcome, error) {
				return s.Move(ctx, d, next)
			})
		},
	}
	d.add(c)
	return c
}

// changeable are the fields that the change command takes, as flags of the same name.
var changeable = []models.Field{
	models.FieldName, models.FieldSex, models.FieldBirthDate, models.FieldIDType, models.FieldIDNumber, models.FieldSealNumber, models.FieldEmployer,
	models.FieldEmployerCode, models.FieldSpecialty, models.FieldValidFrom, models.FieldValidUntil,
}

func (p *program) changeCommand() *cobra.Command {
	var d decisionFlags
	c := &cobra.Command{
		Use: "change CERTIFICATE_NUMBER", Short: "变更注册: change registration information", Args: exactly(1),
		Example: "  server change 121500249 --employer 示例设计院 --employer-code 91999999MA0000001X --reason 变更注册",
	}
	values := map[models.Field]*string{}
	for _, f := range changeable {
		values[f] = c.Flags().String(strings.ReplaceAll(string(f), "_", "-"), "", f.Label().ZH+" "+f.Label().EN)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		fields := map[models.Field]string{}
		for f, v := range values {
			if c.Flags().Changed(strings.ReplaceAll(string(f), "_", "-")) {
				fields[f] = *v
			}
		}
		return p.decide(c.Context(), &d, args[0], func(ctx context.Context, s *register.Service, d register.Decision) (register.Outcome, error) {
			return s.Change(ctx, d, fields)
		})
	}
	d.add(c)
	return c
}

func (p *program) blockCommand() *cobra.Command {
	var d decisionFlags
	var from, until string
	c := &cobra.Command{
		Use: "block CERTIFICATE_NUMBER", Short: "处罚期: bar a registration while a penalty runs", Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			var days [2]models.Date
			for i, s := range []string{from, until} {
				var err error
				if s != "" {
					if days[i], err = models.ParseDate(s); err != nil {
						return err
					}
				}
			}
			return p.decide(c.Context(), &d, args[0], func(ctx context.Context, s *register.Service, d register.Decision) (register.Outcome, error) {
				return s.Block(ctx, d, models.BlockPenalty, days[0], days[1])
			})
		},
	}
	c.Flags().StringVar(&from, "from", "", "first `day`, 2006-01-02 (default today)")
	c.Flags().StringVar(&until, "until", "", "last `day` (default: until unblocked)")
	d.add(c)
	return c
}

func (p *program) unblockCommand() *cobra.Command {
	var d decisionFlags
	c := &cobra.Command{
		Use: "unblock CERTIFICATE_NUMBER", Short: "lift a penalty's bar", Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.decide(c.Context(), &d, args[0], func(ctx context.Context, s *register.Service, d register.Decision) (register.Outcome, error) {
				return s.Unblock(ctx, d, models.BlockPenalty)
			})
		},
	}
	d.add(c)
	return c
}

// decided is what a decision's command answers.
type decided struct {
	CertificateNumber string                    `json:"certificate_number"`
	Category          models.Category           `json:"category"`
	Status            models.RegistrationStatus `json:"status"`
	Blocks            []models.BlockKind        `json:"blocks"`
	Version           int64                     `json:"version"`
	Propagated        any                       `json:"propagated"` // true or "pending"
}

// decide carries out one decision and tells what came of it.
func (p *program) decide(ctx context.Context, flags *decisionFlags, number string,
	f func(ctx context.Context, s *register.Service, d register.Decision) (register.Outcome, error),
) error {
	d, err := flags.decision(number, p.actor)
	if err != nil {
		return err
	}
	return p.deciding(ctx, againChangesNothing, func(ctx context.Context, parts *parts) error {
		out, err := f(ctx, parts.register(), d)
		if err != nil {
			return err
		}
		finding := models.DecideRegistration(models.RegistrationFacts(&out.Registration), models.DateOf(parts.now()))
		blocks := finding.Blocks
		if blocks == nil {
			blocks = []models.BlockKind{}
		}
		result := decided{
			CertificateNumber: out.Registration.CertificateNumber, Category: out.Registration.Category,
			Status: finding.Status, Blocks: blocks, Version: out.Registration.Version, Propagated: propagated(out.Propagated),
		}
		return p.tell(result, "%s  %s (%s)\npropagated: %v\n", result.CertificateNumber, finding.Message().ZH, finding.Message().EN, result.Propagated)
	})
}

// propagated writes the contract's words: true, or "pending" while the relay has it to do.
func propagated(done bool) any {
	if done {
		return true
	}
	return "pending"
}

func (p *program) grantCommand() *cobra.Command {
	var remove bool
	c := &cobra.Command{
		Use: "grant USER ROLE", Short: "give a user a role: inspector, employer, registrar", Args: exactly(2),
		RunE: func(c *cobra.Command, args []string) error {
			role, err := models.ParseRole(args[1])
			if err != nil {
				return err
			}
			return p.deciding(c.Context(), againIsSafe, func(ctx context.Context, parts *parts) error {
				changed, done, err := parts.roles().SetRole(ctx, args[0], role, !remove, p.actor)
				if err != nil {
					return err
				}
				return p.tell(map[string]any{"user": args[0], "role": role, "has": !remove, "changed": changed, "propagated": propagated(done)},
					"%s: %s %v (changed: %v, propagated: %v)\n", args[0], role, !remove, changed, propagated(done))
			})
		},
	}
	c.Flags().BoolVar(&remove, "remove", false, "take the role away")
	return c
}

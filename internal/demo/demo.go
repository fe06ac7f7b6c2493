package demo

import (
	"context"
	"fmt"
	"strings"

	"yanzheng/internal/endorse"
	"yanzheng/internal/register"
	"yanzheng/models"
)

// Code is one demo code and what it is made to answer. Registration is empty for documents without one.
type Code struct {
	Code         string                    `json:"code"`
	Document     models.DocumentStatus     `json:"document"`
	Registration models.RegistrationStatus `json:"registration,omitempty"`
	Note         models.Text               `json:"note"`
}

// Endorser makes certificates and withdraws them.
type Endorser interface {
	Endorse(ctx context.Context, category models.Category, number, actor string) (endorse.Issued, error)
	Withdraw(ctx context.Context, id models.CertificateID, reason, actor string) (bool, error)
}

// Stage is the use cases that the demo plays on. Past is Endorse as it was 200 days ago.
type Stage struct {
	Register *register.Service
	Endorse  Endorser
	Past     Endorser
	Stray    func(c *models.Certificate) (string, error) // signs the code of a certificate without a record
	Maker    *Maker
	Today    models.Date

	// Holder is, after Play, the registration of the first code, which is in force.
	Holder models.Registration
}

const (
	actor  = "demo"
	reason = "演示数据"
)

// scene is one answer: how its registration begins, and what happens to it after it was endorsed.
type scene struct {
	note         models.Text
	document     models.DocumentStatus
	registration models.RegistrationStatus
	begin        func(s *Stage, r *models.Registration)
	past         bool // endorsed 200 days ago
	then         func(ctx context.Context, s *Stage, d register.Decision, i endorse.Issued) error
}

func move(next models.State) func(context.Context, *Stage, register.Decision, endorse.Issued) error {
	return func(ctx context.Context, s *Stage, d register.Decision, _ endorse.Issued) error {
		_, err := s.Register.Move(ctx, d, next)
		return err
	}
}

func change(f models.Field, value func(s *Stage) string) func(context.Context, *Stage, register.Decision, endorse.Issued) error {
	return func(ctx context.Context, s *Stage, d register.Decision, _ endorse.Issued) error {
		_, err := s.Register.Change(ctx, d, map[models.Field]string{f: value(s)})
		return err
	}
}

var scenes = []scene{
	{note: models.Text{ZH: "有效", EN: "valid"}, document: models.DocumentValid, registration: models.RegistrationInForce},
	{note: models.Text{ZH: "注册被暂停", EN: "suspended"}, document: models.DocumentValid, registration: models.RegistrationSuspended, then: move(models.StateSuspended)},
	{note: models.Text{ZH: "注册已注销", EN: "cancelled"}, document: models.DocumentValid, registration: models.RegistrationCancelled, then: move(models.StateCancelled)},
	{note: models.Text{ZH: "注册被撤销", EN: "registration withdrawn"}, document: models.DocumentValid, registration: models.RegistrationWithdrawn, then: move(models.StateWithdrawn)},
	{note: models.Text{ZH: "注册被吊销", EN: "revoked"}, document: models.DocumentValid, registration: models.RegistrationRevoked, then: move(models.StateRevoked)},
	{
		note: models.Text{ZH: "处罚期内", EN: "under a penalty"}, document: models.DocumentValid, registration: models.RegistrationInForce,
		then: func(ctx context.Context, s *Stage, d register.Decision, _ endorse.Issued) error {
			_, err := s.Register.Block(ctx, d, models.BlockPenalty, s.Today, 0)
			return err
		},
	},
	{
		note: models.Text{ZH: "聘用单位已变更", EN: "employer changed"}, document: models.DocumentOutdated, registration: models.RegistrationInForce,
		then: change(models.FieldEmployer, func(*Stage) string { return "演示中建筑设计有限公司" }),
	},
	{
		note: models.Text{ZH: "注册尚未生效", EN: "begins later"}, document: models.DocumentOutdated, registration: models.RegistrationNotYet,
		then: change(models.FieldValidFrom, func(s *Stage) string { return s.Today.AddDays(100).String() }),
	},
	{note: models.Text{ZH: "超出使用时限", EN: "use limit passed"}, document: models.DocumentExpired, registration: models.RegistrationInForce, past: true, begin: longAgo},
	{
		note: models.Text{ZH: "注册已过期", EN: "registration expired"}, document: models.DocumentExpired, registration: models.RegistrationExpired, past: true,
		begin: func(s *Stage, r *models.Registration) {
			longAgo(s, r)
			r.ValidUntil = s.Today.AddDays(-30)
		},
	},
	{
		note: models.Text{ZH: "持证人已收回", EN: "withdrawn by its holder"}, document: models.DocumentWithdrawn, registration: models.RegistrationInForce,
		then: func(ctx context.Context, s *Stage, _ register.Decision, i endorse.Issued) error {
			_, err := s.Endorse.Withdraw(ctx, i.Certificate.ID, reason, actor)
			return err
		},
	},
}

func longAgo(s *Stage, r *models.Registration) { r.ValidFrom = s.Today.AddDays(-400) }

// Play makes one code for every scene, and those that need no registration.
func Play(ctx context.Context, s *Stage) ([]Code, error) {
	var codes []Code
	for _, sc := range scenes {
		code, err := s.play(ctx, sc)
		if err != nil {
			return nil, fmt.Errorf("demo: %s: %w", sc.note.EN, err)
		}
		codes = append(codes, Code{code, sc.document, sc.registration, sc.note})
	}
	stray, err := s.Stray(&models.Certificate{
		ID: models.CertificateID{1, 2, 3}, Kind: models.KindRegistrationCertificate, UseUntil: s.Today.AddDays(180),
	})
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	return append(codes,
		Code{forge(codes[0].Code), models.DocumentForged, "", models.Text{ZH: "伪造（改动一位数字）", EN: "forged: one digit changed"}},
		Code{stray, models.DocumentUnknown, "", models.Text{ZH: "没有签发记录", EN: "no such record"}},
		Code{"https://example.com/v/1", models.DocumentUnknown, "", models.Text{ZH: "其他网站的二维码", EN: "another site's code"}},
	), nil
}

func (s *Stage) play(ctx context.Context, sc scene) (string, error) {
	r := s.Maker.Registration()
	if s.Holder.CertificateNumber == "" {
		s.Holder = r
	}
	if sc.begin != nil {
		sc.begin(s, &r)
	}
	if err := s.admit(ctx, r); err != nil {
		return "", err
	}
	endorser := s.Endorse
	if sc.past {
		endorser = s.Past
	}
	issued, err := endorser.Endorse(ctx, r.Category, r.CertificateNumber, actor)
	if err != nil || sc.then == nil {
		return issued.Code, err
	}
	d := register.Decision{Category: r.Category, CertificateNumber: r.CertificateNumber, Reason: reason, Actor: actor}
	return issued.Code, sc.then(ctx, s, d, issued)
}

// admit brings one registration in as an import would.
func (s *Stage) admit(ctx context.Context, r models.Registration) error {
	var fault error
	_, err := s.Register.Import(ctx, register.RowsOf(r), register.ImportOptions{
		Actor: actor, Reason: reason,
		Reject: func(e register.RowError) { fault = fmt.Errorf("%s: %s", e.Column, e.Reason) },
	})
	if err != nil {
		return err
	}
	return fault
}

// forge changes the last digit of a code's signature.
func forge(code string) string {
	last := code[len(code)-1:]
	return strings.TrimSuffix(code, last) + map[bool]string{true: "8", false: "7"}[last == "7"]
}

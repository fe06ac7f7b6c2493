package main

import (
	"context"

	"github.com/spf13/cobra"

	"yanzheng/models"
)

// admitCommand takes a person in who applies for an initial registration.
func (p *program) admitCommand() *cobra.Command {
	var name, sex, idType, idNumber, birth, category string
	c := &cobra.Command{
		Use: "admit", Short: "初始注册申请: admit a person before any registration; prints the application's number", Args: noArgs,
		Example: "  server admit --category 一级注册建筑师 --name 王书涵 --sex 女 --id-number 身份证号码",
		RunE: func(c *cobra.Command, _ []string) error {
			person := models.Person{Name: name, IDNumber: idNumber}
			var err error
			if person.Sex, err = models.ParseSex(sex); err != nil {
				return err
			}
			if person.IDType, err = models.ParseIDType(idType); err != nil {
				return err
			}
			if birth != "" {
				if person.BirthDate, err = models.ParseDate(birth); err != nil {
					return err
				}
			}
			in, err := models.ParseCategory(category)
			if err != nil {
				return err
			}
			return p.with(c.Context(), func(ctx context.Context, parts *parts) error {
				a, err := parts.initial().Admit(ctx, person, in, p.actor)
				if err != nil {
					return err
				}
				return p.tell(map[string]any{"application": a.Number, "category": a.Category, "registered": a.RegistrationID != nil}, "%s\n", a.Number)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&category, "category", string(models.CategoryArchitect1), "category (code or Chinese name)")
	f.StringVar(&name, "name", "", "name")
	f.StringVar(&sex, "sex", "", "男 or 女")
	f.StringVar(&idType, "id-type", string(models.IDResident), "type of identity paper")
	f.StringVar(&idNumber, "id-number", "", "number of the identity paper")
	f.StringVar(&birth, "birth-date", "", "birth `day`, 2006-01-02, where the number holds none")
	return c
}

// registerCommand makes the registration that an application is for.
func (p *program) registerCommand() *cobra.Command {
	var reason, from, until string
	var r models.Registration
	c := &cobra.Command{
		Use: "register APPLICATION", Short: "初始注册: register a person whose photo and signature image are accepted", Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			if r.ValidFrom, err = models.ParseDate(from); err != nil {
				return models.AsError(err).On(string(models.FieldValidFrom))
			}
			if r.ValidUntil, err = models.ParseDate(until); err != nil {
				return models.AsError(err).On(string(models.FieldValidUntil))
			}
			return p.with(c.Context(), func(ctx context.Context, parts *parts) error {
				made, err := parts.initial().Register(ctx, args[0], r, reason, p.actor)
				if err != nil {
					return err
				}
				return p.tell(map[string]any{"certificate_number": made.CertificateNumber, "category": made.Category, "version": made.Version},
					"%s\n", made.CertificateNumber)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&r.CertificateNumber, "certificate-number", "", "证书编号")
	f.StringVar(&r.SealNumber, "seal-number", "", "注册号（执业印章号）")
	f.StringVar(&r.Employer, "employer", "", "聘用单位")
	f.StringVar(&r.EmployerCode, "employer-code", "", "统一社会信用代码")
	f.StringVar(&r.Specialty, "specialty", "", "注册专业")
	f.StringVar(&from, "valid-from", "", "first `day`")
	f.StringVar(&until, "valid-until", "", "last `day`")
	f.StringVar(&reason, "reason", "", "why: kept in the history (required)")
	return c
}

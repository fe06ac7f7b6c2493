package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"yanzheng/internal/certificate"
	"yanzheng/models"
)

// sealsCommand is about the keys for seals. They are for demonstration: their certificates say so, and so does every seal.
func (p *program) sealsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "seals", Short: "the keys for the seals on files, for demonstration: list, add (rotation), revoke (leaked)", Args: noArgs, RunE: p.sealsList,
	}
	var from string
	add := &cobra.Command{
		Use: "add", Short: "make a new key for each seal, with a small root above them where there is none", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			day, err := dayOr(from, models.DateOf(time.Now()))
			if err != nil {
				return err
			}
			dir, err := p.sealDir()
			if err != nil {
				return err
			}
			made, err := certificate.Make(dir, day)
			if err != nil {
				return err
			}
			return p.tellSeals(made)
		},
	}
	add.Flags().StringVar(&from, "from", "", "first `day` on which they seal (default today)")
	var number uint8
	revoke := &cobra.Command{
		Use: "revoke", Short: "declare a key leaked: it seals nothing more; issued files stay what they are", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !c.Flags().Changed("number") {
				return usageError{errors.New("which key? --number is required")}
			}
			dir, err := p.sealDir()
			if err != nil {
				return err
			}
			if err := certificate.Revoke(dir, int(number), time.Now()); err != nil {
				return err
			}
			return p.tell(map[string]any{"number": number, "revoked": true}, "key %d is revoked\n", number)
		},
	}
	revoke.Flags().Uint8Var(&number, "number", 0, "the key's `number`")
	c.AddCommand(add, revoke, &cobra.Command{Use: "list", Short: "list the keys", Args: noArgs, RunE: p.sealsList})
	return c
}

// dayOr reads a day, or gives another where there is none.
func dayOr(text string, other models.Date) (models.Date, error) {
	if text == "" {
		return other, nil
	}
	return models.ParseDate(text)
}

// sealDir finds the keys for seals without opening anything else, so that they can be made before the first start.
func (p *program) sealDir() (string, error) {
	c, err := p.config()
	if err != nil {
		return "", err
	}
	if !c.Embedded {
		return c.Keys.SealDir, nil
	}
	h, err := openHome(c.DataDir, models.DateOf(time.Now()))
	if err != nil {
		return "", err
	}
	return h.sealDir, nil
}

func (p *program) sealsList(*cobra.Command, []string) error {
	dir, err := p.sealDir()
	if err != nil {
		return err
	}
	ring, err := certificate.Load(dir)
	if err != nil {
		return err
	}
	return p.tellSeals(ring.Keys())
}

// toldSeal is a key for seals as it is told.
type toldSeal struct {
	Number    int              `json:"number"`
	Role      certificate.Role `json:"role"`
	Subject   string           `json:"subject"`
	NotBefore string           `json:"not_before"`
	NotAfter  string           `json:"not_after"`
	Revoked   bool             `json:"revoked"`
}

func (p *program) tellSeals(keys []certificate.Key) error {
	told := []toldSeal{}
	for _, k := range keys {
		told = append(told, toldSeal{k.Number, k.Role, k.Certificate.Subject.CommonName, k.NotBefore.String(), k.NotAfter.String(), k.Revoked()})
	}
	if p.json {
		return p.tell(map[string]any{"keys": told}, "")
	}
	for _, k := range told {
		state := ""
		if k.Revoked {
			state = "  revoked"
		}
		if err := p.tell(nil, "%2d  %-8s  %s … %s  %s%s\n", k.Number, k.Role, k.NotBefore, k.NotAfter, k.Subject, state); err != nil {
			return err
		}
	}
	return nil
}

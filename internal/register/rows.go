package register

import (
	"io"

	"yanzheng/models"
)

// RowsOf gives registrations as the rows of an import.
func RowsOf(registrations ...models.Registration) Rows { return &given{left: registrations} }

type given struct {
	left []models.Registration
	line int
}

func (g *given) Next() (Row, error) {
	if len(g.left) == 0 {
		return Row{}, io.EOF
	}
	r := &g.left[0]
	g.left = g.left[1:]
	g.line++
	return Row{Line: g.line, Cells: Cells(r)}, nil
}

// Cells writes a registration as the cells of an import row, by position.
func Cells(r *models.Registration) []string {
	return []string{
		string(r.Category), r.CertificateNumber, r.SealNumber, r.Person.Name, string(r.Person.Sex),
		r.Person.IDNumber, r.Employer, r.EmployerCode, r.Specialty, r.ValidFrom.String(),
		r.ValidUntil.String(), string(r.State), string(r.Person.IDType), r.Person.BirthDate.String(),
	}
}

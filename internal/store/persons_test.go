package store_test

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func testPersons(t *testing.T, d dialect) {
	p := d.migrated(t)
	t.Run("sealed", p.testSealed)
	t.Run("sealed differently every time", p.testSealedTwice)
	t.Run("not with another key", p.testOtherKeys)
	t.Run("damaged", p.testDamaged)
	t.Run("names", p.testNames)
	t.Run("all fields", p.testRoundTrip)
}

// stored gives what the database itself holds of a person's identity number.
func (p *place) stored(id int64) (sealed, index []byte) {
	p.t.Helper()
	testkit.Must(p.t, p.raw.QueryRowContext(p.t.Context(), "SELECT id_number_sealed, id_number_index FROM persons WHERE id = ?", id).Scan(&sealed, &index))
	return sealed, index
}

// dump gives every value of every row of a table, as the database holds it.
func (p *place) dump(table string) string {
	p.t.Helper()
	rows, err := p.raw.QueryContext(p.t.Context(), "SELECT * FROM "+table)
	testkit.Must(p.t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	testkit.Must(p.t, err)
	var all strings.Builder
	for rows.Next() {
		values := make([]sql.RawBytes, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		testkit.Must(p.t, rows.Scan(into...))
		for _, v := range values {
			all.Write(v)
			all.WriteByte('\n')
		}
	}
	testkit.Must(p.t, rows.Err())
	return all.String()
}

// tables are all of them, each after those it points to.
var tables = []string{"persons", "registrations", "registration_blocks", "certificates", "events", "users", "grants", "sessions", "scans", "key_fingerprints", "cache_epochs", "code_misses", "code_miss_flushes",
	"bindings", "binding_tries", "binding_locks", "binding_claims", "person_images", "logins", "signature_findings", "applications",
	"confirmations", "certificate_files"}

// Whoever gets hold of a copy of the database must find no identity number in it, in no spelling.
func (p *place) testSealed(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	p.issue(r)
	if _, _, err := p.change(r.ID, "另一家设计院"); err != nil {
		t.Fatal(err)
	}
	number := r.Person.IDNumber
	if len(number) != 18 {
		t.Fatalf("read back: %q", number)
	}
	found := false
	for _, table := range tables {
		all := p.dump(table)
		found = found || strings.Contains(all, r.Person.Name)
		for _, spelling := range []string{number, strings.ToLower(number), number[6:14], hex.EncodeToString([]byte(number))} {
			if strings.Contains(all, spelling) {
				t.Errorf("%s holds the ID number as %q", table, spelling)
			}
		}
	}
	if !found {
		t.Error("not even the name is found: the dump is no dump")
	}
}

// Equal sealed texts would tell that two copies of a database are about the same person.
func (p *place) testSealedTwice(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	sealed, index := p.stored(r.PersonID)
	if bytes.Contains(sealed, []byte(r.Person.IDNumber)) || len(index) != 32 {
		t.Fatalf("sealed %x, index %x", sealed, index)
	}
	_, _, err := p.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
		r.Person.Name += "改"
		return models.Event{Kind: models.EventChanged}, nil
	})
	testkit.Must(t, err)
	again, sameIndex := p.stored(r.PersonID)
	if bytes.Equal(sealed, again) {
		t.Error("sealed to the same bytes again: the nonce repeats")
	}
	if !bytes.Equal(index, sameIndex) {
		t.Error("the index of the same number is another one")
	}
	// The kind of paper is part of it: a permit and a passport may have the same number.
	other := p.maker.Registration()
	other.Person.IDNumber, other.Person.IDType = r.Person.IDNumber, models.IDPassport
	other = p.admit(other)
	if other.PersonID == r.PersonID {
		t.Error("a passport is taken for the resident ID of the same number")
	}
}

func (p *place) testOtherKeys(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	c := p.issue(r)
	o := p.options
	o.Keys = store.Keys{Seal: [32]byte{9}, Index: keys.Index}
	stranger := open(t, o)
	_, err := stranger.Registrations(t.Context(), r.CertificateNumber)
	testkit.WantErr(t, err, models.ErrInternal)
	facts, err := stranger.Facts(t.Context(), c.ID)
	testkit.WantErr(t, err, models.ErrInternal)
	if facts != nil {
		t.Error("facts without the key")
	}
	// Another index key does not find the person, and so never takes the number for that person's.
	o.Keys = store.Keys{Seal: keys.Seal, Index: [32]byte{9}}
	outcomes, _, err := open(t, o).Merge(t.Context(), []models.Registration{r}, models.Merge, models.Event{}, at)
	if err != nil || outcomes[0].Kind != models.MergeRefused {
		t.Errorf("with another index key: %+v, %v", outcomes, err)
	}
}

// What was changed in the database, or moved there from another row's column, must not open.
func (p *place) testDamaged(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	c := p.issue(r)
	sealed, _ := p.stored(r.PersonID)
	user, err := p.EnsureUser(t.Context(), "openid-of-somebody", "udamage", at)
	testkit.Must(t, err)
	flipped := slices.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, b := range map[string][]byte{
		"flipped bit": flipped, "cut short": sealed[:5], "empty": {}, "another version": append([]byte{2}, sealed[1:]...),
		"sealed for another purpose": user.OpenIDSealed,
	} {
		p.spoil("UPDATE persons SET id_number_sealed = ? WHERE id = ?", b, r.PersonID)
		if facts, err := p.Facts(t.Context(), c.ID); facts != nil || err == nil {
			t.Errorf("%s: %+v, %v", name, facts, err)
		} else {
			testkit.WantErr(t, err, models.ErrInternal)
		}
	}
	p.spoil("UPDATE persons SET id_number_sealed = ? WHERE id = ?", sealed, r.PersonID)
	if facts, err := p.Facts(t.Context(), c.ID); facts == nil || err != nil {
		t.Errorf("put right again: %+v, %v", facts, err)
	}
}

var remarkableNames = []string{
	"张㐂𠮷", "𬎆𫖯", "阿卜杜热依木·买买提", "古丽娜尔·艾合买提江", "Anna-Maria O'Neill", "Zoë Müller", strings.Repeat("𠮷", 50), "欧阳\U00020BB7",
}

func (p *place) testNames(t *testing.T) {
	p = p.within(t)
	for _, name := range remarkableNames {
		in := p.maker.Registration()
		in.Person.Name, in.Employer = name, strings.Repeat("院", 99)+"𠀀"
		r := p.admit(in)
		if r.Person.Name != name || r.Employer != in.Employer {
			t.Errorf("%q comes back as %q at %q", name, r.Person.Name, r.Employer)
		}
		found, err := p.FindRegistration(t.Context(), in.CertificateNumber, name, "")
		if err != nil || found.ID != r.ID {
			t.Errorf("%q is not found: %v", name, err)
		}
		facts, err := p.Facts(t.Context(), p.issue(r).ID)
		if err != nil || facts == nil || facts.Name != name || len(facts.Changed) != 0 {
			t.Errorf("%q as facts: %+v, %v", name, facts, err)
		}
	}
}

func (p *place) testRoundTrip(t *testing.T) {
	p = p.within(t)
	in := p.maker.Registration()
	in.Specialty, in.State, in.StateSince = "建筑工程", models.StateSuspended, today.AddDays(-3)
	in.ValidFrom, in.ValidUntil = models.MustDate("0999-12-31"), models.MustDate("9999-12-31")
	got := p.admit(in)
	want := in
	want.ID, want.PersonID, want.Version, want.CreatedAt, want.UpdatedAt = got.ID, got.PersonID, 1, at, at
	want.Person.ID, want.Person.CreatedAt, want.Person.UpdatedAt = got.PersonID, at, at
	want.Person.IDNumberSealed, want.Person.IDNumberIndex = got.Person.IDNumberSealed, got.Person.IDNumberIndex
	want.Blocks = []models.Block{}
	if !equalRegistrations(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	bare := p.maker.Registration()
	bare.Person.BirthDate, bare.Person.IDType, bare.Person.IDNumber = 0, models.IDPassport, "E12345678"
	got = p.admit(bare)
	if got.Person.BirthDate != 0 || got.StateSince != 0 || got.Specialty != "" {
		t.Errorf("nothing comes back as something: %+v", got)
	}
	if nulls := p.count("SELECT COUNT(*) FROM registrations r JOIN persons p ON p.id = r.person_id WHERE r.id = ? AND r.state_since IS NULL AND p.birth_date IS NULL", got.ID); nulls != 1 {
		t.Error("no date is not NULL")
	}
}

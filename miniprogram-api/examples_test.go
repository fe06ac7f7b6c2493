package miniprogram

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.yaml.in/yaml/v3"

	"yanzheng/internal/code"
	"yanzheng/internal/endorse"
	"yanzheng/internal/httpx"
	"yanzheng/internal/ratelimit"
	"yanzheng/internal/session"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// The moment and the registration of the contract's examples. The code is the worked example of docs/code-format.md.
var (
	exampleAt   = time.Date(2026, 8, 5, 2, 20, 30, 123e6, time.UTC)
	exampleAsOf = exampleAt.Add(-25 * time.Second)
)

const (
	exampleRequestID = "GKQ7M2XUQZ3LJ5T6RWBYH4VDNA"
	exampleScanID    = "019fcfb8-ea2b-7c3a-9d55-0f1e2d3c4b5a" // a version 7 UUID of that millisecond
)

func exampleFacts() models.Facts {
	return models.Facts{
		CertificateID: models.CertificateID{0x3f, 0x9a, 0xc1, 0x7d, 0x20, 0xb8, 0xe6, 0x54}, Kind: 1,
		UseFrom: models.MustDate("2026-07-04"), UseUntil: models.MustDate("2026-12-31"),
		Name: "王书涵", Category: models.CategoryArchitect1, CertificateNumber: "999000001", SealNumber: "990001-123",
		Employer: "示例一建筑设计研究院第7所", EmployerCode: "91999999MA0000001N",
		ValidFrom: models.MustDate("2025-09-01"), ValidUntil: models.MustDate("2027-08-31"),
		State: models.StateInForce, IDNumberMasked: models.MaskIDNumber("999999198808080010"),
	}
}

// outdatedFacts are the same person's, suspended after a change of employer.
func outdatedFacts() models.Facts {
	f := exampleFacts()
	f.Employer, f.Changed = "演示中建筑设计有限公司", []models.Field{models.FieldEmployer}
	f.State, f.StateSince = models.StateSuspended, models.MustDate("2026-08-01")
	return f
}

// contractDocument is the contract as plain YAML, for what its examples and lists say.
type contractDocument struct {
	Components struct {
		Examples map[string]struct {
			Value any `yaml:"value"`
		} `yaml:"examples"`
		Schemas map[string]struct {
			Enum          []string `yaml:"enum"`
			PropertyNames struct {
				Enum []string `yaml:"enum"`
			} `yaml:"propertyNames"`
			Properties map[string]struct {
				Enum          []string `yaml:"enum"`
				PropertyNames struct {
					Enum []string `yaml:"enum"`
				} `yaml:"propertyNames"`
			} `yaml:"properties"`
		} `yaml:"schemas"`
	} `yaml:"components"`
	Paths map[string]map[string]any `yaml:"paths"`
}

func contractYAML(t testing.TB) contractDocument {
	t.Helper()
	var d contractDocument
	if err := yaml.Unmarshal(contract, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// exampleReader reads codes with the keys of the example of /keys.json.
func exampleReader(t testing.TB, d contractDocument) *code.Reader {
	t.Helper()
	at := d.Paths["/keys.json"]["get"]
	for _, name := range []string{"responses", "200", "content", "application/json", "examples", "keys", "value"} {
		m, ok := at.(map[string]any)
		if !ok {
			t.Fatalf("no %s in /keys.json", name)
		}
		at = m[name]
	}
	raw, err := json.Marshal(at)
	if err != nil {
		t.Fatal(err)
	}
	var published code.Published
	if err := json.Unmarshal(raw, &published); err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(published.Keys)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ring.json"), list, 0o600); err != nil {
		t.Fatal(err)
	}
	ring, err := code.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := code.NewReader(published.Prefix, ring)
	if !reflect.DeepEqual(r.Publish(), published) {
		t.Errorf("the example of /keys.json would be published otherwise:\n%s", r.Document())
	}
	return r
}

// TestExamplesAreTrue makes every example anew from the request examples and the facts above, and compares.
func TestExamplesAreTrue(t *testing.T) {
	d := contractYAML(t)
	reader := exampleReader(t, d)

	var scanned scanRequest
	from(t, d, "ScanRequest", &scanned)
	request, err := scanned.read()
	if err != nil || request.Place == nil {
		t.Fatalf("the example of a scan is refused: %v", err)
	}
	read := reader.Read(request.Code)
	if read.Outcome != models.ReadGenuine {
		t.Fatalf("the code of the example reads as %v, want genuine", read.Outcome)
	}
	answer := func(read models.Reading, f *models.Facts, scanID string) verify.Answer {
		a := verify.Answer{ScanID: scanID, At: exampleAt, AsOf: exampleAt, Source: models.SourceNone}
		if f != nil {
			a.AsOf, a.Source = exampleAsOf, models.SourceCache
		}
		a.Verdict = models.Decide(read, f, exampleAt)
		return a
	}
	valid, outdated := exampleFacts(), outdatedFacts()
	forged := []byte(request.Code)
	forged[len(forged)-1] ^= 1 // 0 and 1, 2 and 3 … stay digits
	cause := errExample{}

	for name, want := range map[string]any{
		"PublicValid":    newVerdict(answer(read, &valid, exampleScanID), forPublic),
		"PublicForged":   newVerdict(answer(reader.Read(string(forged)), nil, ""), forPublic),
		"ScanValid":      newVerdict(answer(read, &valid, exampleScanID), forUser),
		"ScanOutdated":   newVerdict(answer(read, &outdated, exampleScanID), forUser),
		"ScanNotOurs":    newVerdict(answer(reader.Read("https://example.com/v/1"), nil, exampleScanID), forUser),
		"LookUp":         exampleLookUp(t, d),
		"FieldMissing":   httpx.ProblemOf(errMissing.On("code").Because(cause), exampleRequestID),
		"SessionInvalid": httpx.ProblemOf(session.ErrSession, exampleRequestID),
		"PlaceInvalid":   httpx.ProblemOf(models.ErrPlace, exampleRequestID),
		"NoMatch":        httpx.ProblemOf(verify.ErrNoMatch, exampleRequestID),
		"RateLimited":    httpx.ProblemOf(ratelimit.ErrTooMany.RetryIn(time.Second), exampleRequestID),
		"Unavailable":    httpx.ProblemOf(models.ErrUnavailable.Because(cause), exampleRequestID),
		"FileAltered": newFileAnswer(verify.FileAnswer{Check: models.FileCheck{
			Status: models.FileAltered, Reasons: []models.FileReason{models.FileDirectorBroken},
		}}),
		"OwnRegistrations": newOwnRegistrations(examplePreviews()),
		"OwnCertificate":   newOwnCertificate(exampleOwn(answer(read, &valid, ""), request.Code)),
		"OwnCertificates":  newOwnCertificates([]endorse.Own{exampleOwn(answer(read, &valid, ""), request.Code)}),
		"Withdrawn":        map[string]any{"propagated": propagated(true)},
		"WithdrawnAll":     map[string]any{"withdrawn": 2, "propagated": propagated(false)},
	} {
		got := plain(t, d.Components.Examples[name].Value)
		if want := plain(t, want); !reflect.DeepEqual(got, want) {
			raw, _ := json.MarshalIndent(want, "", "  ")
			t.Errorf("the example %s is not what is answered:\n%s", name, raw)
		}
		delete(d.Components.Examples, name)
	}
	var confirm confirmRequest
	from(t, d, "ConfirmRequest", &confirm)
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest("POST", "/", nil)
	if wish, err := confirm.read(c, "u1"); err != nil || models.CheckConfirmationName(wish.Name) != nil {
		t.Errorf("the example of a confirmation is refused: %v", err)
	}
	from(t, d, "WithdrawRequest", &withdrawRequest{})
	delete(d.Components.Examples, "ConfirmRequest")
	delete(d.Components.Examples, "WithdrawRequest")
	delete(d.Components.Examples, "ScanRequest")
	delete(d.Components.Examples, "LookUpRequest")
	for name := range d.Components.Examples {
		t.Errorf("nothing holds the example %s against the program", name)
	}
}

// examplePreviews are the registration of the examples, and the suspended one, on the same day.
func examplePreviews() []endorse.Preview {
	day := models.DateOf(exampleAt)
	good, bad := exampleFacts(), outdatedFacts()
	return []endorse.Preview{
		{
			Finding: models.DecideRegistration(good, day), IDNumber: "E12345678",
			Window: models.UseWindow{From: day, Until: day.AddDays(180), LimitedBy: models.LimitDays},
		},
		{
			Finding: models.DecideRegistration(bad, day), IDNumber: "E12345678",
			Bars: []models.Bar{{Reason: models.BarSuspended, Since: bad.StateSince}},
		},
	}
}

func exampleOwn(a verify.Answer, code string) endorse.Own {
	f := a.Verdict.Registration.Facts
	at := models.InstantOf(f.UseFrom.Start().Add(9 * time.Hour))
	return endorse.Own{
		Held: models.Held{
			Certificate: models.Certificate{ID: f.CertificateID, IssuedAt: at},
			File:        &models.CertificateFile{CertificateID: f.CertificateID, Digest: models.FileDigest{0xe3, 0xb0, 31: 0x55}, Size: 53210, MadeAt: at},
		},
		Verdict: a.Verdict, Code: code,
	}
}

type errExample struct{}

func (errExample) Error() string { return "a cause that nobody may see" }

// exampleLookUp carries the example of a look-up out.
func exampleLookUp(t *testing.T, d contractDocument) lookUpAnswer {
	t.Helper()
	var r lookUpRequest
	from(t, d, "LookUpRequest", &r)
	f := exampleFacts()
	registration := models.Registration{
		Person: models.Person{Name: f.Name}, Category: f.Category, CertificateNumber: f.CertificateNumber,
		SealNumber: f.SealNumber, Employer: f.Employer, EmployerCode: f.EmployerCode,
		ValidFrom: f.ValidFrom, ValidUntil: f.ValidUntil, State: f.State,
	}
	if r.Name != f.Name || r.CertificateNumber != f.CertificateNumber {
		t.Fatal("the example of a look-up asks for somebody else")
	}
	today := models.DateOf(exampleAt)
	finding := models.DecideRegistration(models.RegistrationFacts(&registration), today)
	found := verify.LookUp{Answer: verify.Answer{At: exampleAt, AsOf: exampleAt, Source: models.SourceDatabase}}
	found.Verdict.Registration = &finding
	paper, _ := f.Category.PaperOn(today)
	found.Paper = &paper
	var err error
	if found.Comparison, err = models.ComparePaper(r.Paper, registration); err != nil {
		t.Fatal(err)
	}
	return newLookUp(found)
}

// from reads an example as the program would read a body.
func from(t *testing.T, d contractDocument, name string, into any) {
	t.Helper()
	raw, err := json.Marshal(d.Components.Examples[name].Value)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("the example %s: %v", name, err)
	}
}

// plain is a value as JSON has it, whatever Go or YAML type it came from.
func plain(t *testing.T, v any) (out any) {
	t.Helper()
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

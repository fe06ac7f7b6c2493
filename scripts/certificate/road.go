package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"yanzheng/internal/demo"
	"yanzheng/internal/register"
	"yanzheng/models"
	"yanzheng/scripts/stand"
)

// subject is the made-up person whose certificate it is.
type subject struct{ models.Registration }

// said is something in Chinese.
type said struct {
	Message struct{ ZH string }
}

// verdict is the part of a scan's answer that is held here.
type verdict struct {
	Usable   bool
	Document struct {
		said
		Status  string
		Changed []string
	}
	Registration *struct{ Status string }
	Photo        *struct{ URL string }
	Signature    *struct{ URL string } `json:"signature_image"`
}

func (v verdict) words() string {
	if v.Registration == nil {
		return v.Document.Status + "/"
	}
	return v.Document.Status + "/" + v.Registration.Status
}

// owned is a certificate as its holder reads it.
type owned struct {
	ID     string `json:"certificate_id"`
	Code   string
	Usable bool
	File   struct {
		SHA256 string
		Size   int
	}
}

func (r *road) begin(ctx context.Context) (string, error) {
	t, err := stand.New(ctx)
	if r.Stand = t; err != nil {
		return "", err
	}
	s := demo.NewMaker(uint64(time.Now().UnixNano()), "C", models.DateOf(time.Now())).Registration() //nolint:gosec // a seed
	s.ValidFrom, s.ValidUntil = models.DateOf(time.Now()).AddDays(-100), models.DateOf(time.Now()).AddDays(1000)
	r.subject = subject{s}
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	if err := w.WriteAll([][]string{slices.Concat(register.RequiredColumns, register.OptionalColumns), register.Cells(&s)}); err != nil {
		return "", err
	}
	path := filepath.Join(r.Dir, "person.csv")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		return "", err
	}
	if _, err := r.CLI(ctx, "import", path); err != nil {
		return "", err
	}
	ready, err := r.Start(ctx)
	return fmt.Sprintf("%s, %s; ready after %d ms", s.Person.Name, s.CertificateNumber, ready.Milliseconds()), err
}

// enter logs somebody in, with a role if it is granted.
func (r *road) enter(ctx context.Context, name string, role models.Role) (person, error) {
	code := map[string]string{"code": r.LoginCode("oRoad-" + name)}
	var in struct {
		Token string
		User  struct{ ID string }
	}
	p := person{base: r.URL}
	if err := p.ask(ctx, 200, "POST", "/api/v1/login", code, &in); err != nil {
		return p, err
	}
	p.token = in.Token
	if role == "" {
		return p, nil
	}
	_, err := r.CLI(ctx, "grant", in.User.ID, string(role))
	return p, err
}

func (r *road) bind(ctx context.Context) (_ string, err error) {
	for _, one := range []struct {
		name string
		role models.Role
		p    *person
	}{{"holder", "", &r.holder}, {"registrar", models.RoleRegistrar, &r.registrar}, {"inspector", models.RoleInspector, &r.inspector}, {"user", "", &r.user}} {
		if *one.p, err = r.enter(ctx, one.name, one.role); err != nil {
			return "", err
		}
	}
	evidence := map[string]string{"name": r.subject.Person.Name, "id_number": r.subject.Person.IDNumber, "certificate_number": r.subject.CertificateNumber}
	var done struct{ Status string }
	if err := r.holder.ask(ctx, 200, "POST", "/api/v1/me/binding", evidence, &done); err != nil {
		return "", err
	}
	return done.Status, want("the binding", done.Status, "bound")
}

func (r *road) images(ctx context.Context) (string, error) {
	photo, signature, err := demo.Images()
	if err != nil {
		return "", err
	}
	if _, err := r.holder.bytes(ctx, 409, "POST", "/api/v1/me/certificates", r.wish("road-too-early")); err != nil { // R6
		return "", err
	}
	for kind, raw := range map[string][]byte{"photo": photo, "signature": signature} {
		if _, err := r.holder.bytes(ctx, 200, "POST", "/api/v1/me/"+kind, raw); err != nil {
			return "", err
		}
	}
	var waiting struct{ Images []struct{ ID string } }
	if err := r.registrar.ask(ctx, 200, "GET", "/api/v1/registrar/images", nil, &waiting); err != nil {
		return "", err
	}
	for _, image := range waiting.Images {
		at := "/api/v1/registrar/images/" + image.ID
		if _, err := r.registrar.bytes(ctx, 200, "GET", at, nil); err != nil {
			return "", err
		}
		if _, err := r.registrar.bytes(ctx, 200, "POST", at+"/decision", map[string]string{"decision": "accept", "reason": ""}); err != nil {
			return "", err
		}
	}
	return "both accepted; without them 409", want("images that waited", len(waiting.Images), 2)
}

func (r *road) window(ctx context.Context) (string, error) {
	var own struct {
		Registrations []struct {
			Window *struct {
				said
				UseFrom  string `json:"use_from"`
				UseUntil string `json:"use_until"`
			}
		}
	}
	if err := r.holder.ask(ctx, 200, "GET", "/api/v1/me/registrations", nil, &own); err != nil {
		return "", err
	}
	if len(own.Registrations) != 1 || own.Registrations[0].Window == nil {
		return "", fmt.Errorf("%+v", own)
	}
	w := own.Registrations[0].Window
	r.until = w.UseUntil
	return w.UseFrom + " to " + w.UseUntil + ": " + w.Message.ZH, want("its end", r.until, models.DateOf(time.Now()).AddDays(180).String())
}

func (r *road) wish(key string) map[string]string {
	until := r.until
	if until == "" {
		until = models.DateOf(time.Now()).AddDays(180).String()
	}
	return map[string]string{
		"category": string(r.subject.Category), "certificate_number": r.subject.CertificateNumber, "use_until": until, "idempotency_key": key,
	}
}

const ownCertificates = "/api/v1/me/certificates"

func (r *road) confirm(ctx context.Context) (string, error) {
	var again owned
	if err := r.holder.ask(ctx, 201, "POST", ownCertificates, r.wish("road-first-wish"), &r.own); err != nil {
		return "", err
	}
	if err := r.holder.ask(ctx, 200, "POST", ownCertificates, r.wish("road-first-wish"), &again); err != nil {
		return "", err
	}
	return "201, 200: one certificate, " + r.own.ID, errors.Join(want("the second answer", again, r.own), want("usable", again.Usable, true))
}

func (r *road) download(ctx context.Context) (_ string, err error) {
	if r.pdf, err = r.holder.bytes(ctx, 200, "GET", ownCertificates+"/"+r.own.ID+"/file.pdf", nil); err != nil {
		return "", err
	}
	again, err := r.holder.bytes(ctx, 200, "GET", ownCertificates+"/"+r.own.ID+"/file.pdf", nil)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(r.pdf)
	if _, err := r.user.bytes(ctx, 403, "GET", ownCertificates+"/"+r.own.ID+"/file.pdf", nil); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d bytes, the same; another user 403", len(r.pdf)),
		errors.Join(want("the same bytes", bytes.Equal(r.pdf, again), true), want("digest", hex.EncodeToString(sum[:]), r.own.File.SHA256))
}

// look scans a code as somebody.
func (p person) look(ctx context.Context, code, should string) (v verdict, err error) {
	if err := p.ask(ctx, 200, "POST", "/api/v1/scans", map[string]any{"code": code, "place": map[string]float64{"lat": 39.91, "lng": 116.39}}, &v); err != nil {
		return v, err
	}
	return v, want("the scan", v.words(), should)
}

func (r *road) scan(ctx context.Context) (string, error) {
	v, err := r.user.look(ctx, r.code, "valid/in_force")
	if err != nil {
		return "", err
	}
	return v.words(), errors.Join(want("usable", v.Usable, true), want("its code", r.code, r.own.Code),
		want("a user has a link to the photo", v.Photo != nil, true), want("and none to the signature image", v.Signature == nil, true))
}

func (r *road) inspect(ctx context.Context) (string, error) {
	v, err := r.inspector.look(ctx, r.code, "valid/in_force")
	if err != nil {
		return "", err
	}
	if v.Photo == nil || v.Signature == nil {
		return "", fmt.Errorf("links: %+v", v)
	}
	for _, url := range []string{v.Photo.URL, v.Signature.URL} {
		image, err := r.inspector.bytes(ctx, 200, "GET", url, nil)
		if err != nil {
			return "", err
		}
		if !bytes.HasPrefix(image, []byte("\xff\xd8")) {
			return "", errors.New("no JPEG at " + url)
		}
		if _, err := r.inspector.bytes(ctx, 404, "GET", url, nil); err != nil { // used
			return "", err
		}
	}
	return "photo and signature image, each once", nil
}

// fileAnswer is what a check says of a file.
type fileAnswer struct {
	File    struct{ Status string }
	Verdict *verdict
}

func (r *road) sent(ctx context.Context, file []byte, should string) (a fileAnswer, err error) {
	if err := (person{base: r.URL}).ask(ctx, 200, "POST", "/api/v1/files/check", file, &a); err != nil {
		return a, err
	}
	return a, want("the file", a.File.Status, should)
}

func (r *road) check(ctx context.Context) (string, error) {
	spoilt := bytes.Clone(r.pdf)
	spoilt[len(spoilt)/2] ^= 1
	var told []string
	for _, one := range []struct {
		file   []byte
		should string
	}{{r.pdf, "issued"}, {spoilt, "altered"}, {append(bytes.Clone(r.pdf), "% more\n"...), "appended"}, {[]byte("%PDF-1.7 of somebody else"), "not_ours"}} {
		a, err := r.sent(ctx, one.file, one.should)
		if err != nil {
			return "", err
		}
		if err := want("a verdict with "+one.should, a.Verdict != nil && a.Verdict.Usable, one.should == "issued"); err != nil {
			return "", err
		}
		told = append(told, a.File.Status)
	}
	return strings.Join(told, ", "), nil
}

// decide runs a registrar's command, which must have reached every cache.
func (r *road) decide(ctx context.Context, command string, more ...string) error {
	out, err := r.CLI(ctx, append([]string{command, r.subject.CertificateNumber, "--json", "--reason", "演练"}, more...)...)
	if err != nil {
		return err
	}
	var done struct{ Propagated any }
	if err := json.Unmarshal([]byte(out), &done); err != nil {
		return err
	}
	return want(command+" propagated", done.Propagated, any(true))
}

func (r *road) change(ctx context.Context) (string, error) {
	if err := r.decide(ctx, "change", "--employer", "改名后的设计院"); err != nil {
		return "", err
	}
	v, err := r.user.look(ctx, r.code, "outdated/in_force")
	if err != nil {
		return "", err
	}
	a, err := r.sent(ctx, r.pdf, "issued")
	if err != nil || a.Verdict == nil {
		return "", fmt.Errorf("the file: %+v, %w", a, err)
	}
	return v.words() + ": " + v.Document.Message.ZH, errors.Join(want("changed", strings.Join(v.Document.Changed, ","), "employer"),
		want("usable", v.Usable, false), want("the file says", a.Verdict.words(), "outdated/in_force"),
		want("it says what", strings.Contains(v.Document.Message.ZH, "聘用单位"), true))
}

func (r *road) anew(ctx context.Context) (string, error) {
	if err := r.holder.ask(ctx, 201, "POST", ownCertificates, r.wish("road-second-wish"), &r.newer); err != nil {
		return "", err
	}
	if _, err := r.user.look(ctx, r.newer.Code, "valid/in_force"); err != nil {
		return "", err
	}
	_, err := r.user.look(ctx, r.code, "outdated/in_force")
	return "the new one valid, the old one still outdated", errors.Join(err, want("another one", r.newer.ID != r.own.ID, true))
}

func (r *road) revoke(ctx context.Context) (string, error) {
	if err := r.decide(ctx, "revoke"); err != nil {
		return "", err
	}
	v, err := r.user.look(ctx, r.newer.Code, "valid/revoked")
	if err != nil {
		return "", err
	}
	var refused struct{ Code, Title string }
	if err := r.holder.ask(ctx, 409, "POST", ownCertificates, r.wish("road-third-wish"), &refused); err != nil {
		return "", err
	}
	return "a scan: " + v.words() + "; endorsing: " + refused.Title, errors.Join(want("usable", v.Usable, false),
		want("endorsing", refused.Code, "endorse_barred"), want("since when", strings.Contains(refused.Title, models.DateOf(time.Now()).String()), true))
}

func (r *road) withdraw(ctx context.Context) (string, error) {
	var done struct{ Propagated any }
	if err := r.holder.ask(ctx, 200, "POST", ownCertificates+"/"+r.newer.ID+"/withdraw", map[string]string{"reason": "手机遗失"}, &done); err != nil {
		return "", err
	}
	v, err := r.user.look(ctx, r.newer.Code, "withdrawn/revoked")
	return v.words(), errors.Join(err, want("propagated", done.Propagated, any(true)))
}

func (r *road) looks(ctx context.Context) (string, error) {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) { // scans are on their way into the database
		var seen struct {
			Looks []struct{ Viewer string }
			Days  int `json:"retention_days"`
		}
		if err := r.holder.ask(ctx, 200, "GET", "/api/v1/me/looks", nil, &seen); err != nil {
			return "", err
		}
		count := map[string]int{}
		for _, l := range seen.Looks {
			count[l.Viewer]++
		}
		told := fmt.Sprintf("%d: %v, kept for %d days", len(seen.Looks), count, seen.Days)
		if count["user"] == usersScans && count["inspector"] == 1 && count["public"] == fileChecks {
			return told, nil
		}
		if time.Now().After(end) {
			return "", errors.New(told)
		}
	}
}

// usersScans and fileChecks are how often the road above looks as a user, and has a file checked that was issued.
const usersScans, fileChecks = 6, 2

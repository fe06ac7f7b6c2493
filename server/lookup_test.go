package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// found is the answer of a look-up.
type found struct {
	Registration map[string]any `json:"registration"`
	Paper        *struct {
		Status string  `json:"status"`
		From   *string `json:"from"`
		Until  *string `json:"until"`
	} `json:"paper"`
	Comparison []struct {
		Field        string `json:"field"`
		Result       string `json:"result"`
		RegisterSays string `json:"register_says"`
	} `json:"comparison"`
}

func (c *client) lookUp(members ...any) answer {
	c.t.Helper()
	body := map[string]any{}
	for i := 0; i < len(members); i += 2 {
		body[members[i].(string)] = members[i+1]
	}
	raw, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.ask("POST", "/api/v1/lookups", string(raw))
}

func testLookUp(t *testing.T, w *world) {
	r := people("LOOK", 1)[0]
	bring(t, w.env, r)
	c := newClient(t, w.process)
	var f found
	into(t, c.lookUp("name", r.Person.Name, "certificate_number", r.CertificateNumber), &f)
	want := []string{
		"blocks", "category", "category_code", "certificate_number", "employer", "employer_code", "message", "name",
		"reason", "seal_number", "since", "specialty", "status", "valid_from", "valid_until",
	}
	if got := slices.Sorted(maps.Keys(f.Registration)); !slices.Equal(got, want) {
		t.Errorf("columns %q, want the public ones %q", got, want)
	}
	if f.Registration["status"] != "in_force" || f.Registration["name"] != r.Person.Name || f.Registration["employer"] != r.Employer {
		t.Errorf("found %v", f.Registration)
	}
	// 一(二): void from 2022-07-01, and the clock is long past it.
	if f.Paper == nil || f.Paper.Status != "void" || f.Paper.From == nil || *f.Paper.From != "2022-07-01" || f.Paper.Until != nil {
		t.Errorf("paper is %+v", f.Paper)
	}
	if len(f.Comparison) > 0 {
		t.Errorf("compared with no paper: %+v", f.Comparison)
	}

	into(t, c.lookUp(
		"name", " "+r.Person.Name, "certificate_number", r.CertificateNumber+"\t", "category", "一级注册建筑师",
		"paper", map[string]string{
			"employer": " " + r.Employer, "seal_number": "000000-000", "category": "first_class_architect",
			"valid_until": r.ValidUntil.String(), "specialty": "",
		},
	), &f)
	got := map[string]string{}
	for _, line := range f.Comparison {
		got[line.Field] = line.Result + " " + line.RegisterSays
	}
	if want := map[string]string{
		"employer": "same " + r.Employer, "seal_number": "differs " + r.SealNumber, "category": "same 一级注册建筑师",
		"valid_until": "same " + r.ValidUntil.String(), "specialty": "same ",
	}; !maps.Equal(got, want) {
		t.Errorf("compared %q, want %q", got, want)
	}

	for name, a := range map[string]struct {
		answer answer
		status int
		code   string
		field  string
	}{
		"an ID number to compare": {c.lookUp("name", r.Person.Name, "certificate_number", r.CertificateNumber, "paper", map[string]string{"id_number": r.Person.IDNumber}), 422, "paper_field_unknown", "paper"},
		"a category nobody has":   {c.lookUp("name", r.Person.Name, "certificate_number", r.CertificateNumber, "category", "三级"), 422, "category_unknown", "category"},
		"no name":                 {c.lookUp("certificate_number", r.CertificateNumber), 400, "field_missing", "name"},
		"no number":               {c.lookUp("name", r.Person.Name), 400, "field_missing", "certificate_number"},
		"paper of numbers":        {c.ask("POST", "/api/v1/lookups", `{"name":"a","certificate_number":"b","paper":{"employer":1}}`), 400, "body_not_json", "paper"},
		"an ID number to ask for": {c.lookUp("id_number", r.Person.IDNumber), 400, "member_unknown", "id_number"},
	} {
		if p := a.answer.refused(t, a.status, a.code); p.Field != a.field {
			t.Errorf("%s: field %q, want %q", name, p.Field, a.field)
		}
	}
}

// noMatches are the ways in which a look-up can miss.
func noMatches(t testing.TB, w *world, prefix string) (unknownNumber, otherName [2]string) {
	t.Helper()
	a := people(prefix, 1)[0]
	bring(t, w.env, a)
	other := "张" + strings.Repeat("某", len([]rune(a.Person.Name))-1)
	return [2]string{a.Person.Name, strings.Repeat("0", len(a.CertificateNumber))}, [2]string{other, a.CertificateNumber}
}

// testLookUpNoMatch: nobody learns from a miss whether the number exists.
func testLookUpNoMatch(t *testing.T, w *world) {
	c := newClient(t, w.process)
	unknown, differs := noMatches(t, w, "MISS")
	ask := func(q [2]string) answer {
		return c.lookUp("name", q[0], "certificate_number", q[1], "paper", map[string]string{"employer": "x"})
	}
	first, second := ask(unknown), ask(differs)
	for _, a := range []answer{first, second} {
		p := a.refused(t, http.StatusNotFound, "no_match")
		if len(p.RequestID) != 26 || p.Field != "" {
			t.Errorf("the request id %q or the field %q tells something", p.RequestID, p.Field)
		}
	}
	bare := func(a answer) string {
		return strings.Replace(string(a.body), a.header.Get("X-Request-Id"), "", 1)
	}
	if bare(first) != bare(second) {
		t.Errorf("the bodies differ:\n%s%s", first.body, second.body)
	}
	for _, a := range []answer{first, second} {
		a.header.Del("X-Request-Id")
		a.header.Del("Date")
	}
	if !maps.EqualFunc(first.header, second.header, slices.Equal) {
		t.Errorf("the headers differ:\n%v\n%v", first.header, second.header)
	}
}

// testLookUpTime compares the two kinds of miss by the clock: interleaved, so that both meet the same noise, and by
// their medians. What it would catch is one more statement on one of the ways; finer differences drown in the noise of
// this machine, and would in that of a network.
func testLookUpTime(t *testing.T, w *world) {
	c := newClient(t, w.process)
	unknown, differs := noMatches(t, w, "TIME")
	const rounds = 61
	var times [2][]time.Duration
	for range rounds {
		for i, q := range [][2]string{unknown, differs} {
			began := time.Now()
			if a := c.lookUp("name", q[0], "certificate_number", q[1]); a.status != http.StatusNotFound {
				t.Fatalf("%d %s", a.status, a.body)
			}
			times[i] = append(times[i], time.Since(began))
		}
	}
	var median [2]time.Duration
	for i := range times {
		slices.Sort(times[i])
		median[i] = times[i][rounds/2]
	}
	if difference := (median[0] - median[1]).Abs(); difference > max(median[0], median[1])/3 {
		t.Errorf("a number that is unknown takes %v, another name %v", median[0], median[1])
	}
}

package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"yanzheng/models"
)

// ownAddresses are the operations that are a user's own, a registrar's and an inspector's, with what their addresses name and a
// body that can be read.
func ownAddresses(scan, image, claim, session string) [][3]string {
	const decision = `{"decision":"refuse","reason":"理由"}`
	return [][3]string{
		{"GET", "/api/v1/me", ""},
		{"POST", "/api/v1/me/binding", `{"name":"无","id_number":"1","certificate_number":"1"}`},
		{"GET", "/api/v1/me/looks", ""},
		{"GET", "/api/v1/me/sessions", ""},
		{"GET", "/api/v1/me/logins", ""},
		{"GET", "/api/v1/me/photo", ""},
		{"GET", "/api/v1/me/signature", ""},
		{"POST", "/api/v1/me/photo", "x"},
		{"POST", "/api/v1/me/signature", "x"},
		{"POST", "/api/v1/scans/" + scan + "/signature", `{"finding":"match"}`},
		{"GET", "/api/v1/registrar/images", ""},
		{"GET", "/api/v1/registrar/images/" + image, ""},
		{"POST", "/api/v1/registrar/images/" + image + "/decision", decision},
		{"GET", "/api/v1/registrar/claims", ""},
		{"POST", "/api/v1/registrar/claims/" + claim + "/decision", decision},
		{"POST", "/api/v1/registrar/locks/release", `{"certificate_number":"1"}`},
		{"DELETE", "/api/v1/me/sessions/" + session, ""},
		{"DELETE", "/api/v1/me/sessions", ""},
	}
}

// certificateAddresses are the operations that are about a holder's certificates.
func certificateAddresses() [][3]string {
	const one = "/api/v1/me/certificates/0123456789abcdef"
	return [][3]string{
		{"GET", "/api/v1/me/registrations", ""}, {"GET", ownAddress, ""}, {"GET", one, ""}, {"GET", one + "/file.pdf", ""}, {"GET", one + "/album.png", ""},
		{"POST", ownAddress, "{}"}, {"POST", ownAddress + "/withdraw-all", "{}"}, {"POST", one + "/withdraw", "{}"},
	}
}

// TestOwnRefusals brings about every refusal that the contract promises of these operations, and finds nothing told of what is
// inside.
func TestOwnRefusals(t *testing.T) {
	w := realWorld(t)
	r, code := w.certified(t, "REFUSE")
	all := []models.Role{models.RoleInspector, models.RoleRegistrar}
	user, _ := w.person(t, "everything", all...)
	plain, _ := w.person(t, "plain")
	holder, _ := w.person(t, "the holder")
	photo, signature := uploads(t)
	holder.ask("POST", "/api/v1/me/binding", identify(r))
	for kind, raw := range map[string]string{"photo": photo, "signature": signature} {
		holder.ask("POST", "/api/v1/me/"+kind, raw)
	}
	for _, id := range user.cases("images") {
		user.decide("images", id, "accept", "")
	}
	holder.ask("POST", "/api/v1/me/photo", other2(t)) // waits
	second, _ := w.person(t, "claimant")
	second.ask("POST", "/api/v1/me/binding", identify(r))
	scan := user.scan(code.Code)
	w.drained(t)
	images, claims := user.cases("images"), user.cases("claims")
	if len(images) != 1 || len(claims) != 1 {
		t.Fatalf("images %v, claims %v", images, claims)
	}
	ops := ownAddresses(scan.ScanID, images[0], claims[0], "0000000000000000")

	for _, op := range ops {
		plain.as("").ask(op[0], op[1], op[2]).refused(t, http.StatusUnauthorized, "token_missing")
		role := strings.Contains(op[1], "registrar") || strings.Contains(op[1], "/scans/")
		if role {
			plain.ask(op[0], op[1], op[2]).refused(t, http.StatusForbidden, "forbidden")
		}
		if op[0] == "POST" && strings.HasPrefix(op[2], "{") {
			user.ask(op[0], op[1], "<xml/>").refused(t, http.StatusBadRequest, "body_not_json")
			user.ask(op[0], op[1], "{}").refused(t, http.StatusBadRequest, "field_missing")
			user.ask(op[0], op[1], `{"x":"`+strings.Repeat("x", 17<<10)+`"}`).refused(t, http.StatusRequestEntityTooLarge, "body_too_large")
		}
		if strings.Contains(op[1], "/me/photo") || strings.Contains(op[1], "/me/signature") || strings.HasSuffix(op[1], "looks") {
			plain.ask(op[0], op[1], op[2]).refused(t, http.StatusForbidden, "not_a_holder")
		}
		if op[0] == "GET" && (strings.HasSuffix(op[1], "looks") || strings.HasSuffix(op[1], "logins") || strings.HasSuffix(op[1], "images") || strings.HasSuffix(op[1], "claims")) {
			asks := user
			if strings.HasSuffix(op[1], "looks") {
				asks = holder
			}
			asks.ask(op[0], op[1]+"?cursor=nonsense", "").refused(t, http.StatusUnprocessableEntity, "cursor_invalid")
			for _, limit := range []string{"0", "101", "x", "-1"} {
				asks.ask(op[0], op[1]+"?limit="+limit, "").refused(t, http.StatusUnprocessableEntity, "limit_invalid")
			}
		}
		if strings.HasSuffix(op[1], "/decision") {
			user.ask(op[0], op[1], `{"decision":"perhaps"}`).refused(t, http.StatusUnprocessableEntity, "decision_unknown")
			user.ask(op[0], op[1], `{"decision":"refuse"}`).refused(t, http.StatusUnprocessableEntity, "reason_required")
		}
	}
	for _, missing := range [][3]string{
		{"GET", "/api/v1/registrar/images/999", "no_such_case"}, {"GET", "/api/v1/registrar/images/x", "no_such_case"},
		{"POST", "/api/v1/registrar/images/999/decision", "no_such_case"}, {"POST", "/api/v1/registrar/claims/0/decision", "no_such_case"},
		{"DELETE", "/api/v1/me/sessions/0000000000000000", "no_such_session"},
		{"POST", "/api/v1/scans/019fcfb8-ea2b-7c3a-9d55-0f1e2d3c4b5a/signature", "no_such_scan"},
		{"GET", "/api/v1/photos/" + strings.Repeat("A", 43), "link_used"},
	} {
		body := map[bool]string{true: `{"finding":"match"}`, false: `{"decision":"accept","reason":"理由"}`}[strings.Contains(missing[1], "scans")]
		user.ask(missing[0], missing[1], body).refused(t, http.StatusNotFound, missing[2])
	}
	user.ask("POST", ops[9][1], `{"finding":"perhaps"}`).refused(t, http.StatusUnprocessableEntity, "signature_finding_unknown")
	user.ask("POST", ops[9][1], `{"finding":"match","remark":"`+strings.Repeat("注", 201)+`"}`).refused(t, http.StatusUnprocessableEntity, "remark_too_long")
	holder.decide("images", images[0], "accept", "").refused(t, http.StatusForbidden, "forbidden")
	other := people("REFUSEB", 1)[0]
	bring(t, w.env, other)
	holder.ask("POST", "/api/v1/me/binding", identify(other)).refused(t, http.StatusConflict, "already_bound")
	empty, _ := w.person(t, "without images")
	empty.ask("POST", "/api/v1/me/binding", identify(other))
	for _, kind := range []string{"photo", "signature"} {
		empty.ask("GET", "/api/v1/me/"+kind, "").refused(t, http.StatusNotFound, "no_such_image")
		empty.ask("POST", "/api/v1/me/"+kind, "no picture").refused(t, http.StatusUnprocessableEntity, "image_format")
		big := empty.send("POST", "/api/v1/me/"+kind, bytes.NewReader(make([]byte, 5<<20)))
		if p := big.refused(t, http.StatusUnprocessableEntity, "image_too_large"); p.Field != kind {
			t.Errorf("the fault is of %q", p.Field)
		}
	}
	user.decide("images", images[0], "refuse", "不清晰")
	user.decide("images", images[0], "accept", "").refused(t, http.StatusConflict, "already_decided")
	if me := holder.me(); me.Holder.Images[0].State != "refused" || me.Holder.Images[0].Reason != "不清晰" {
		t.Errorf("the holder sees %+v", me.Holder.Images)
	}
	testOwnFaults(t, w, user, holder, code, ops)
}

// testOwnFaults: with the database away every answer is 503 and says when to come back; with tables missing it is 500 and says
// nothing of them.
func testOwnFaults(t *testing.T, w *world, user, holder *client, code issued, ops [][3]string) {
	t.Helper()
	all := func(status int, word string) {
		t.Helper()
		link := user.pictures(code.Code).Photo
		user.me()
		holder.me() // both are known to the cache
		end := map[int]func(){
			http.StatusServiceUnavailable:  func() { w.proxy.cut() },
			http.StatusInternalServerError: func() { w.renameOwn(t, "", "_away") },
		}[status]
		end()
		for _, op := range ops {
			asks := user
			if strings.HasPrefix(op[1], "/api/v1/me") {
				asks = holder
			}
			a := asks.ask(op[0], op[1], op[2])
			a.refused(t, status, word)
			for _, inner := range []string{"_away", "1146", "SELECT", "dial", ".go:"} {
				if strings.Contains(string(a.body), inner) {
					t.Errorf("%s %s tells %q", op[0], op[1], inner)
				}
			}
		}
		user.as("").ask("GET", link.URL, "").refused(t, status, word)
	}
	all(http.StatusInternalServerError, "internal")
	w.renameOwn(t, "_away", "")
	all(http.StatusServiceUnavailable, "unavailable")
	w.proxy.mend()
}

// renameOwn takes the tables away that these operations stand on, or brings them back.
func (w *world) renameOwn(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{"bindings", "binding_claims", "binding_locks", "sessions", "logins", "person_images", "scans"} {
		w.exec(t, "RENAME TABLE "+name+from+" TO "+name+to)
	}
}

// TestOwnLimits: who asks too much is told when to come back, whatever it is.
func TestOwnLimits(t *testing.T) {
	w := limited(t, environment{"LIMITS_ADDRESS": "60/1h", "LIMITS_UPLOADS": "2/1h"})
	r, _ := w.certified(t, "OWNLIMIT")
	holder, _ := w.person(t, "limited")
	holder.ask("POST", "/api/v1/me/binding", identify(r))
	refusedOften(t, "uploads", 2, func() answer { return holder.ask("POST", "/api/v1/me/photo", "no picture") })
	for range 100 {
		if holder.ask("GET", "/api/v1/me", "").status == http.StatusTooManyRequests {
			break
		}
	}
	const scan = "019fcfb8-ea2b-7c3a-9d55-0f1e2d3c4b5a"
	for _, op := range append(append(ownAddresses(scan, "1", "1", "0000000000000000"), certificateAddresses()...), [3]string{"GET", "/api/v1/photos/" + strings.Repeat("A", 43), ""}) {
		a := holder.ask(op[0], op[1], op[2])
		a.refused(t, http.StatusTooManyRequests, "rate_limited")
		later(t, op[1], a)
	}
}

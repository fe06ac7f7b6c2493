package main

import (
	"bytes"
	"net/http"
	"slices"
	"testing"
	"time"
)

// testLife takes one registration through everything that a registrar can decide. Before each decision the verdict was
// asked for, so that a cache has the old facts at hand; the very next scan shows the new ones.
func testLife(t *testing.T, w *world) {
	r, code := w.certified(t, "LIFE")
	user := w.user(t)
	if v := user.scan(code.Code); v.is() != "valid/in_force" || !v.Usable || v.Document.Reason != "genuine" {
		t.Fatalf("freshly issued: %+v", v)
	}
	restored := "valid/in_force"
	for _, step := range []struct {
		command, want, reason string
		more                  []string
	}{
		{command: "suspend", want: "valid/suspended", reason: "suspended"},
		{command: "restore", want: restored, reason: "registered"},
		{command: "cancel", want: "valid/cancelled", reason: "cancelled"},
		{command: "restore", want: restored, reason: "registered"},
		{command: "withdraw", want: "valid/withdrawn", reason: "withdrawn"},
		{command: "restore", want: restored, reason: "registered"},
		{command: "revoke", want: "valid/revoked", reason: "revoked"},
		{command: "restore", want: restored, reason: "registered"},
		{command: "change", want: "valid/not_yet", reason: "begins_later", more: []string{"--employer-code", "91999999MA0000001N"}},
	} {
		if step.command == "change" { // the employer's code is not printed, so the certificate stays valid
			step.want, step.reason = restored, "registered"
		}
		d := decide(t, w.env, step.command, r, step.more...)
		if want := map[bool]any{true: true, false: "pending"}[w.atOnce]; d.Propagated != want {
			t.Errorf("%s: propagated is %v, want %v", step.command, d.Propagated, want)
		}
		v := w.settles(t, user, code.Code, step.want)
		if v.Registration.Reason != step.reason || d.Status != v.Registration.Status {
			t.Errorf("%s: reason %s, the command said %s", step.command, v.Registration.Reason, d.Status)
		}
		if v.Usable != (step.want == restored) {
			t.Errorf("%s: usable is %v", step.command, v.Usable)
		}
	}
	testBlocks(t, w, user, code)
	decide(t, w.env, "change", r, "--employer", "演示中建筑设计有限公司")
	v := w.settles(t, user, code.Code, "outdated/in_force")
	if !slices.Equal(v.Document.Changed, []string{"employer"}) || v.Usable || v.Registration.Employer != "演示中建筑设计有限公司" {
		t.Errorf("after a change of employer: %+v", v)
	}
	again := issue(t, w.env, r)
	if v := user.scan(again.Code); v.is() != restored || !v.Usable {
		t.Errorf("a certificate made after the change is %s", v.is())
	}
	if v := user.scan(code.Code); v.is() != "outdated/in_force" {
		t.Errorf("the certificate made before the change is %s", v.is())
	}
	if n := w.count(t, "SELECT COUNT(*) FROM events e JOIN registrations r ON e.subject_id = r.id AND e.subject = 'registration' WHERE r.certificate_number = '"+
		r.CertificateNumber+"' AND (e.actor = '' OR (e.reason = '' AND e.kind <> 'certificate_issued'))"); n > 0 {
		t.Errorf("%d changes do not say who and why", n)
	}
}

// testBlocks puts a bar on and takes it off: the status stays, and the certificate is of no use meanwhile.
func testBlocks(t *testing.T, w *world, user *client, code issued) {
	t.Helper()
	number := user.scan(code.Code).Registration.CertificateNumber
	shows := func(blocks ...string) {
		t.Helper()
		check := func() bool {
			v := user.scan(code.Code)
			return v.is() == "valid/in_force" && slices.Equal(v.Registration.Blocks, blocks) && v.Usable == (len(blocks) == 0)
		}
		if w.atOnce {
			if !check() {
				t.Errorf("the very next scan does not show the blocks %v", blocks)
			}
			return
		}
		within(t, propagation, "a scan shows the blocks", check)
	}
	block := func(args ...string) {
		t.Helper()
		must[decision](t, w.env, append([]string{args[0], number, "--reason", "测试"}, args[1:]...)...)
	}
	block("block")
	shows("penalty")
	if r := command(t, w.env, "issue-code", number); r.status != exitFailed {
		t.Errorf("a certificate is issued under a penalty: %+v", r)
	}
	block("unblock")
	shows()
	block("block", "--from", today().AddDays(1).String(), "--until", today().AddDays(9).String())
	shows() // it begins tomorrow
	block("unblock")
	shows()
	for _, args := range [][]string{ // what cannot be decided changes nothing
		{"unblock", number, "--reason", "测试"},                          // there is none
		{"restore", number, "--reason", "测试"},                          // it is in force
		{"suspend", number},                                            // no reason given
		{"suspend", "NOBODY", "--reason", "测试"},                        // no such number
		{"change", number, "--reason", "测试"},                           // nothing to change
		{"change", number, "--reason", "测试", "--employer-code", "1"},   // wrong
		{"block", number, "--reason", "测试", "--until", "2020-01-01"},   // over before it begins
		{"suspend", number, "--reason", "测试", "--category", "no such"}, // no such category
		{"cancel", number, "--reason", "测试", "--category", "二级注册建筑师"},  // not in that one
	} {
		if r := command(t, w.env, append(args, "--json")...); r.status != exitFailed || r.out != "" {
			t.Errorf("%q: %+v", args, r)
		}
	}
	shows()
}

// testKeys rotates the key that signs, and declares the old one leaked.
func testKeys(t *testing.T, w *world) {
	r, code := w.certified(t, "KEYS")
	user := w.user(t)
	user.scan(code.Code)
	old := code.keyNumber(t)
	added := must[struct {
		Number    int    `json:"number"`
		NotBefore string `json:"not_before"`
		NotAfter  string `json:"not_after"`
	}](t, w.env, "keys", "add")
	if added.Number == old {
		t.Fatalf("the number %d is used again", old)
	}
	rotated := issue(t, w.env, r)
	if rotated.keyNumber(t) != added.Number {
		t.Errorf("a new code is signed by key %d, want %d", rotated.keyNumber(t), added.Number)
	}
	within(t, 5*time.Second, "the running server knows the new key", func() bool {
		return user.scan(rotated.Code).is() == "valid/in_force"
	})
	if v := user.scan(code.Code); v.is() != "valid/in_force" {
		t.Errorf("after the rotation an old code is %s", v.is())
	}
	must[map[string]any](t, w.env, "keys", "revoke", "--number", itoa(old))
	within(t, 5*time.Second, "what the leaked key signed is withdrawn", func() bool {
		v := user.scan(code.Code)
		return v.is() == "withdrawn/in_force" && v.Document.Reason == "key_revoked" && !v.Usable
	})
	if v := user.public(code.digits()); v.is() != "withdrawn/in_force" {
		t.Errorf("in public it is %s", v.is())
	}
	again := issue(t, w.env, r)
	if v := user.scan(again.Code); v.is() != "valid/in_force" || again.keyNumber(t) != added.Number {
		t.Errorf("issued again it is %s, by key %d", v.is(), again.keyNumber(t))
	}
	var published struct {
		Keys []struct {
			Number  int  `json:"number"`
			Revoked bool `json:"revoked"`
		} `json:"keys"`
	}
	into(t, user.ask("GET", "/keys.json", ""), &published)
	for _, k := range published.Keys {
		if k.Revoked != (k.Number == old) {
			t.Errorf("/keys.json says of key %d: revoked %v", k.Number, k.Revoked)
		}
	}
}

// testRestart: a server that starts again has the data, the keys, the sessions and the answers of the one before.
func testRestart(t *testing.T, w *world) {
	_, code := w.certified(t, "AGAIN")
	user := w.user(t)
	before, keys := user.scan(code.Code), user.ask("GET", "/keys.json", "")
	scans := w.count(t, "SELECT COUNT(*) FROM scans")
	if status := w.stop(t); status != exitOK {
		t.Errorf("the server ended with %d", status)
	}
	w.process = serve(t, w.env)
	later := newClient(t, w.process).as(user.token)
	after := later.scan(code.Code)
	if after.is() != before.is() || after.Registration.Name != before.Registration.Name || after.Registration.IDNumber != before.Registration.IDNumber {
		t.Errorf("after a restart %+v, before %+v", after, before)
	}
	if a := later.ask("GET", "/keys.json", ""); !bytes.Equal(a.body, keys.body) || a.status != http.StatusOK {
		t.Errorf("/keys.json was %s and is %s", keys.body, a.body)
	}
	if n := w.count(t, "SELECT COUNT(*) FROM scans"); n != scans+1 {
		t.Errorf("%d scans are kept, want %d", n, scans+1)
	}
}

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// burstOf is how many holders confirm and download at once.
//
//	scripts/services run go test ./server -run TestBurst -burst 1000 -v
var burstOf = flag.Int("burst", 100, "holders who confirm and download at once in TestBurst")

// holders brings so many people in and logs each in, all of them on one way to the server.
func (w *world) holders(t testing.TB, h *hall, n int) (clients []*client, wishes []string) {
	t.Helper()
	all := people("B", n)
	for i := range all {
		all[i].ValidFrom, all[i].ValidUntil = today().AddDays(-100), today().AddDays(1000)
	}
	bring(t, w.env, all...)
	way := &http.Transport{MaxIdleConnsPerHost: n} // not watched: to hold each answer against the contract costs more than to give it
	t.Cleanup(way.CloseIdleConnections)
	c := newClient(t, w.process)
	c.http = &http.Client{Transport: way, Timeout: time.Minute}
	for i, r := range all {
		in := c.logIn(w.sandbox.IssueLoginCode(fmt.Sprintf("%s%d", openID, i)))
		h.bind(in.User.ID, int64(w.count(t, "SELECT person_id FROM registrations WHERE certificate_number = ?", r.CertificateNumber)))
		clients = append(clients, c.as(in.Token))
		body, _ := json.Marshal(map[string]string{
			"category": string(r.Category), "certificate_number": r.CertificateNumber, "use_until": today().AddDays(180).String(),
		})
		wishes = append(wishes, string(body))
	}
	return clients, wishes
}

// TestBurst: however many holders come at once, each is served, and scans do not wait for them.
func TestBurst(t *testing.T) {
	w, h := realEnvironment(t), newHall(t)
	w.process = serveWith(t, w.env, h.other)
	clients, wishes := w.holders(t, h, *burstOf)
	_, certificate := w.certified(t, "C")
	scanner := w.user(t)
	scanner.http = clients[0].http
	beat := time.NewTicker(10 * time.Millisecond)
	defer beat.Stop()
	scan := func() time.Duration {
		<-beat.C
		began := time.Now()
		if v := scanner.scan(certificate.Code); !v.Usable {
			t.Errorf("a scan says %s", v.is())
		}
		return time.Since(began)
	}
	p99 := func(all []time.Duration) time.Duration {
		slices.Sort(all)
		return all[len(all)*99/100]
	}
	var alone, beside []time.Duration
	for range 300 {
		alone = append(alone, scan())
	}
	began := time.Now()
	done := make(chan struct{})
	var holders sync.WaitGroup
	for i := range *burstOf {
		holders.Go(func() {
			a := clients[i].ask("POST", ownAddress, wishes[i], "Idempotency-Key", "burst-wish")
			if a.status != 201 {
				t.Errorf("a confirmation is %d: %.200s", a.status, a.body)
				return
			}
			own := decoded[ownAnswer](t, a, 201)
			if a := clients[i].ask("GET", ownAddress+"/"+own.ID+"/file.pdf", ""); a.status != 200 {
				t.Errorf("a download is %d", a.status)
			}
		})
	}
	go func() { holders.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			beside = append(beside, scan())
		}
	}
	t.Logf("%d holders in %v; scans' p99 %v alone, %v beside them (%d scans), longest %v",
		*burstOf, time.Since(began), p99(alone), p99(beside), len(beside), slices.Max(beside))
	// Test, clients, server, database and Redis share a machine that others use too: what is held here is that nobody waits in line.
	if got := p99(beside); got > 2*time.Second {
		t.Errorf("scans' p99 is %v", got)
	}
}

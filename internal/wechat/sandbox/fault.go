package sandbox

import (
	"net/http"
	"time"
)

// Fault is one answer out of the ordinary. It does not touch the log-in code that came with the
// request. A Fault with nothing but Wait is the right answer, late.
type Fault struct {
	Wait    time.Duration // before answering; ends early when the caller hangs up
	ErrCode int           // not 0: answer this errcode as WeChat would
	Status  int           // not 0: answer with this HTTP status (200 to 599) and Body
	Body    []byte        // not nil: answer this, byte for byte, with Status or 200
}

// FailNext makes the next requests answer these faults, one each, in this order, after those already
// waiting. Requests that are not from loopback, or not to an endpoint, use none up.
func (s *Sandbox) FailNext(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Recover drops the faults that are still waiting.
func (s *Sandbox) Recover() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Sandbox) nextFault() (f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	return f
}

// fail plays the next fault and tells whether that was the answer.
func (s *Sandbox) fail(w http.ResponseWriter, r *http.Request) (answered bool) {
	f := s.nextFault()
	if f.Wait > 0 {
		timer := time.NewTimer(f.Wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return true
		}
	}
	switch {
	case f.ErrCode != 0:
		s.refuse(w, f.ErrCode)
	case f.Status != 0 || f.Body != nil:
		if f.Status == 0 {
			f.Status = http.StatusOK
		}
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(f.Status)
		_, _ = w.Write(f.Body)
	default:
		return false
	}
	return true
}

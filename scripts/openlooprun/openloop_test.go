package main

import (
	"encoding/json"
	"testing"
	"time"
)

func TestFault(t *testing.T) {
	for name, c := range map[string]struct {
		said string
		ok   bool
	}{
		"all well":            {`{"requests":2000,"rate":1000.2,"status_codes":{"200":2000},"errors":[]}`, true},
		"refused":             {`{"requests":2000,"rate":1000.2,"status_codes":{"200":1999,"503":1},"errors":["503 Service Unavailable"]}`, false},
		"no answer":           {`{"requests":2000,"rate":1000.2,"status_codes":{"0":1,"200":1999},"errors":["EOF"]}`, false},
		"not found":           {`{"requests":2000,"rate":1000.2,"status_codes":{"404":2000},"errors":[]}`, false},
		"a redirect":          {`{"requests":2000,"rate":1000.2,"status_codes":{"200":1,"302":1999},"errors":[]}`, false},
		"too slow a load":     {`{"requests":2000,"rate":800,"status_codes":{"200":2000},"errors":[]}`, false},
		"too short a load":    {`{"requests":1500,"rate":1000,"status_codes":{"200":1500},"errors":[]}`, false},
		"nothing was sent":    {`{"requests":0,"rate":0,"status_codes":{},"errors":[]}`, false},
		"it says nothing new": {`{}`, false},
	} {
		var r report
		if err := json.Unmarshal([]byte(c.said), &r); err != nil {
			t.Fatal(err)
		}
		if err := r.fault(1000, 2*time.Second); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

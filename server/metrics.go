package main

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is what this process tells those who run it, on the administration listener. Nothing in it is about a person.
type metrics struct {
	shed atomic.Uint64 // requests beyond those that are answered at once

	registry *prometheus.Registry
	parts    []part
}

// part asks one part of the service how it stands. What it does not know it leaves out, so that a monitor sees a gap and
// not a figure.
type part func(ctx context.Context, tell func(d *prometheus.Desc, value float64, labels ...string))

// askTimeout bounds what each part may take to say how it stands; the parts are asked side by side, so one that is silent
// takes nothing from the others.
const askTimeout = 500 * time.Millisecond

func newMetrics(s *server) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), parts: []part{s.beatStands, s.outboxStands, s.scansStand, s.linesStand}}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m)
	counter := func(name, help string, value func() uint64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "yanzheng", Name: name, Help: help},
			func() float64 { return float64(value()) }))
	}
	counter("requests_shed_total", "Requests answered 503 because too many were being answered.", m.shed.Load)
	counter("database_shed_total", "Questions that found no place before the database.", s.guard.Shed)
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "yanzheng", Name: "database_left_out", Help: "1 while the database is not asked because it does not answer.",
	}, func() float64 { return map[bool]float64{true: 1}[s.guard.Open()] }))
	return m
}

// The gauges whose values are asked for when a monitor looks.
var (
	beatAge       = prometheus.NewDesc("yanzheng_heartbeat_age_seconds", "Since this process last made the cache's heart beat; absent: it never has. Facts are as old as the newest beat of all processes at most.", nil, nil)
	outboxPending = prometheus.NewDesc("yanzheng_outbox_pending", "Committed changes that the cache was not told of yet; absent: the database does not say.", nil, nil)
	outboxOldest  = prometheus.NewDesc("yanzheng_outbox_oldest_seconds", "How long the oldest of them has waited; 0 where there is none, absent as above.", nil, nil)
	scansWaiting  = prometheus.NewDesc("yanzheng_scanlog_waiting", "Scans in the stream that are not in the database yet; absent: Redis does not say, or there is no stream (embedded mode).", nil, nil)
	scansOldest   = prometheus.NewDesc("yanzheng_scanlog_oldest_seconds", "How long the oldest of them has waited; 0 where there is none, absent as above.", nil, nil)
	lineWaiting   = prometheus.NewDesc("yanzheng_line_waiting", "Those who wait for work that takes long: entrance (holders who confirm or download), press (making a file), album (making a picture), bodies (files to be checked), looks (checking one).", []string{"line"}, nil)
	lineWorking   = prometheus.NewDesc("yanzheng_line_working", "Those whose turn it is in that line.", []string{"line"}, nil)
	scansAside    = prometheus.NewDesc("yanzheng_scanlog_set_aside", "Entries that cannot become rows, kept apart: see \"server scans\"; absent as above.", nil, nil)
)

// Describe is prometheus.Collector's.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{beatAge, outboxPending, outboxOldest, scansWaiting, scansOldest, scansAside, lineWaiting, lineWorking} {
		to <- d
	}
}

// Collect is prometheus.Collector's.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	var all sync.WaitGroup
	for _, ask := range m.parts {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
			defer cancel()
			ask(ctx, func(d *prometheus.Desc, value float64, labels ...string) {
				to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
			})
		})
	}
	all.Wait()
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (s *server) beatStands(_ context.Context, tell func(*prometheus.Desc, float64, ...string)) {
	if at := s.relay.Beaten(); !at.IsZero() {
		tell(beatAge, s.now().Sub(at).Seconds())
	}
}

func (s *server) linesStand(_ context.Context, tell func(*prometheus.Desc, float64, ...string)) {
	for name, line := range s.lines.all() {
		waiting, working := line.Waiting()
		tell(lineWaiting, float64(waiting), name)
		tell(lineWorking, float64(working), name)
	}
}

func (s *server) outboxStands(ctx context.Context, tell func(*prometheus.Desc, float64, ...string)) {
	n, oldest, err := s.store.PendingCount(ctx)
	if err != nil {
		return
	}
	waited := 0.0
	if n > 0 {
		waited = max(s.now().Sub(oldest.Time()).Seconds(), 0)
	}
	tell(outboxPending, float64(n))
	tell(outboxOldest, waited)
}

func (s *server) scansStand(ctx context.Context, tell func(*prometheus.Desc, float64, ...string)) {
	if s.config.Embedded { // scans go straight into the database, and none waits
		return
	}
	state, err := s.scans.State(ctx)
	if err != nil {
		return
	}
	tell(scansWaiting, float64(state.Waiting))
	tell(scansOldest, state.Oldest.Seconds())
	tell(scansAside, float64(state.Refused))
}

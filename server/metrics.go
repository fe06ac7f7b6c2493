package main

import (
	"context"
	"net/http"
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
	ask      func(ctx context.Context) standing
}

// standing is how the parts stand that must be asked.
type standing struct {
	beatAge       float64 // seconds since this process's relay last made the heart beat; -1: never
	outbox        float64 // changes that the cache was not told of; -1: unknown
	outboxOldest  float64 // seconds that the oldest of them has waited
	waiting       float64 // scans in the stream; -1: unknown
	waitingOldest float64
	setAside      float64
}

// askTimeout bounds what one look of a monitor may cost.
const askTimeout = time.Second

func newMetrics(s *server) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), ask: s.standing}
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
	beatAge       = prometheus.NewDesc("yanzheng_heartbeat_age_seconds", "Since this process last made the cache's heart beat; -1: never. Facts are as old as the newest beat of all processes at most.", nil, nil)
	outboxPending = prometheus.NewDesc("yanzheng_outbox_pending", "Committed changes that the cache was not told of yet; -1: the database does not say.", nil, nil)
	outboxOldest  = prometheus.NewDesc("yanzheng_outbox_oldest_seconds", "How long the oldest of them has waited.", nil, nil)
	scansWaiting  = prometheus.NewDesc("yanzheng_scanlog_waiting", "Scans in the stream that are not in the database yet; -1: Redis does not say.", nil, nil)
	scansOldest   = prometheus.NewDesc("yanzheng_scanlog_oldest_seconds", "How long the oldest of them has waited.", nil, nil)
	scansAside    = prometheus.NewDesc("yanzheng_scanlog_set_aside", "Entries that cannot become rows, kept apart.", nil, nil)
)

// Describe is prometheus.Collector's.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{beatAge, outboxPending, outboxOldest, scansWaiting, scansOldest, scansAside} {
		to <- d
	}
}

// Collect is prometheus.Collector's.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	now := m.ask(ctx)
	for d, v := range map[*prometheus.Desc]float64{
		beatAge: now.beatAge, outboxPending: now.outbox, outboxOldest: now.outboxOldest,
		scansWaiting: now.waiting, scansOldest: now.waitingOldest, scansAside: now.setAside,
	} {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// standing asks the relay, the outbox and the stream how they stand.
func (s *server) standing(ctx context.Context) standing {
	out := standing{beatAge: -1, outbox: -1, waiting: -1}
	if at := s.relay.Beaten(); !at.IsZero() {
		out.beatAge = s.now().Sub(at).Seconds()
	}
	if n, oldest, err := s.store.PendingCount(ctx); err == nil {
		out.outbox = float64(n)
		if n > 0 {
			out.outboxOldest = max(s.now().Sub(oldest.Time()).Seconds(), 0)
		}
	}
	if state, err := s.scans.State(ctx); err == nil {
		out.waiting, out.waitingOldest, out.setAside = float64(state.Waiting), state.Oldest.Seconds(), float64(state.Refused)
	}
	return out
}

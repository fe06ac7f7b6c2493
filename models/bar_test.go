package models

import (
	"slices"
	"strings"
	"testing"
)

func TestBars(t *testing.T) {
	day := MustDate("2026-03-02")
	base := Registration{
		Category: CategoryConstructor1, State: StateInForce, ValidFrom: MustDate("2025-01-01"), ValidUntil: MustDate("2027-12-31"),
		Person: Person{BirthDate: MustDate("1980-05-20")},
	}
	for name, c := range map[string]struct {
		change func(r *Registration)
		want   []Bar
		says   string
	}{
		"nothing":                          {func(*Registration) {}, nil, ""},
		"suspended":                        {func(r *Registration) { r.State, r.StateSince = StateSuspended, day.AddDays(-3) }, []Bar{{BarSuspended, day.AddDays(-3), 0}}, "注册被暂停，自 2026-02-27 起"},
		"cancelled":                        {func(r *Registration) { r.State, r.StateSince = StateCancelled, day }, []Bar{{BarCancelled, day, 0}}, "注册已注销"},
		"withdrawn":                        {func(r *Registration) { r.State, r.StateSince = StateWithdrawn, day }, []Bar{{BarWithdrawn, day, 0}}, "撤销"},
		"revoked, nobody knows since when": {func(r *Registration) { r.State = StateRevoked }, []Bar{{BarRevoked, 0, 0}}, "注册被吊销"},
		"expired":                          {func(r *Registration) { r.ValidUntil = day.AddDays(-1) }, []Bar{{BarExpired, day, 0}}, "自 2026-03-02 起"},
		"its last day":                     {func(r *Registration) { r.ValidUntil = day }, nil, ""},
		"begins tomorrow":                  {func(r *Registration) { r.ValidFrom = day.AddDays(1) }, []Bar{{BarNotYet, 0, day}}, "至 2026-03-02 止"},
		"a penalty with an end":            {func(r *Registration) { r.Blocks = []Block{{Kind: BlockPenalty, From: day.AddDays(-9), Until: day}} }, []Bar{{BarPenalty, day.AddDays(-9), day}}, "处罚期内，自 2026-02-21 起，至 2026-03-02 止"},
		"a penalty that is over": {func(r *Registration) {
			r.Blocks = []Block{{Kind: BlockPenalty, From: day.AddDays(-9), Until: day.AddDays(-1)}}
		}, nil, ""},
		"two penalties": {func(r *Registration) {
			r.Blocks = []Block{{Kind: BlockPenalty, From: day}, {Kind: BlockPenalty, From: day.AddDays(-1)}}
		}, []Bar{{BarPenalty, day, 0}, {BarPenalty, day.AddDays(-1), 0}}, "；"},
		"65 yesterday":              {func(r *Registration) { r.Person.BirthDate = day.AddDays(-1).Anniversary(-65) }, []Bar{{BarAge, day, 0}}, "年龄上限"},
		"65 today":                  {func(r *Registration) { r.Person.BirthDate = day.Anniversary(-65) }, nil, ""},
		"an architect has no cap":   {func(r *Registration) { r.Category, r.Person.BirthDate = CategoryArchitect1, day.Anniversary(-80) }, nil, ""},
		"suspended and penalised":   {func(r *Registration) { r.State = StateSuspended; r.Blocks = []Block{{Kind: BlockPenalty, From: day}} }, []Bar{{BarSuspended, 0, 0}, {BarPenalty, day, 0}}, "注册被暂停；处罚期内"},
		"a state that nobody knows": {func(r *Registration) { r.State = "lost" }, []Bar{{BarSuspended, 0, 0}}, "暂停"},
	} {
		r := base
		c.change(&r)
		got := BarsOn(&r, day)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		if _, err := EndorseWindow(&r, day); (err == nil) != (len(got) == 0) {
			t.Errorf("%s: %d bars, and the window says %v", name, len(got), err)
		}
		if len(got) > 0 && !strings.Contains(Barred(got).Message.ZH, c.says) {
			t.Errorf("%s: %s", name, Barred(got).Message.ZH)
		}
		for _, b := range got {
			if m := b.Message(); m.ZH == "" || m.EN == "" {
				t.Errorf("%s: no words", name)
			}
		}
	}
}

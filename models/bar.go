package models

import "strings"

// BarReason is why a registration cannot be endorsed (R11); the set is closed and part of the contract.
type BarReason string

// The reasons, by which a holder is told what to do about it.
const (
	BarNotYet    BarReason = "not_yet"
	BarExpired   BarReason = "expired"
	BarSuspended BarReason = "suspended"
	BarCancelled BarReason = "cancelled"
	BarWithdrawn BarReason = "withdrawn"
	BarRevoked   BarReason = "revoked"
	BarPenalty   BarReason = "penalty"
	BarAge       BarReason = "age" // the age cap of the category is passed (R1b)
)

// Bar is one thing that stands against an endorsement: since that day, where the register knows it, and until that one
// (included), where an end is known. A day that is not known is zero.
type Bar struct {
	Reason       BarReason
	Since, Until Date
}

// BarsOn gives everything that bars an endorsement on a day, the status first; none where EndorseWindow gives a window.
func BarsOn(r *Registration, day Date) []Bar {
	var bars []Bar
	switch status := r.StatusOn(day); status {
	case RegistrationInForce:
	case RegistrationNotYet:
		bars = append(bars, Bar{Reason: BarNotYet, Until: r.ValidFrom.AddDays(-1)})
	case RegistrationExpired:
		bars = append(bars, Bar{Reason: BarExpired, Since: r.ValidUntil.AddDays(1)})
	case RegistrationSuspended, RegistrationCancelled, RegistrationWithdrawn, RegistrationRevoked:
		bars = append(bars, Bar{Reason: BarReason(status), Since: r.StateSince})
	}
	for _, b := range r.Blocks {
		if b.On(day) {
			bars = append(bars, Bar{Reason: BarReason(b.Kind), Since: b.From, Until: b.Until})
		}
	}
	policy, ok := r.Category.Policy()
	if !ok || policy.MaxAge == 0 || r.Person.BirthDate == 0 {
		return bars
	}
	if last := r.Person.BirthDate.Anniversary(policy.MaxAge); last < day {
		bars = append(bars, Bar{Reason: BarAge, Since: last.AddDays(1)})
	}
	return bars
}

// barWords name the reasons for people.
var barWords = map[BarReason]Text{
	BarNotYet: {"注册尚未生效", "not in force yet"}, BarExpired: {"注册已过期", "expired"}, BarSuspended: {"注册被暂停", "suspended"},
	BarCancelled: {"注册已注销", "cancelled"}, BarWithdrawn: {"注册被撤销", "withdrawn"}, BarRevoked: {"注册被吊销", "revoked"},
	BarPenalty: {"处罚期内", "under a penalty"}, BarAge: {"已超过该类别的年龄上限", "past the age limit of the category"},
}

// Message says in words what bars, since when and until when.
func (b Bar) Message() Text {
	out := barWords[b.Reason]
	if b.Since != 0 {
		out.ZH, out.EN = out.ZH+"，自 "+b.Since.String()+" 起", out.EN+" since "+b.Since.String()
	}
	if b.Until != 0 {
		out.ZH, out.EN = out.ZH+"，至 "+b.Until.String()+" 止（含当日）", out.EN+", to the end of "+b.Until.String()
	}
	return out
}

// Barred is ErrEndorseBarred that says which bars there are, and since when.
func Barred(bars []Bar) *Error {
	if len(bars) == 0 {
		return ErrEndorseBarred
	}
	var zh, en []string
	for _, b := range bars {
		m := b.Message()
		zh, en = append(zh, m.ZH), append(en, m.EN)
	}
	e := *ErrEndorseBarred
	e.Message = Text{"该注册当前不能确认使用时限：" + strings.Join(zh, "；"), "This registration cannot be endorsed now: " + strings.Join(en, "; ")}
	return &e
}

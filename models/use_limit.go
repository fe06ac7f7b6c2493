package models

// Message says in words why a use window ends where it does.
func (l UseLimit) Message() Text {
	switch l {
	case LimitDays:
		return Text{"自确认之日起 180 天", "180 days from the day of the confirmation"}
	case LimitRegistration:
		return Text{"不足 180 天：注册有效期先行届满", "Shorter than 180 days: the registration ends before"}
	case LimitAge:
		return Text{"不足 180 天：持证人将先达到该类别的年龄上限", "Shorter than 180 days: the age limit of the category is reached before"}
	}
	return Text{}
}

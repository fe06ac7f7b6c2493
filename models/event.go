package models

// Subject is the kind of thing that an event changed.
type Subject string

// The subjects.
const (
	SubjectRegistration Subject = "registration"
	SubjectUser         Subject = "user"
)

// EventKind names what happened.
type EventKind string

// The kinds of event.
const (
	EventRegistered EventKind = "registered" // 初始注册: it came into the register
	EventImported   EventKind = "imported"   // an import changed it
	EventChanged    EventKind = "changed"    // 变更注册
	EventSuspended  EventKind = "suspended"
	EventRestored   EventKind = "restored"
	EventCancelled  EventKind = "cancelled"
	EventWithdrawn  EventKind = "withdrawn"
	EventRevoked    EventKind = "revoked"
	EventBlocked    EventKind = "blocked"
	EventUnblocked  EventKind = "unblocked"
	EventIssued     EventKind = "certificate_issued"

	EventCertificateWithdrawn EventKind = "certificate_withdrawn"

	EventImageAccepted EventKind = "image_accepted" // a photo or signature image of the person counts from now on

	EventBound         EventKind = "user_bound"   // the user is the holder of a person's certificates
	EventUnbound       EventKind = "user_unbound" // another user is, by a registrar's decision
	EventSessionsEnded EventKind = "sessions_ended"

	EventGranted EventKind = "role_granted"
	EventDenied  EventKind = "role_removed"
)

// Event is one committed change: the history of its subject, and the outbox from which every cache
// hears of it. It is written in the transaction that makes the change. PropagatedAt is zero until
// every cache has confirmed it.
type Event struct {
	ID           int64 `gorm:"primaryKey"`
	Subject      Subject
	SubjectID    string
	Version      int64 // of the subject after the change
	Kind         EventKind
	Actor        string // who did it: a user's id, or the account of a sub-command
	Reason       string
	At           Instant
	PropagatedAt Instant
}

// EventFor gives the event that a move into a state makes.
func EventFor(next State) EventKind {
	switch next {
	case StateInForce:
		return EventRestored
	case StateSuspended:
		return EventSuspended
	case StateCancelled:
		return EventCancelled
	case StateWithdrawn:
		return EventWithdrawn
	case StateRevoked:
		return EventRevoked
	}
	return EventChanged
}

package store_test

import (
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"

	"gorm.io/gorm/schema"

	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// stored are the models that have tables, in the order of tables.
var stored = []any{
	&models.Person{}, &models.Registration{}, &models.Block{}, &models.Certificate{}, &models.Event{},
	&models.User{}, &models.Grant{}, &models.Session{}, &models.Scan{}, &store.KeyFingerprint{}, &models.Epoch{}, &models.Miss{}, &store.MissFlush{},
	&models.Binding{}, &models.BindingTry{}, &models.BindingLock{}, &models.BindingClaim{}, &models.Image{}, &models.Login{},
	&models.SignatureCheck{}, &models.Application{},
	&models.Confirmation{}, &models.CertificateFile{},
}

// mayBeNone are the dates that a row may lack. Every other date must be there.
var mayBeNone = []string{"persons.birth_date", "registrations.state_since", "registration_blocks.ends_on", "certificates.printed_birth_date"}

// longest gives the longest of some words, in characters.
func longest[T ~string](words ...T) (n int) {
	for _, w := range words {
		n = max(n, len([]rune(string(w))))
	}
	return n
}

// room is how many characters each text must have place for, by the rules of the domain. A new text
// column belongs in here before it is stored.
func room() map[string]int {
	var categories []models.Category
	for _, p := range models.Policies() {
		categories = append(categories, p.Category)
	}
	const name, number, employer, employerCode, specialty, reason, userID, actor = 50, 40, 100, 18, 50, 500, 21, 64
	const digest, way = 64, 20
	category := longest(categories...)
	device := longest(models.DeviceIOS, models.DeviceAndroid, models.DeviceHarmony, models.DeviceWindows, models.DeviceMac, models.DeviceOther)
	return map[string]int{
		"persons.name": name, "persons.sex": longest(models.Male, models.Female),
		"persons.id_type": longest(models.IDResident, models.IDHongKongMacau, models.IDTaiwan, models.IDPassport, models.IDResidencePass, models.IDForeignerPass),

		"persons.photo_digest": digest, "persons.signature_digest": digest,
		"certificates.printed_photo_digest": digest, "certificates.printed_signature_digest": digest,

		"bindings.user_id": userID, "bindings.way": way, "binding_tries.user_id": userID, "binding_tries.way": way,
		"binding_tries.outcome":  longest(models.TryMatched, models.TryWrong, models.TryLocked),
		"binding_claims.user_id": userID, "binding_claims.way": way, "binding_claims.decided_by": actor, "binding_claims.reason": reason,
		"binding_claims.state": longest(models.ClaimOpen, models.ClaimAccepted, models.ClaimRefused),

		"person_images.kind":  longest(models.ImagePhoto, models.ImageSignature),
		"person_images.state": longest(models.ImagePending, models.ImageAccepted, models.ImageRefused, models.ImageReplaced),
		"person_images.name":  len("images/") + 26, "person_images.digest": digest, "person_images.uploaded_by": userID,
		"person_images.decided_by": actor, "person_images.reason": reason,

		"sessions.device": device, "logins.device": device, "logins.user_id": userID, "logins.network": len("ffff:ffff:ffff::/48"),

		"signature_findings.scan_id": 36, "signature_findings.user_id": userID, "signature_findings.remark": models.MaxNoteLength,
		"signature_findings.finding": longest(models.SignatureMatches, models.SignatureDiffers, models.SignatureMissing),

		"applications.number": number, "applications.category": category, "applications.admitted_by": actor,

		"registrations.category": category, "registrations.certificate_number": number, "registrations.seal_number": number,
		"registrations.employer": employer, "registrations.employer_code": employerCode, "registrations.specialty": specialty,
		"registrations.state":      longest(models.StateInForce, models.StateSuspended, models.StateCancelled, models.StateWithdrawn, models.StateRevoked),
		"registration_blocks.kind": longest(models.BlockPenalty),

		"certificates.printed_name": name, "certificates.printed_sex": 1, "certificates.printed_category": category,
		"certificates.printed_certificate_number": number, "certificates.printed_seal_number": number,
		"certificates.printed_employer": employer, "certificates.printed_specialty": specialty, "certificates.withdrawn_reason": 200,

		"events.subject": longest(models.SubjectRegistration, models.SubjectUser), "events.subject_id": userID, "events.actor": actor, "events.reason": reason,
		"events.kind": longest(models.EventRegistered, models.EventImported, models.EventChanged, models.EventSuspended, models.EventRestored, models.EventCancelled,
			models.EventWithdrawn, models.EventRevoked, models.EventBlocked, models.EventUnblocked, models.EventIssued,
			models.EventCertificateWithdrawn, models.EventImageAccepted, models.EventBound, models.EventUnbound, models.EventSessionsEnded, models.EventGranted, models.EventDenied),

		"key_fingerprints.name": longest("id_number", "id_index", "image", "code/31", "seal/9999"),

		"code_misses.channel": longest(models.ChannelPublic, models.ChannelAPI, models.ChannelFile), "code_misses.reason": longest(models.ReasonWithdrawn, models.ReasonUnknownKey),

		"confirmations.name": 64,

		"code_miss_flushes.id": 36,

		"cache_epochs.name": 10, "cache_epochs.holder": 24,

		"users.id": userID, "grants.user_id": userID, "grants.granted_by": actor, "sessions.user_id": userID,
		"grants.role": longest(models.RoleInspector, models.RoleEmployer, models.RoleHolder, models.RoleRegistrar),

		"scans.id": 36, "scans.user_id": userID, "scans.note": models.MaxNoteLength,
		"scans.channel": longest(models.ChannelPublic, models.ChannelAPI, models.ChannelFile),
		"scans.document_status": longest(models.DocumentForged, models.DocumentUnknown, models.DocumentWithdrawn,
			models.DocumentExpired, models.DocumentOutdated, models.DocumentValid),
		"scans.document_reason": longest(models.ReasonBadSignature, models.ReasonNotOurs, models.ReasonUnreadable, models.ReasonUnknownKey,
			models.ReasonNoRecord, models.ReasonKeyRevoked, models.ReasonWithdrawn, models.ReasonUsePassed, models.ReasonChanged, models.ReasonGenuine),
		"scans.registration_status": longest(models.RegistrationInForce, models.RegistrationNotYet, models.RegistrationExpired,
			models.RegistrationSuspended, models.RegistrationCancelled, models.RegistrationWithdrawn, models.RegistrationRevoked),
		"scans.facts_source": longest(models.SourceNone, models.SourceCache, models.SourceDatabase),
	}
}

// types are the columns that can hold a field, by the field's Go type. The two dialects name them
// differently; a sealed text is longer than what it seals.
var types = map[string][]string{
	"date": {"date", "TEXT"}, "text": {"varchar", "char", "TEXT"}, "blob": {"binary", "varbinary", "BLOB"},
	"int64": {"bigint", "INTEGER"}, "uint8": {"tinyint unsigned", "INTEGER"},
	"bool": {"tinyint", "INTEGER"}, "int32": {"smallint", "int", "bigint", "INTEGER"}, // hundredths of a degree
}

func class(f reflect.Type) string {
	if f.Kind() == reflect.Pointer {
		f = f.Elem()
	}
	switch {
	case f == reflect.TypeFor[models.Date]():
		return "date"
	case f == reflect.TypeFor[models.CertificateID](), f == reflect.TypeFor[models.FileDigest](), f == reflect.TypeFor[[]byte]():
		return "blob"
	case f.Kind() == reflect.String:
		return "text"
	}
	return f.Kind().String()
}

// column is one column as a database describes it.
type column struct {
	kind      string
	null      bool
	length    int    // of a text, where it is bounded
	collation string // of a text, where there are several
}

// The models and the tables of both dialects must agree: GORM would find out at the first statement only,
// and a column that is too narrow at the first long name.
func TestSchemaFitsTheModels(t *testing.T) {
	shapes := map[string]shape{}
	for _, d := range dialects {
		p := d.migrated(t)
		s := p.sqliteShape
		if p.options.Driver == "mysql" {
			s = p.mysqlShape
		}
		shapes[d.name] = s()
		t.Run(d.name, func(t *testing.T) { shapes[d.name].fits(t) })
	}
	a, b := shapes["SQLite"], shapes["MariaDB"]
	for what, pair := range map[string][2][]string{
		"unique keys": {a.unique, b.unique}, "indexes": {a.indexes, b.indexes}, "foreign keys": {a.foreign, b.foreign},
		"tables": {slices.Sorted(maps.Keys(a.tables)), slices.Sorted(maps.Keys(b.tables))},
	} {
		if !slices.Equal(pair[0], pair[1]) || len(pair[0]) == 0 {
			t.Errorf("%s differ:\nSQLite  %q\nMariaDB %q", what, pair[0], pair[1])
		}
	}
}

func (s shape) fits(t *testing.T) {
	rooms := room()
	var known []string
	for i, model := range stored {
		parsed, err := schema.Parse(model, &sync.Map{}, schema.NamingStrategy{})
		testkit.Must(t, err)
		if parsed.Table != tables[i] {
			t.Errorf("%T lives in %s, want %s", model, parsed.Table, tables[i])
		}
		columns := s.tables[parsed.Table]
		if got, want := slices.Sorted(maps.Keys(columns)), slices.Sorted(slices.Values(parsed.DBNames)); !slices.Equal(got, want) {
			t.Errorf("%s has the columns %q, its model %q", parsed.Table, got, want)
			continue
		}
		known = append(known, parsed.Table)
		for _, f := range parsed.Fields {
			if f.DBName == "" {
				continue
			}
			name, c, kind := parsed.Table+"."+f.DBName, columns[f.DBName], class(f.FieldType)
			if !slices.Contains(types[kind], c.kind) {
				t.Errorf("%s is %s, for a %s", name, c.kind, kind)
			}
			if want := f.FieldType.Kind() == reflect.Pointer || slices.Contains(mayBeNone, name); c.null != want {
				t.Errorf("%s: NULL allowed %t, want %t", name, c.null, want)
			}
			if kind != "text" {
				continue
			}
			need, ok := rooms[name]
			if !ok || (c.length > 0 && c.length < need) {
				t.Errorf("%s has room for %d characters, want %d (listed: %t)", name, c.length, need, ok)
			}
			if c.collation != "" && c.collation != "utf8mb4_bin" {
				t.Errorf("%s compares by %s", name, c.collation)
			}
			delete(rooms, name)
		}
	}
	if len(rooms) > 0 {
		t.Errorf("no such columns any more: %v", slices.Sorted(maps.Keys(rooms)))
	}
	if all := slices.Sorted(maps.Keys(s.tables)); !slices.Equal(all, slices.Sorted(slices.Values(known))) {
		t.Errorf("tables %q, models for %q", all, known)
	}
}

package models

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

func TestErrorIsComparesByCode(t *testing.T) {
	declared := NewError(KindRule, "some_code", "中文", "English")
	made := declared.Because(io.ErrUnexpectedEOF).On("field").RetryIn(time.Second)
	wrapped := fmt.Errorf("while testing: %w", made)
	for _, err := range []error{declared, made, wrapped} {
		if !errors.Is(err, declared) {
			t.Errorf("%v is no longer the declared error", err)
		}
		if errors.Is(err, ErrInternal) {
			t.Errorf("%v is another error as well", err)
		}
	}
	if !errors.Is(wrapped, io.ErrUnexpectedEOF) || errors.Is(declared, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost, or leaked into the declared error")
	}
	if errors.Is(made, errors.New("some_code")) {
		t.Error("a foreign error with the same text is not ours")
	}
}

// A declared error is shared by every request, so what one of them adds must stay with it.
func TestErrorMethodsCopy(t *testing.T) {
	declared := NewError(KindTooMany, "some_code", "中文", "English")
	before := *declared
	a, b := declared.On("a"), declared.On("b")
	_ = declared.Because(io.EOF)
	_ = declared.RetryIn(time.Minute)
	if *declared != before {
		t.Errorf("the declared error became %+v", *declared)
	}
	if a.Field != "a" || b.Field != "b" {
		t.Errorf("fields %q, %q", a.Field, b.Field)
	}
	full := declared.Because(io.EOF).On("f").RetryIn(time.Minute)
	if full.Field != "f" || full.RetryAfter != time.Minute || !errors.Is(full.Unwrap(), io.EOF) ||
		full.Kind != KindTooMany || full.Message != declared.Message {
		t.Errorf("one method undid another: %+v", full)
	}
}

func TestErrorText(t *testing.T) {
	e := NewError(KindRule, "some_code", "中文", "English")
	if e.Error() != "some_code" || e.Because(io.EOF).Error() != "some_code: EOF" || e.Unwrap() != nil {
		t.Errorf("%q, %q", e.Error(), e.Because(io.EOF).Error())
	}
}

func TestAsError(t *testing.T) {
	own := ErrNotFound.Because(io.EOF)
	if got := AsError(fmt.Errorf("outer: %w", own)); got != own {
		t.Errorf("our own error became %v", got)
	}
	foreign := errors.New("dial tcp 10.0.0.1: secret")
	got := AsError(foreign)
	if !errors.Is(got, ErrInternal) || got.Kind != KindInternal || !errors.Is(got, foreign) {
		t.Errorf("a foreign error became %v", got)
	}
	if got.Message != ErrInternal.Message {
		t.Errorf("its text would leave the process: %+v", got.Message)
	}
	if ErrInternal.Unwrap() != nil {
		t.Error("the shared error kept a cause")
	}
}

// The code is the identity of an error, so two declarations may not share one.
func TestErrorCodesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range []*Error{
		ErrInternal, ErrNotFound, ErrForbidden, ErrUnavailable, ErrConflict, ErrDate, ErrCategory, ErrEndorseBarred,
		ErrIDType, ErrIDNumber, ErrIDBirth, ErrEmployerCode, ErrPaperField, ErrSex, ErrValidity, ErrState, ErrPlace,
		ErrSignatureFinding, ErrName, ErrEmployer, ErrSpecialty, ErrCertificateNumber, ErrSealNumber, ErrRole,
		ErrWouldRestore, ErrHolderDiffers, ErrPersonDiffers, ErrAmbiguous,
	} {
		if seen[e.Code] || e.Code == "" || e.Message.ZH == "" || e.Message.EN == "" {
			t.Errorf("%+v: used twice, or without words", e)
		}
		seen[e.Code] = true
	}
}

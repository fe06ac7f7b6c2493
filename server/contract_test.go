package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"
)

// contract is miniprogram-api/openapi.yaml, read once.
var contract = sync.OnceValue(func() *openAPI {
	raw, err := os.ReadFile("../miniprogram-api/openapi.yaml")
	if err != nil {
		panic(err)
	}
	document, err := libopenapi.NewDocument(raw)
	if err != nil {
		panic(err)
	}
	model, err := document.BuildV3Model()
	if err != nil {
		panic(err)
	}
	v, faults := validator.NewValidator(document, config.WithFormatAssertions())
	if len(faults) > 0 {
		panic(fmt.Sprint(faults))
	}
	return &openAPI{raw: raw, model: &model.Model, validator: v, seen: map[string]bool{}}
})

// openAPI holds answers against the contract and remembers which of its promises were seen.
type openAPI struct {
	raw   []byte
	model *v3.Document

	mu        sync.Mutex // the validator's caches are not asked to be safe
	validator validator.Validator
	seen      map[string]bool // "GET /v/{code} 200 text/html"
}

// secured are the headers that every answer carries, over and above those of the contract.
var secured = map[string]string{
	"X-Content-Type-Options":     "nosniff",
	"X-Frame-Options":            "DENY",
	"Referrer-Policy":            "no-referrer",
	"Cross-Origin-Opener-Policy": "same-origin",
}

// common are headers that need no promise.
var common = []string{
	"Date", "Content-Length", "Content-Type", "Connection", "Content-Security-Policy", "Cross-Origin-Resource-Policy",
	"X-Request-Id", "Cache-Control",
}

// check gives everything in which an answer breaks the contract.
func (o *openAPI) check(r *http.Request, res *http.Response, body []byte) (faults []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	where, item := o.route(r, res, body)
	operation := item.GetOperations().GetOrZero(strings.ToLower(r.Method))
	promise := operation.Responses.Codes.GetOrZero(strconv.Itoa(res.StatusCode))
	if promise == nil {
		return []string{fmt.Sprintf("%s: status %d is not in the contract", where, res.StatusCode)}
	}
	for name, want := range secured {
		if got := res.Header.Get(name); got != want {
			faults = append(faults, fmt.Sprintf("header %s is %q, want %q", name, got, want))
		}
	}
	for name := range res.Header {
		if _, ok := secured[name]; !ok && !slices.Contains(common, name) && !promised(promise, name) {
			faults = append(faults, "header "+name+" is not in the contract")
		}
	}
	media, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	switch {
	case orderedmap.Len(promise.Content) == 0 && len(body) > 0:
		faults = append(faults, "a body where the contract has none")
	case orderedmap.Len(promise.Content) == 0:
		media = ""
	case promise.Content.GetOrZero(media) == nil:
		return append(faults, fmt.Sprintf("%s %d: media type %q is not in the contract", where, res.StatusCode, media))
	case media == "text/html" && !bytes.HasPrefix(body, []byte("<!DOCTYPE html>")):
		faults = append(faults, "no HTML page")
	}
	o.seen[key(where, strconv.Itoa(res.StatusCode), media)] = true
	answer := *res
	answer.Body = io.NopCloser(bytes.NewReader(body))
	_, errs := o.validator.GetResponseBodyValidator().ValidateResponseBodyWithPathItem(r, &answer, item, where)
	for _, e := range errs {
		faults = append(faults, e.Message+": "+e.Reason)
		for _, s := range e.SchemaValidationErrors {
			faults = append(faults, "  "+s.FieldPath+": "+s.Reason)
		}
	}
	if media == "application/problem+json" {
		faults = append(faults, problemFaults(res, body)...)
	}
	return faults
}

func promised(r *v3.Response, header string) bool {
	for name := range r.Headers.KeysFromOldest() {
		if strings.EqualFold(name, header) {
			return true
		}
	}
	return false
}

func key(where, status, media string) string {
	return strings.TrimSpace(where + " " + status + " " + media)
}

// route finds the operation that a request is for. The three answers of the server itself have no operation in the
// contract, so they get one here.
func (o *openAPI) route(r *http.Request, res *http.Response, body []byte) (where string, item *v3.PathItem) {
	template, item := "", (*v3.PathItem)(nil)
	for name, candidate := range o.model.Paths.PathItems.FromOldest() {
		if fits(name, r.URL.Path) && (item == nil || strings.HasSuffix(name, ".txt")) {
			template, item = name, candidate
		}
	}
	own := func(name string, status int) (string, *v3.PathItem) {
		codes := orderedmap.New[string, *v3.Response]()
		codes.Set(strconv.Itoa(status), o.model.Components.Responses.GetOrZero(name))
		operation := &v3.Operation{Responses: &v3.Responses{Codes: codes}}
		return name, &v3.PathItem{Get: operation, Head: operation, Post: operation, Put: operation, Delete: operation, Options: operation, Patch: operation}
	}
	switch {
	case res.StatusCode == http.StatusForbidden && bytes.Contains(body, []byte(`"host_refused"`)):
		return own("HostRefused", http.StatusForbidden)
	case item == nil:
		return own("NoSuchAddress", http.StatusNotFound)
	case item.GetOperations().GetOrZero(strings.ToLower(r.Method)) == nil:
		return own("MethodNotAllowed", http.StatusMethodNotAllowed)
	}
	return r.Method + " " + template, item
}

// fits tells whether a path is one of a template's, whose parameter is all of a segment but perhaps its end.
func fits(template, path string) bool {
	before, rest, parameter := strings.Cut(template, "{")
	if !parameter {
		return template == path
	}
	_, after, _ := strings.Cut(rest, "}")
	middle, ok := strings.CutPrefix(path, before)
	if !ok {
		return false
	}
	middle, ok = strings.CutSuffix(middle, after)
	return ok && middle != "" && !strings.Contains(middle, "/")
}

// problemFaults holds what a schema cannot say of a problem document: that it says the same as the headers.
func problemFaults(res *http.Response, body []byte) (faults []string) {
	var p struct {
		Status    int    `json:"status"`
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return []string{err.Error()}
	}
	if p.Status != res.StatusCode {
		faults = append(faults, fmt.Sprintf("the problem says %d, the status is %d", p.Status, res.StatusCode))
	}
	if p.RequestID != res.Header.Get("X-Request-Id") {
		faults = append(faults, "the problem has another request id than the header")
	}
	return faults
}

// unseen lists the promises of the contract that no test saw kept. Every one can be brought about, so none is excused.
func unseen() (faults []string) {
	o := contract()
	o.mu.Lock()
	defer o.mu.Unlock()
	want := func(where, status string, r *v3.Response) {
		if orderedmap.Len(r.Content) == 0 && !o.seen[key(where, status, "")] {
			faults = append(faults, "no test saw "+key(where, status, ""))
		}
		for media := range r.Content.KeysFromOldest() {
			if !o.seen[key(where, status, media)] {
				faults = append(faults, "no test saw "+key(where, status, media))
			}
		}
	}
	for template, item := range o.model.Paths.PathItems.FromOldest() {
		for method, operation := range item.GetOperations().FromOldest() {
			for status, r := range operation.Responses.Codes.FromOldest() {
				want(strings.ToUpper(method)+" "+template, status, r)
			}
		}
	}
	for name, status := range map[string]string{"NoSuchAddress": "404", "MethodNotAllowed": "405", "HostRefused": "403"} {
		want(name, status, o.model.Components.Responses.GetOrZero(name))
	}
	return faults
}

// watched is a way to the server on which every answer is held against the contract, and kept for the search for secrets.
type watched struct {
	t    testing.TB
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	recordAnswer(r, res, body)
	for _, fault := range contract().check(r, res, body) {
		w.t.Errorf("%s %s → %d breaks the contract: %s\n%.2000s", r.Method, r.URL.Path, res.StatusCode, fault, body)
	}
	return res, nil
}

// Package miniprogram is the HTTP surface for the mini-program and for other systems; openapi.yaml
// beside it is its contract, and a test holds every answer against it.
//
// Its promise: a field leaves only where the table "who may see what" lets it. Its one rule: domain
// types never become JSON; every answer has a type of its own here.
package miniprogram

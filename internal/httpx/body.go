package httpx

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"yanzheng/models"
)

// ReadJSON reads the body, which Limit has bounded, as exactly one JSON value with no unknown members,
// whatever Content-Type says of it: nothing else is ever read here.
func ReadJSON(c *gin.Context, into any) error {
	d := json.NewDecoder(c.Request.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return bodyError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return bodyError(err)
	}
	return nil
}

func bodyError(err error) error {
	var large *http.MaxBytesError
	var field *json.UnmarshalTypeError
	switch {
	case errors.As(err, &large):
		return ErrBodyTooLarge
	case errors.As(err, &field) && field.Field != "":
		return errNotJSON.On(field.Field)
	case err != nil && strings.HasPrefix(err.Error(), unknownMember):
		return unknown(err)
	}
	return errNotJSON
}

// unknownMember begins what encoding/json says of a member that it does not know; the member's name follows in quotes. It
// has no type of its own for that.
const unknownMember = "json: unknown field "

// memberName is what a name must look like to be repeated: nothing but a slip of somebody who writes a client.
var memberName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,40}$`)

// unknown names the member that nobody knows.
func unknown(err error) error {
	name, bad := strconv.Unquote(strings.TrimPrefix(err.Error(), unknownMember))
	if bad != nil || !memberName.MatchString(name) {
		return errMember
	}
	e := errMember.On(name)
	e.Message = models.Text{ZH: e.Message.ZH + "：" + name, EN: e.Message.EN + ": " + name}
	return e
}

// WriteJSON answers with a value: 200, unless another status was set before.
func WriteJSON(c *gin.Context, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		Fail(c, err)
		return
	}
	c.Data(c.Writer.Status(), "application/json; charset=utf-8", append(body, '\n'))
}

// The answers of the edge itself.
var (
	ErrBodyTooLarge = models.NewError(models.KindTooLarge, "body_too_large", "请求内容过大", "The request body is too large")
	ErrNoRoute      = models.NewError(models.KindNotFound, "no_such_address", "没有此地址", "There is nothing at this address")
	errNotJSON      = models.NewError(models.KindMalformed, "body_not_json", "请求内容不是所要求的 JSON", "The body is not the JSON that is asked for")
	errMember       = models.NewError(models.KindMalformed, "member_unknown", "请求内容中有未知的字段", "The body has a member that is not known")
	errHost         = models.NewError(models.KindForbidden, "host_refused", "不接受此主机名的请求", "Requests for this host are refused")
)

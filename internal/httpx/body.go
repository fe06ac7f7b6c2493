package httpx

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

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
	}
	return errNotJSON
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
	errHost         = models.NewError(models.KindForbidden, "host_refused", "不接受此主机名的请求", "Requests for this host are refused")
)

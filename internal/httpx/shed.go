package httpx

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"yanzheng/models"
)

// Ceiling refuses requests of an address that allow has an error for; Locate stands before it.
func Ceiling(allow func(address string) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := allow(Address(c)); err != nil {
			Fail(c, err)
		}
	}
}

// Shed answers 503 at once when so many requests are being answered already: a queue would only make all of them late.
// It logs nothing, as it is called for when there is no time for anything; shed hears of each.
func Shed(atOnce int, shed func()) gin.HandlerFunc {
	places := make(chan struct{}, atOnce)
	return func(c *gin.Context) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			c.Next()
		default:
			shed()
			c.Header("Retry-After", strconv.Itoa(int(models.ErrUnavailable.RetryAfter.Seconds())))
			write(c, ProblemOf(models.ErrUnavailable, RequestID(c)))
		}
	}
}

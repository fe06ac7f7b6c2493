package httpx

import (
	"net/netip"

	"github.com/gin-gonic/gin"
)

const addressKey = "address"

// Locate finds out, once for every request, which address it comes from; see ClientIP.
func Locate(trusted []netip.Prefix) gin.HandlerFunc {
	return func(c *gin.Context) { c.Set(addressKey, ClientIP(c.Request, trusted).String()) }
}

// Address gives the address that Locate found.
func Address(c *gin.Context) string { return c.GetString(addressKey) }

package miniprogram

import (
	"context"
	"strconv"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/holder"
	"yanzheng/internal/httpx"
	"yanzheng/internal/session"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// Gate is where logged-in users pass who do not scan.
type Gate interface {
	// Enter tells whom a token stands for, and holds user and address against their limits for that purpose.
	Enter(ctx context.Context, token, address string, purpose verify.Purpose) (models.Identity, error)
	// Pass holds an address without a log-in against its limit.
	Pass(ctx context.Context, address string) error
}

// Own is what stands behind the part of the surface that is a user's own, a registrar's and an inspector's.
type Own struct {
	Gate       Gate
	Holder     *holder.Service
	Gallery    *holder.Gallery
	Inspection *holder.Inspection
	Account    *session.Account
	Wallet     Wallet

	MaxUpload int64 // bytes of an image
	LooksDays int   // how long scans are kept
	LogInDays int   // how long log-ins are kept
}

// registerOwn adds the addresses.
func (a *API) registerOwn(r, v1 gin.IRouter) {
	v1.GET("/me", a.entered(verify.ForAccount, a.me))
	v1.POST("/me/binding", a.entered(verify.ForAccount, a.bind))
	v1.GET("/me/looks", a.entered(verify.ForAccount, a.looks))
	v1.GET("/me/sessions", a.entered(verify.ForAccount, a.sessionList))
	v1.DELETE("/me/sessions", a.entered(verify.ForAccount, a.endSessions))
	v1.DELETE("/me/sessions/:id", a.entered(verify.ForAccount, a.endSession))
	v1.GET("/me/logins", a.entered(verify.ForAccount, a.logins))
	v1.GET("/me/photo", a.entered(verify.ForAccount, a.ownPicture(models.ImagePhoto)))
	v1.GET("/me/signature", a.entered(verify.ForAccount, a.ownPicture(models.ImageSignature)))
	v1.GET("/photos/:token", a.photo)
	v1.POST("/scans/:scan_id/signature", a.as(models.RoleInspector, a.signature))
	v1.GET("/registrar/images", a.as(models.RoleRegistrar, a.pendingImages))
	v1.GET("/registrar/images/:id", a.as(models.RoleRegistrar, a.pendingImage))
	v1.POST("/registrar/images/:id/decision", a.as(models.RoleRegistrar, a.decideImage))
	v1.GET("/registrar/claims", a.as(models.RoleRegistrar, a.claims))
	v1.POST("/registrar/claims/:id/decision", a.as(models.RoleRegistrar, a.decideClaim))
	v1.POST("/registrar/locks/release", a.as(models.RoleRegistrar, a.releaseLocks))
	a.registerCertificates(v1)
	// An image is larger than any JSON, so these bound their bodies themselves.
	r.POST("/api/v1/me/photo", a.entered(verify.ForUpload, a.upload(models.ImagePhoto)))
	r.POST("/api/v1/me/signature", a.entered(verify.ForUpload, a.upload(models.ImageSignature)))
}

// entered lets logged-in users in.
func (a *API) entered(purpose verify.Purpose, f func(c *gin.Context, user models.Identity)) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, err := bearer(c)
		if err != nil {
			httpx.Fail(c, err)
			return
		}
		user, err := a.own.Gate.Enter(c.Request.Context(), token, httpx.Address(c), purpose)
		if err != nil {
			httpx.Fail(c, err)
			return
		}
		f(c, user)
	}
}

// as lets users of a role in.
func (a *API) as(role models.Role, f func(c *gin.Context, user models.Identity)) gin.HandlerFunc {
	return a.entered(verify.ForAccount, func(c *gin.Context, user models.Identity) {
		if !user.Has(role) {
			httpx.Fail(c, models.ErrForbidden)
			return
		}
		f(c, user)
	})
}

// answer writes what came of a question.
func answer(c *gin.Context, v any, err error) {
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	httpx.WriteJSON(c, v)
}

// The sizes of a page.
const (
	pageSize    = 20
	maxPageSize = 100
)

// page reads which part of a list is asked for.
func page(c *gin.Context) (cursor string, limit int, err error) {
	limit = pageSize
	if text := c.Query("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxPageSize {
			return "", 0, errLimit
		}
	}
	return c.Query("cursor"), limit, nil
}

// numbered is page for lists whose cursor is a number.
func numbered(c *gin.Context) (cursor int64, limit int, err error) {
	text, limit, err := page(c)
	if err != nil || text == "" {
		return 0, limit, err
	}
	if cursor, err = strconv.ParseInt(text, 10, 64); err != nil || cursor < 1 {
		return 0, 0, holder.ErrCursor
	}
	return cursor, limit, nil
}

// cut gives a page's items of one more that were asked for, and the cursor of the next page, empty where there is none.
func cut[T any](items []T, limit int, cursor func(T) string) (page []T, next string) {
	if len(items) <= limit {
		return items, ""
	}
	return items[:limit], cursor(items[limit-1])
}

// number reads the number of a case in an address.
func number(c *gin.Context) (int64, error) {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || n < 1 {
		return 0, holder.ErrNoSuchCase
	}
	return n, nil
}

// propagated writes the contract's words: true, or "pending" while the relay has it to do.
func propagated(done bool) any {
	if done {
		return true
	}
	return "pending"
}

var errLimit = models.NewError(models.KindRule, "limit_invalid", "每页数量应为 1 到 100", "A page has 1 to 100 items").On("limit")

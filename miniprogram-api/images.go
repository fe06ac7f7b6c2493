package miniprogram

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/models"
)

// Bounds of uploads. Each takes its own size while it is read; how long that may take is the listener's to say.
const (
	uploadsAtOnce = 32
	uploadTimeout = 8 * time.Second // from when it was read to its answer: it may wait for others' pictures
	maxDrained    = 32 << 20        // of what is too large: a client that is still sending reads no answer
)

type imageState struct {
	Kind       models.ImageKind  `json:"kind"`
	State      models.ImageState `json:"state"`
	Digest     string            `json:"digest"`
	Size       int64             `json:"size"`
	UploadedAt string            `json:"uploaded_at"`
	DecidedAt  string            `json:"decided_at,omitempty"`
	Reason     string            `json:"reason,omitempty"`
}

func newImageState(i models.Image) imageState {
	return imageState{i.Kind, i.State, i.Digest, i.Size, instant(i.UploadedAt.Time()), when(i.DecidedAt), i.Reason}
}

// upload takes the image as the body itself: there is nothing around it to be read, and no name or field that could say anything.
// What it is is seen from its bytes.
func (a *API) upload(kind models.ImageKind) func(c *gin.Context, u models.Identity) {
	return func(c *gin.Context, u models.Identity) {
		if !u.Has(models.RoleHolder) {
			httpx.Fail(c, models.ErrNotHolder)
			return
		}
		select {
		case a.reading <- struct{}{}:
			defer func() { <-a.reading }()
		default:
			httpx.Fail(c, models.ErrUnavailable)
			return
		}
		raw, err := readImage(c.Request, a.own.MaxUpload)
		if err != nil {
			httpx.Fail(c, errUnread.Because(err))
			return
		}
		// A slow upload has used the request's own time up; what follows has its own.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), uploadTimeout)
		defer cancel()
		image, err := a.own.Gallery.Upload(ctx, u.UserID, kind, raw)
		answer(c, newImageState(image), err)
	}
}

// readImage reads a body, of one that is too large only so much that it can be seen.
func readImage(r *http.Request, limit int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(max(r.ContentLength, 0), limit)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(r.Body, limit+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		_, _ = io.CopyN(io.Discard, r.Body, maxDrained)
	}
	return b.Bytes(), nil
}

// ownPicture gives a holder their newest image of a kind, as it is kept.
func (a *API) ownPicture(kind models.ImageKind) func(c *gin.Context, u models.Identity) {
	return func(c *gin.Context, u models.Identity) {
		content, err := a.own.Gallery.OwnPicture(c.Request.Context(), u.UserID, kind)
		picture(c, kind, content, err)
	}
}

// picture writes an image as it is kept.
func picture(c *gin.Context, kind models.ImageKind, content []byte, err error) {
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.Data(http.StatusOK, map[models.ImageKind]string{models.ImagePhoto: "image/jpeg", models.ImageSignature: "image/png"}[kind], content)
}

// photo gives the image of a link that a scan made, once.
func (a *API) photo(c *gin.Context) {
	if err := a.own.Gate.Pass(c.Request.Context(), httpx.Address(c)); err != nil {
		httpx.Fail(c, err)
		return
	}
	content, err := a.own.Gallery.Show(c.Request.Context(), c.Param("token"))
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.Data(http.StatusOK, "image/jpeg", content)
}

var errUnread = models.NewError(models.KindRule, "body_cut", "请求内容不完整，请重新上传", "The body ended early: upload it again")

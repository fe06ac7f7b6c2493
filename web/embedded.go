package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"path"
	"strings"
)

//go:embed templates/*.html assets/*
var files embed.FS

// asset is a static file under the name that carries the hash of its content.
type asset struct {
	mediaType string
	body      []byte
}

// embedded is what comes with the program: the templates and the static files.
type embedded struct {
	templates *template.Template
	assets    map[string]asset
	style     string // addresses of the two static files
	icon      string
}

// frame is what every page has around its content.
type frame struct {
	Title string
	Tone  tone
	Style string
	Icon  string
	Demo  bool
}

func (f *frame) framing() *frame { return f }

// framed is a page's content; all embed a frame.
type framed interface{ framing() *frame }

// newEmbedded reads what is embedded. It panics on a template that does not parse: the program was built wrong.
func newEmbedded() *embedded {
	e := &embedded{assets: map[string]asset{}}
	e.style = e.add("assets/style.css", "text/css; charset=utf-8")
	e.icon = e.add("assets/icon.svg", "image/svg+xml")
	e.templates = template.Must(template.New("").ParseFS(files, "templates/*.html"))
	return e
}

// add takes in a static file and gives its address.
func (e *embedded) add(file, mediaType string) string {
	body, err := files.ReadFile(file)
	if err != nil {
		panic("web: not embedded: " + file)
	}
	sum := sha256.Sum256(body)
	extension := path.Ext(file)
	name := strings.TrimSuffix(path.Base(file), extension) + "." + hex.EncodeToString(sum[:6]) + extension
	e.assets[name] = asset{mediaType, body}
	return "/assets/" + name
}

// page makes a page in full.
func (e *embedded) page(name string, content framed, demo bool) ([]byte, error) {
	f := content.framing()
	f.Style, f.Icon, f.Demo = e.style, e.icon, demo
	var b bytes.Buffer
	if err := e.templates.ExecuteTemplate(&b, name+".html", content); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

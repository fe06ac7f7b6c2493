package config

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const maxFileBytes = 1 << 20 // of the configuration file, and of a file of certificates

// value is what was given for one setting, before it is understood.
type value struct {
	text  string            // a scalar
	list  []string          // a list
	pairs map[string]string // pairs
	line  int               // of the file; 0: from the environment
}

// settingName is what a name may look like to be repeated in a fault.
var settingName = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,80}$`)

var (
	serviceName = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\d+_(TCP|UDP|SCTP)(_.*)?)$`)
	servicePort = regexp.MustCompile(`^(tcp|udp|sctp)://`)
)

var yamlLine = regexp.MustCompile(`line (\d+)`)

// readFile takes the values of the file, and reports whether the file could be read as YAML.
func (l *loader) readFile(name string) bool {
	if name == "" {
		return true
	}
	raw, problem := readBounded(name, maxFileBytes)
	if problem != "" {
		l.fault(Fault{Text: "the configuration file " + problem})
		return false
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return true // empty, or nothing but comments
	}
	if err == nil {
		if err = decoder.Decode(&second); errors.Is(err, io.EOF) {
			return l.root(&document)
		}
	}
	if err == nil {
		l.fault(Fault{Line: second.Line, Text: "the configuration file holds more than one YAML document; keep one"})
		return false
	}
	// The parser's own words may repeat a part of the file; the line is enough.
	f := Fault{Text: "the configuration file is not YAML here or shortly before; a text with special characters needs quotes"}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		f.Line, _ = strconv.Atoi(m[1])
	}
	l.fault(f)
	return false
}

// root takes the values of a document, which must be a mapping or nothing.
func (l *loader) root(document *yaml.Node) bool {
	for _, node := range document.Content {
		switch {
		case isNull(node):
		case node.Kind == yaml.MappingNode:
			l.mapping("", node)
		default:
			l.fault(Fault{Line: node.Line, Text: "the configuration file must be a mapping of settings to values"})
			return false
		}
	}
	return true
}

// mapping takes the settings below prefix.
func (l *loader) mapping(prefix string, node *yaml.Node) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, child := node.Content[i], node.Content[i+1]
		path := prefix + key.Value
		s, known := find(path)
		switch {
		case key.Kind != yaml.ScalarNode || !settingName.MatchString(path) || strings.Contains(key.Value, "."):
			l.fault(Fault{Line: key.Line, Text: "a key that is no setting; see config/example.yaml for all of them"})
		case seen[path]:
			l.fault(Fault{Setting: path, Line: key.Line, Text: "given twice; keep one"})
		case known:
			l.take(s, child)
		case isGroup(path) && child.Kind == yaml.MappingNode:
			l.mapping(path+".", child)
		case isGroup(path) && !isNull(child):
			l.fault(Fault{Setting: path, Line: child.Line, Text: "must be a mapping of settings to values"})
		case !isGroup(path):
			l.fault(Fault{Setting: path, Line: key.Line, Text: unknownText(path+"_file", path+"_file")})
		}
		seen[path] = true
	}
}

// unknownText says what to do about an unknown setting; it is a secret's when filePath is known.
func unknownText(filePath, fileName string) string {
	if _, ok := find(filePath); ok {
		return "is read from a file only; give its path as " + fileName + ", and replace the secret if others could read it here"
	}
	return "unknown; correct or remove it (config/example.yaml shows every setting)"
}

// take takes the value of one setting from the file.
func (l *loader) take(s setting, node *yaml.Node) {
	v := value{line: node.Line}
	ok := true
	switch {
	case isNull(node):
	case node.Kind == yaml.ScalarNode:
		if ok = isPlain(node); ok {
			v, ok = split(s.form, node.Value)
			v.line = node.Line
		}
	case node.Kind == yaml.SequenceNode && s.form == list:
		for _, item := range node.Content {
			ok = ok && isPlain(item)
			v.list = append(v.list, item.Value)
		}
	case node.Kind == yaml.MappingNode && s.form == pairs:
		v.pairs = map[string]string{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			name, content := node.Content[i], node.Content[i+1]
			_, twice := v.pairs[name.Value]
			ok = ok && isPlain(name) && isPlain(content) && !twice
			v.pairs[name.Value] = content.Value
		}
	default:
		ok = false
	}
	l.put(s, v, ok)
}

// readEnvironment takes the values of the environment, over those of the file.
func (l *loader) readEnvironment(environ []string) {
	given := map[string]string{}
	for _, entry := range environ {
		if name, text, ok := strings.Cut(entry, "="); ok && strings.HasPrefix(name, envPrefix) {
			given[name] = text // of a name given twice the last counts, as in os/exec
		}
	}
	delete(given, FileVariable)
	for _, s := range table {
		name := envName(s.path)
		if text := given[name]; text != "" {
			delete(l.values, s.path)
			delete(l.broken, s.path)
			v, ok := split(s.form, text)
			l.put(s, v, ok)
		}
		delete(given, name)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch {
		case foreign(name, given[name]):
		case settingName.MatchString(name):
			l.fault(Fault{Env: name, Text: unknownText(secretPath(name), name+"_FILE")})
		default:
			l.fault(Fault{Text: "the environment holds a variable beginning with " + envPrefix + " that is no setting; remove it"})
		}
	}
}

// secretPath gives the path of the setting that names a file for what was given as a secret itself.
func secretPath(name string) string {
	for _, s := range table {
		if envName(s.path) == name+"_FILE" {
			return s.path
		}
	}
	return ""
}

// foreign says whether a variable is none of ours: the project's tests read YANZHENG_TEST_…, and
// Kubernetes gives every pod, unasked, YANZHENG_PORT=tcp://…, YANZHENG_SERVICE_HOST, YANZHENG_PORT_80_TCP …
// for a service that is called yanzheng or yanzheng-….
func foreign(name, text string) bool {
	return strings.HasPrefix(name, envPrefix+"TEST_") || serviceName.MatchString(name) ||
		strings.HasSuffix(name, "_PORT") && servicePort.MatchString(text)
}

// put keeps a value, unless there is nothing in it.
func (l *loader) put(s setting, v value, ok bool) {
	if !ok {
		l.values[s.path] = value{line: v.line} // counts as given, so that it is not missing as well
		l.wrong(s.path)
		return
	}
	if v.text != "" || len(v.list) > 0 || len(v.pairs) > 0 {
		l.values[s.path] = v
	}
}

// split reads a text in the form of the environment: comma-separated where the setting is a list.
func split(f form, text string) (value, bool) {
	if f == scalar {
		return value{text: text}, true
	}
	v := value{pairs: map[string]string{}}
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		if f == list {
			v.list = append(v.list, item)
			continue
		}
		name, content, ok := strings.Cut(item, "=")
		if _, twice := v.pairs[name]; !ok || twice {
			return v, false
		}
		v.pairs[name] = content
	}
	return v, true
}

// isNull says whether nothing was given.
func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

// isPlain says whether the node is a text as it stands: no alias, no nesting, no tag.
func isPlain(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Style&yaml.TaggedStyle == 0
}

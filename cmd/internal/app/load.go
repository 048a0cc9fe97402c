package app

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	kyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"
)

// Fault is one thing wrong with a configuration file.
type Fault struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Path string `json:"path"`
	What string `json:"what"` // what is wrong, and the mend
}

// String returns file:line: path: what.
func (f Fault) String() string {
	if f.Path == "" {
		return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What)
	}
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Path, f.What)
}

// Faults is all that is wrong with a configuration file.
type Faults []Fault

// Error returns one line per fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Load reads and checks a configuration file. Its error is Faults where the file could be read.
func Load(file string) (*Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(file, text)
}

// Parse reads and checks a configuration; file is for messages.
func Parse(file string, text []byte) (*Config, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, Faults{yamlFault(file, err)}
	}
	at := lines{file: file, byPath: map[string]int{}}
	if len(root.Content) > 0 {
		if root.Content[0].Kind != yaml.MappingNode {
			return nil, Faults{{File: file, Line: 1, What: "not a configuration; want keys such as node: and smscs:"}}
		}
		at.walk(root.Content[0], reflect.TypeFor[Config](), "")
	}
	if len(at.faults) > 0 {
		return nil, at.faults
	}
	k := koanf.New(".")
	if err := k.Load(rawbytes.Provider(text), kyaml.Parser()); err != nil {
		return nil, Faults{yamlFault(file, err)}
	}
	var cfg Config
	err := k.UnmarshalWithConf("", &cfg, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		DecodeHook: mapstructure.StringToTimeDurationHookFunc(), Result: &cfg, TagName: "koanf",
	}})
	if err != nil {
		return nil, at.typeFaults(err)
	}
	cfg.withDefaults(&at)
	if faults := cfg.check(&at); len(faults) > 0 {
		return nil, faults
	}
	return &cfg, nil
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

func yamlFault(file string, err error) Fault {
	text := err.Error()
	if strings.Contains(text, "unknown anchor") { // its name is the value, which may be a password
		return Fault{File: file, Line: 1, What: "not YAML: a value begins with *; put it in quotes"}
	}
	f := Fault{File: file, Line: 1, What: strings.TrimPrefix(text, "yaml: ")}
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		f.Line, _ = strconv.Atoi(m[1])
		f.What = "not YAML: " + m[2]
	}
	return f
}

// lines remembers on which line each key of the file stands, and finds keys that Config does not have.
type lines struct {
	file   string
	byPath map[string]int
	faults Faults
}

func (l *lines) walk(n *yaml.Node, t reflect.Type, path string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if _, seen := l.byPath[path]; !seen {
		l.byPath[path] = n.Line
	}
	switch {
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		l.walkStruct(n, t, path)
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for i, c := range n.Content {
			l.walk(c, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
		}
	}
}

func (l *lines) walkStruct(n *yaml.Node, t reflect.Type, path string) {
	known := map[string]reflect.Type{}
	for f := range t.Fields() {
		known[f.Tag.Get("koanf")] = f.Type
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		child := strings.TrimPrefix(path+"."+key.Value, ".")
		l.byPath[child] = key.Line
		if ft, ok := known[key.Value]; ok {
			l.walk(n.Content[i+1], ft, child)
			continue
		}
		l.add(child, "unknown key; it is one of "+strings.Join(sortedKeys(known), ", "))
	}
}

func sortedKeys(m map[string]reflect.Type) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// add notes a fault at a path, on the line of the path or of its nearest parent that is in the file.
func (l *lines) add(path, what string) {
	line, at := 0, path
	for line == 0 {
		line = l.byPath[at]
		cut := strings.LastIndexAny(at, ".[")
		if cut < 0 {
			break
		}
		at = at[:cut]
	}
	l.faults = append(l.faults, Fault{File: l.file, Line: max(line, 1), Path: path, What: what})
}

var quotedPath = regexp.MustCompile(`'([^']+)' (.*)`)

// typeFaults turns the decoder's words into faults with lines.
func (l *lines) typeFaults(err error) Faults {
	for _, line := range strings.Split(err.Error(), "\n") {
		if m := quotedPath.FindStringSubmatch(line); m != nil {
			l.add(m[1], plainType(m[2]))
		}
	}
	if len(l.faults) == 0 {
		l.add("", err.Error())
	}
	return l.faults
}

var unconvertible = regexp.MustCompile(`expected type '([^']+)', got unconvertible type '([^']+)'`)

// plainType words the decoder's complaint about a value of the wrong type; the value itself may be a password.
func plainType(what string) string {
	m := unconvertible.FindStringSubmatch(what)
	if m == nil {
		return what
	}
	want, have := typeName(m[1]), typeName(m[2])
	if want == "text" && have != "a list" && have != "a mapping" {
		return "want text, have " + have + "; put it in quotes"
	}
	return "want " + want + ", have " + have
}

// typeName says for people what a Go type is in the file; types of package sms are text there.
func typeName(t string) string {
	switch {
	case t == "string" || strings.HasPrefix(t, "sms."):
		return "text"
	case t == "float64":
		return "a number"
	case t == "int":
		return "a whole number"
	case t == "bool":
		return "true or false"
	case t == "time.Duration":
		return "a time with its unit, such as 10s"
	case strings.HasPrefix(t, "[]"):
		return "a list"
	case strings.HasPrefix(t, "map["):
		return "a mapping"
	}
	return t
}

// errNoSecret says that none of the ways to give a password was used.
var errNoSecret = errors.New("no password: set password_env or password_file")

// secret reads a password from where the configuration says: environment, file or, for tests, the file itself.
func secret(direct, env, file string) (string, error) {
	switch {
	case env != "":
		v, ok := os.LookupEnv(env)
		if !ok || v == "" {
			return "", fmt.Errorf("environment variable %s is not set: set it to the password", env)
		}
		return v, nil
	case file != "":
		b, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("read password file: %w", err)
		}
		v := strings.TrimRight(string(b), "\r\n")
		if v == "" { // an account without a password would be open to all
			return "", fmt.Errorf("password file %s is empty: write the password into it", file)
		}
		return v, nil
	case direct != "":
		return direct, nil
	}
	return "", errNoSecret
}

// syncInterval reads nats.sync: 0 for always.
func syncInterval(s string) (time.Duration, error) {
	if s == "always" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is neither \"always\" nor an interval such as 100ms", s)
	}
	return d, nil
}

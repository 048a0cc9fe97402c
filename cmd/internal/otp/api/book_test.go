package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	documents "harkara/deploy/api"
)

// object is a JSON object of a document.
type object = map[string]any

// documentBase is where the documents stand for references between them; nothing is ever fetched from there.
const documentBase = "https://gateway.example/v1/"

// book is both documents, and a compiler that knows them.
type book struct {
	docs     map[string]object // by file name
	compiler *jsonschema.Compiler
}

func openBook(t *testing.T) *book {
	t.Helper()
	b := &book{docs: map[string]object{}, compiler: jsonschema.NewCompiler()}
	b.compiler.AssertFormat()
	for name, source := range map[string][]byte{"openapi.yaml": documents.OpenAPI, "asyncapi.yaml": documents.AsyncAPI} {
		var read any
		if err := yaml.Unmarshal(source, &read); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		asJSON, err := json.Marshal(read)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b.docs[name] = doc.(object)
		if err := b.compiler.AddResource(documentBase+name, doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return b
}

// find returns what stands at a place, "openapi.yaml#/components/schemas/Error"; nil: nothing.
func (b *book) find(place string) any {
	file, pointer, _ := strings.Cut(place, "#/")
	var at any = b.docs[file]
	for step := range strings.SplitSeq(pointer, "/") {
		inside, ok := at.(object)
		if !ok {
			return nil
		}
		at = inside[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
	}
	return at
}

// follow returns what a place leads to by its references, and where that is.
func (b *book) follow(place string) (object, string) {
	at, _ := b.find(place).(object)
	for {
		to, ok := at["$ref"].(string)
		if !ok {
			return at, place
		}
		if strings.HasPrefix(to, "#") {
			file, _, _ := strings.Cut(place, "#")
			to = file + to
		}
		place = to
		at, _ = b.find(place).(object)
	}
}

func (b *book) objectAt(t *testing.T, place string) object {
	t.Helper()
	at, _ := b.follow(place)
	if at == nil {
		t.Fatalf("there is no %s", place)
	}
	return at
}

// validate holds a value against the schema at a place.
func (b *book) validate(t *testing.T, place string, value []byte) error {
	t.Helper()
	schema, err := b.compiler.Compile(documentBase + place)
	if err != nil {
		t.Fatalf("%s is no schema: %v", place, err)
	}
	read, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return err
	}
	return schema.Validate(read)
}

func keysOf(o object) []string { return slices.Sorted(maps.Keys(o)) }

func texts(list any) (all []string) {
	entries, _ := list.([]any)
	for _, e := range entries {
		all = append(all, e.(string))
	}
	slices.Sort(all)
	return all
}

func jsonName(tag string) string {
	name, _, _ := strings.Cut(tag, ",")
	return name
}

// walk calls visit for each object below a place.
func walk(at any, place string, visit func(at object, place string)) {
	switch v := at.(type) {
	case object:
		visit(v, place)
		for name, inner := range v {
			walk(inner, place+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), visit)
		}
	case []any:
		for _, inner := range v {
			walk(inner, place, visit) // only ever objects without places of their own: allOf, messages
		}
	}
}

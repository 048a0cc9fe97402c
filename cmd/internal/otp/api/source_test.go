package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// What the documents say of texts that no exported type describes is held against the source that writes or reads them. Files
// are named from this folder.

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// text returns what a literal of a string says; empty for all else.
func text(n ast.Node) string {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}

// constants returns the values of a file's constants of a type of strings.
func constants(t *testing.T, file, typeName string) (values []string) {
	t.Helper()
	ast.Inspect(parse(t, file), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == typeName {
			for _, v := range spec.Values {
				values = append(values, text(v))
			}
		}
		return true
	})
	return need(t, values, file, typeName)
}

// constant returns the value of one constant of a file.
func constant(t *testing.T, file, name string) (value string) {
	t.Helper()
	ast.Inspect(parse(t, file), func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 && spec.Names[0].Name == name {
			value = text(spec.Values[0])
		}
		return true
	})
	return value
}

// fields returns the JSON names of a struct of a file.
func fields(t *testing.T, file, typeName string) (names []string) {
	t.Helper()
	ast.Inspect(parse(t, file), func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != typeName {
			return true
		}
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			tag, err := strconv.Unquote(f.Tag.Value)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, jsonName(reflect.StructTag(tag).Get("json")))
		}
		return true
	})
	return need(t, names, file, typeName)
}

var writtenName = regexp.MustCompile(`"([a-z0-9_]+)":`)

// written returns the JSON names that a function of a file writes: as keys of a map, or in texts.
func written(t *testing.T, file, function string) (names []string) {
	t.Helper()
	ast.Inspect(body(t, file, function), func(n ast.Node) bool {
		if kv, ok := n.(*ast.KeyValueExpr); ok && text(kv.Key) != "" {
			names = append(names, text(kv.Key))
		}
		for _, found := range writtenName.FindAllStringSubmatch(text(n), -1) {
			names = append(names, found[1])
		}
		return true
	})
	return need(t, names, file, function)
}

// endpoints returns the calls that the micro service registers, with the method of each: {"request", with(s.Request)}.
func endpoints(t *testing.T, file, function string) map[string]string {
	t.Helper()
	found := map[string]string{}
	ast.Inspect(body(t, file, function), func(n ast.Node) bool {
		entry, ok := n.(*ast.CompositeLit)
		if !ok || len(entry.Elts) != 2 {
			return true
		}
		if made, ok := entry.Elts[1].(*ast.CallExpr); ok && len(made.Args) == 1 {
			if method, ok := made.Args[0].(*ast.SelectorExpr); ok {
				found[text(entry.Elts[0])] = method.Sel.Name
			}
		}
		return true
	})
	if len(found) == 0 {
		t.Fatalf("%s: no endpoints in %s", file, function)
	}
	return found
}

func body(t *testing.T, file, function string) ast.Node {
	t.Helper()
	for _, d := range parse(t, file).Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == function {
			return f.Body
		}
	}
	t.Fatalf("%s has no function %s", file, function)
	return nil
}

func need(t *testing.T, list []string, file, what string) []string {
	t.Helper()
	if len(list) == 0 {
		t.Fatalf("%s: found nothing of %s", file, what)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

package api

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

// wireTypes are the schemas that are types of Go, by place.
var wireTypes = map[string]reflect.Type{
	"openapi.yaml#/components/schemas/RequestCall":    reflect.TypeFor[otp.RequestCall](),
	"openapi.yaml#/components/schemas/VerifyBody":     reflect.TypeFor[verifyBody](),
	"openapi.yaml#/components/schemas/ResendBody":     reflect.TypeFor[resendBody](),
	"openapi.yaml#/components/schemas/CancelBody":     reflect.TypeFor[cancelBody](),
	"openapi.yaml#/components/schemas/EnrolCall":      reflect.TypeFor[otp.EnrolCall](),
	"openapi.yaml#/components/schemas/RequestAnswer":  reflect.TypeFor[otp.RequestAnswer](),
	"openapi.yaml#/components/schemas/VerifyAnswer":   reflect.TypeFor[otp.VerifyAnswer](),
	"openapi.yaml#/components/schemas/Standing":       reflect.TypeFor[otp.Standing](),
	"openapi.yaml#/components/schemas/EnrolAnswer":    reflect.TypeFor[otp.EnrolAnswer](),
	"openapi.yaml#/components/schemas/Fault":          reflect.TypeFor[otp.Fault](),
	"openapi.yaml#/components/schemas/Error":          reflect.TypeFor[otp.Error](),
	"asyncapi.yaml#/components/schemas/VerifyCall":    reflect.TypeFor[otp.VerifyCall](),
	"asyncapi.yaml#/components/schemas/ChallengeCall": reflect.TypeFor[otp.ChallengeCall](),
	"asyncapi.yaml#/components/schemas/Fault":         reflect.TypeFor[otp.Fault](),
	"asyncapi.yaml#/components/schemas/Failure":       reflect.TypeFor[sms.Failure](),
}

// isCall says whether a schema is of what callers send, in which nothing else may stand.
func isCall(place string) bool {
	return strings.HasSuffix(place, "Call") || strings.HasSuffix(place, "Body")
}

// TestSchemasAreTheTypes: each field is described and the reverse, with its type; those that are always there are required.
func TestSchemasAreTheTypes(t *testing.T) {
	b := openBook(t)
	for place, typ := range wireTypes {
		schema := b.objectAt(t, place)
		properties, _ := schema["properties"].(object)
		var names, always []string
		for i := range typ.NumField() {
			tag := typ.Field(i).Tag.Get("json")
			name := jsonName(tag)
			names = append(names, name)
			if !strings.Contains(tag, ",omitempty") {
				always = append(always, name)
			}
			want, format := jsonType(typ.Field(i).Type)
			got, _ := b.follow(place + "/properties/" + name)
			if all, ok := got["allOf"].([]any); ok && got["type"] == nil {
				got, _ = b.follow(all[0].(object)["$ref"].(string)) // of another file
			}
			if got["type"] != want || format != "" && got["format"] != format {
				t.Errorf("%s: %s is %v %v, want %s %s", place, name, got["type"], got["format"], want, format)
			}
		}
		slices.Sort(names)
		slices.Sort(always)
		if got := keysOf(properties); !slices.Equal(got, names) {
			t.Errorf("%s has %v, the type %v", place, got, names)
		}
		if got := texts(schema["required"]); !slices.Equal(got, always) {
			t.Errorf("%s requires %v, want %v", place, got, always)
		}
		if closed := schema["additionalProperties"] == false; closed != isCall(place) {
			t.Errorf("%s: additionalProperties: false is %t", place, closed)
		}
	}
}

func jsonType(typ reflect.Type) (name, format string) {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return "string", "date-time"
	case typ == reflect.TypeFor[[]byte](), typ.Kind() == reflect.String:
		return "string", ""
	case typ.Kind() == reflect.Int:
		return "integer", ""
	case typ.Kind() == reflect.Bool:
		return "boolean", ""
	case typ.Kind() == reflect.Slice:
		return "array", ""
	}
	return "object", ""
}

// TestSchemasAreTheSource: what no type describes has the names that the code writes or reads.
func TestSchemasAreTheSource(t *testing.T) {
	b := openBook(t)
	status := append(keysOf(b.objectAt(t, "asyncapi.yaml#/components/schemas/Status/properties")),
		keysOf(b.objectAt(t, "asyncapi.yaml#/components/schemas/Failure/properties"))...)
	slices.Sort(status)
	for _, tt := range []struct {
		what      string
		got, want []string
	}{
		{"Event", keysOf(b.objectAt(t, "openapi.yaml#/components/schemas/Event/properties")),
			written(t, "../../../../storage/otpevent.go", "appendOTPEvent")},
		{"Delivery", keysOf(b.objectAt(t, "openapi.yaml#/components/schemas/Delivery/properties")), written(t, "../service/bring.go", "post")},
		{"SendRequest", keysOf(b.objectAt(t, "asyncapi.yaml#/components/schemas/SendRequest/properties")),
			fields(t, "../../intake/decode.go", "wire")},
		{"Status with Failure", status, written(t, "../../../../storage/status.go", "appendStatus")},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%s has %v, the source %v", tt.what, tt.got, tt.want)
		}
	}
}

// TestReferences: each leads somewhere, and each part is used.
func TestReferences(t *testing.T) {
	b := openBook(t)
	used := map[string]bool{}
	for file, doc := range b.docs {
		walk(doc, "#", func(at object, place string) {
			to, ok := at["$ref"].(string)
			if !ok {
				return
			}
			if strings.HasPrefix(to, "#") {
				to = file + to
			}
			if b.find(to) == nil {
				t.Errorf("%s%s leads to %s, which is not there", file, place, to)
			}
			used[to] = true
		})
	}
	spare := []string{"openapi.yaml#/components/responses/MethodNotAllowed"} // of no operation, as operations are of methods
	for file := range b.docs {
		for kind, parts := range b.objectAt(t, file+"#/components") {
			for name := range parts.(object) {
				place := file + "#/components/" + kind + "/" + name
				if !used[place] && !slices.Contains(spare, place) && place != "openapi.yaml#/components/securitySchemes/key" {
					t.Errorf("%s is used nowhere", place)
				}
			}
		}
	}
}

// TestExamples: each is as its schema has it.
func TestExamples(t *testing.T) {
	b := openBook(t)
	checked := 0
	check := func(place string, example any) {
		value, err := json.Marshal(example)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.validate(t, place, value); err != nil {
			t.Errorf("%s: %s: %v", place, value, err)
		}
		checked++
	}
	for file, doc := range b.docs {
		walk(doc, file+"#", func(at object, place string) {
			switch examples := at["examples"].(type) {
			case object: // of a media type of OpenAPI
				for _, e := range examples {
					check(place+"/schema", e.(object)["value"])
				}
			case []any: // of a schema, or of a message or parameter of AsyncAPI
				for _, e := range examples {
					message, isMessage := e.(object)
					switch {
					case at["payload"] == nil && at["type"] != nil:
						check(place, e)
					case isMessage:
						check(place+"/payload", message["payload"])
						if headers := message["headers"]; headers != nil {
							check(place+"/headers", headers)
						}
					}
				}
			}
		})
	}
	if checked < 45 {
		t.Errorf("only %d examples were found", checked)
	}
}

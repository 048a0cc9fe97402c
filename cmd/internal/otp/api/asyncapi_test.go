package api

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"harkara/cmd/internal/otp"
)

// TestSubjectsAreDescribed: each call of the micro service has its channel with the call's type, and an operation that replies
// with the answer's type or a fault; and there are no other subjects but those of sends, statuses and events.
func TestSubjectsAreDescribed(t *testing.T) {
	b := openBook(t)
	calls := endpoints(t, "../service/micro.go", "listen")
	var want []string
	for name, method := range calls {
		want = append(want, "sms.{tenant}.otp."+name)
		m, ok := reflect.TypeFor[Service]().MethodByName(method)
		if !ok {
			t.Errorf("%s is no method of Service", method)
			continue
		}
		operation := "asyncapi.yaml#/operations/" + name
		channel := b.objectAt(t, operation+"/channel")
		if channel["address"] != "sms.{tenant}.otp."+name || b.objectAt(t, operation)["action"] != "receive" {
			t.Errorf("%s: %v", operation, channel)
		}
		if got := b.payloads(t, b.objectAt(t, operation)["messages"]); !slices.Equal(got, []reflect.Type{m.Type.In(2)}) {
			t.Errorf("%s takes %v, want %v", operation, got, m.Type.In(2))
		}
		reply := b.objectAt(t, operation+"/reply")
		if got := b.payloads(t, reply["messages"]); !slices.Equal(got, []reflect.Type{m.Type.Out(0), reflect.TypeFor[otp.Fault]()}) {
			t.Errorf("%s replies with %v, want %v", operation, got, m.Type.Out(0))
		}
	}
	want = append(want, "sms.{tenant}.otp.event.{event}", "sms.{tenant}.send.{class}", "sms.{tenant}.status.{state}")
	var got, used []string
	for name, c := range b.objectAt(t, "asyncapi.yaml#/channels") {
		channel := c.(object)
		if channel["address"] == nil {
			continue // the inbox of replies
		}
		got = append(got, channel["address"].(string))
		for _, part := range strings.Split(channel["address"].(string), ".") {
			if named, ok := strings.CutPrefix(part, "{"); ok && b.find("asyncapi.yaml#/channels/"+name+"/parameters/"+strings.TrimSuffix(named, "}")) == nil {
				t.Errorf("%s: %s is no parameter", channel["address"], part)
			}
		}
	}
	for _, o := range b.objectAt(t, "asyncapi.yaml#/operations") {
		used = append(used, b.objectAt(t, "asyncapi.yaml"+o.(object)["channel"].(object)["$ref"].(string))["address"].(string))
	}
	for _, list := range [][]string{want, got, used} {
		slices.Sort(list)
	}
	if !slices.Equal(got, want) || !slices.Equal(used, want) {
		t.Errorf("channels are %v, of operations %v, want %v", got, used, want)
	}
}

// payloads returns the types of messages that an operation names.
func (b *book) payloads(t *testing.T, messages any) (types []reflect.Type) {
	t.Helper()
	list, _ := messages.([]any)
	for _, m := range list {
		_, message := b.follow("asyncapi.yaml" + m.(object)["$ref"].(string))
		_, schema := b.follow(message + "/payload")
		typ, ok := wireTypes[schema]
		if !ok {
			t.Errorf("%s has the payload %s; known are %v", message, schema, slices.Sorted(maps.Keys(wireTypes)))
		}
		types = append(types, typ)
	}
	return types
}

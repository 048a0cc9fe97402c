package api

import (
	"net/http"
	"slices"
	"testing"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

// TestWords: each word that the code may say is described, and no other.
func TestWords(t *testing.T) {
	b := openBook(t)
	codes := constants(t, "../wire.go", "Code")
	var all []string
	for code := range statuses {
		all = append(all, string(code))
	}
	for _, code := range codes {
		if statuses[otp.Code(code)] == 0 {
			t.Errorf("the fault %s has no status", code)
		}
	}
	slices.Sort(all)
	states := slices.DeleteFunc(constants(t, "../../../../smpp/sms/request.go", "State"), func(s string) bool { return s == string(sms.Planned) })
	var classes []string
	for _, c := range sms.Classes {
		classes = append(classes, c.String())
	}
	slices.Sort(classes)
	events := constants(t, "../../../../storage/ledger/event.go", "OTPEvent")
	for place, want := range map[string][]string{
		"openapi.yaml#/components/schemas/Error/properties/code":                   all,
		"openapi.yaml#/components/schemas/VerifyAnswer/properties/result":          constants(t, "../wire.go", "Result"),
		"openapi.yaml#/components/schemas/Standing/properties/state":               constants(t, "../subject.go", "State"),
		"openapi.yaml#/components/schemas/Event/properties/event":                  events,
		"asyncapi.yaml#/components/schemas/Fault/properties/error/properties/code": codes,
		"asyncapi.yaml#/components/schemas/Status/properties/state":                states,
		"asyncapi.yaml#/components/schemas/Status/properties/class":                classes,
		"asyncapi.yaml#/components/schemas/Failure/properties/stage":               constants(t, "../../../../smpp/sms/request.go", "Stage"),
		"asyncapi.yaml#/channels/otpEvent/parameters/event":                        events,
		"asyncapi.yaml#/channels/status/parameters/state":                          states,
		"asyncapi.yaml#/channels/send/parameters/class":                            classes,
	} {
		if got := texts(b.objectAt(t, place)["enum"]); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", place, got, want)
		}
	}
	for name, header := range map[string]string{"WebhookID": "idHeader", "WebhookTimestamp": "timestampHeader", "WebhookSignature": "signatureHeader"} {
		got := b.objectAt(t, "openapi.yaml#/components/parameters/"+name)["name"]
		if want := constant(t, "../../webhook/sign.go", header); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// TestStatusesOfResponses: each response has exactly the codes of its status, and each status of a code a response.
func TestStatusesOfResponses(t *testing.T) {
	b := openBook(t)
	byStatus := map[int][]string{}
	for code, status := range statuses {
		byStatus[status] = append(byStatus[status], string(code))
	}
	described := map[int]bool{}
	names := map[string]int{"BadRequest": 400, "Unauthorized": 401, "NotFound": 404, "MethodNotAllowed": 405, "TimedOut": 408, "Conflict": 409,
		"TooLarge": 413, "NotJSON": 415, "Refused": 422, "TooMany": 429, "Unavailable": 503}
	for _, name := range keysOf(b.objectAt(t, "openapi.yaml#/components/responses")) {
		status := names[name]
		described[status] = true
		got := texts(b.objectAt(t, "openapi.yaml#/components/responses/"+name+
			"/content/application~1json/schema/properties/error/properties/code")["enum"])
		want := byStatus[status]
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s has %v, the code answers %d for %v", name, got, status, want)
		}
	}
	for status := range byStatus {
		if !described[status] {
			t.Errorf("%d %s has no response", status, http.StatusText(status))
		}
	}
}

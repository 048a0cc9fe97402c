package api

import (
	"context"

	"harkara/cmd/internal/otp"
	documents "harkara/deploy/api"
	"harkara/smpp/sms"
)

// route is one path. It has either a document, which is for everybody, or a call.
type route struct {
	method, path string
	document     []byte
	body         bodyRule
	call         call
}

// call reads its body and makes a call of the service; challenge is the path's.
type call func(ctx context.Context, s Service, tenant sms.TenantID, challenge otp.ChallengeID, body []byte) (any, *otp.Error)

func (r *route) String() string { return r.method + " " + r.path }

var routes = []*route{
	{method: "POST", path: "/v1/otp", body: bodyNeeded, call: request},
	{method: "GET", path: "/v1/otp/{challenge}", call: status},
	{method: "POST", path: "/v1/otp/{challenge}/verify", body: bodyNeeded, call: verify},
	{method: "POST", path: "/v1/otp/{challenge}/resend", body: bodyAllowed, call: resend},
	{method: "POST", path: "/v1/otp/{challenge}/cancel", body: bodyAllowed, call: cancel},
	{method: "POST", path: "/v1/totp", body: bodyNeeded, call: enrol},
	{method: "GET", path: "/v1/openapi.yaml", document: documents.OpenAPI},
	{method: "GET", path: "/v1/asyncapi.yaml", document: documents.AsyncAPI},
}

// The bodies of calls whose challenge is in the path.
type (
	verifyBody struct {
		Code sms.Secret `json:"code"`
	}
	resendBody struct {
		Code sms.Secret `json:"code,omitempty"` // the tenant's own code, which is not kept
	}
	cancelBody struct{}
)

func request(ctx context.Context, s Service, tenant sms.TenantID, _ otp.ChallengeID, body []byte) (any, *otp.Error) {
	var c otp.RequestCall
	if refused := otp.Decode(body, &c); refused != nil {
		return nil, refused
	}
	return s.Request(ctx, tenant, c)
}

func status(ctx context.Context, s Service, tenant sms.TenantID, id otp.ChallengeID, _ []byte) (any, *otp.Error) {
	return s.Status(ctx, tenant, otp.ChallengeCall{Challenge: id})
}

func verify(ctx context.Context, s Service, tenant sms.TenantID, id otp.ChallengeID, body []byte) (any, *otp.Error) {
	var b verifyBody
	if refused := otp.Decode(body, &b); refused != nil {
		return nil, refused
	}
	return s.Verify(ctx, tenant, otp.VerifyCall{Challenge: id, Code: b.Code})
}

func resend(ctx context.Context, s Service, tenant sms.TenantID, id otp.ChallengeID, body []byte) (any, *otp.Error) {
	var b resendBody
	if refused := decodeSome(body, &b); refused != nil {
		return nil, refused
	}
	return s.Resend(ctx, tenant, otp.ChallengeCall{Challenge: id, Code: b.Code})
}

func cancel(ctx context.Context, s Service, tenant sms.TenantID, id otp.ChallengeID, body []byte) (any, *otp.Error) {
	if refused := decodeSome(body, &cancelBody{}); refused != nil {
		return nil, refused
	}
	return s.Cancel(ctx, tenant, otp.ChallengeCall{Challenge: id})
}

func enrol(ctx context.Context, s Service, tenant sms.TenantID, _ otp.ChallengeID, body []byte) (any, *otp.Error) {
	var c otp.EnrolCall
	if refused := otp.Decode(body, &c); refused != nil {
		return nil, refused
	}
	return s.Enrol(ctx, tenant, c)
}

// decodeSome reads a body that may be left out.
func decodeSome(body []byte, into any) *otp.Error {
	if len(body) == 0 {
		return nil
	}
	return otp.Decode(body, into)
}

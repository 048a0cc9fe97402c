// Package api is the OTP service over HTTP, for tenants that have a key. deploy/api describes it; deploy/docs/otp.md
// explains it.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

// Service is the OTP service. Where an *otp.Error is not nil, the answer means nothing.
type Service interface {
	Request(context.Context, sms.TenantID, otp.RequestCall) (otp.RequestAnswer, *otp.Error)
	Resend(context.Context, sms.TenantID, otp.ChallengeCall) (otp.RequestAnswer, *otp.Error)
	Verify(context.Context, sms.TenantID, otp.VerifyCall) (otp.VerifyAnswer, *otp.Error)
	Cancel(context.Context, sms.TenantID, otp.ChallengeCall) (otp.Standing, *otp.Error)
	Status(context.Context, sms.TenantID, otp.ChallengeCall) (otp.Standing, *otp.Error)
	Enrol(context.Context, sms.TenantID, otp.EnrolCall) (otp.EnrolAnswer, *otp.Error)
}

// Config joins the handler to its neighbours.
type Config struct {
	Service Service
	Keys    *APIKeys
	Log     *slog.Logger
	// Trace is told of each request: whose it was (empty: nobody's that is known), its route, such as "POST /v1/otp"
	// ("none": there is none), and the status of the answer. nil: nobody is.
	Trace func(tenant sms.TenantID, route string, status int, took time.Duration)
}

// handler is what the routes share.
type handler struct {
	cfg    Config
	strays strays // addresses that wrong keys came from
}

// callPatience is how long the service may take for a call, as over NATS.
const callPatience = 10 * time.Second

// noRoute stands in traces for paths that nobody serves, of which there may be any number.
const noRoute = "none"

// Handler serves /v1/: one method for each path, JSON in and out.
func Handler(cfg Config) http.Handler {
	h := &handler{cfg: cfg, strays: strays{seen: map[addressBlock]*stray{}}}
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.HandleFunc(r.path, func(w http.ResponseWriter, req *http.Request) { h.serve(w, req, r) })
	}
	mux.HandleFunc("/", h.nowhere)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if path.Clean("/"+req.URL.Path) != req.URL.Path { // the mux would redirect to the clean path, in HTML
			h.nowhere(w, req)
			return
		}
		mux.ServeHTTP(w, req)
	})
}

// nowhere answers for a path that is none of the routes'.
func (h *handler) nowhere(w http.ResponseWriter, _ *http.Request) {
	h.finish(w, nil, &otp.Error{Code: notFound, Detail: "there is nothing at this path; see /v1/openapi.yaml"}, "", noRoute, time.Now())
}

// serve sees one request of a route through.
func (h *handler) serve(w http.ResponseWriter, req *http.Request, r *route) {
	began := time.Now()
	tenant, answer, refused := h.take(w, req, r)
	h.finish(w, answer, refused, tenant, r.String(), began)
}

// take checks who asks for what and makes the call.
func (h *handler) take(w http.ResponseWriter, req *http.Request, r *route) (sms.TenantID, any, *otp.Error) {
	if req.Method != r.method {
		w.Header().Set("Allow", r.method)
		return "", nil, &otp.Error{Code: badMethod, Detail: "want " + r.method}
	}
	if r.document != nil {
		return "", r.document, nil
	}
	tenant, refused := h.whose(w, req)
	if refused != nil {
		return "", nil, refused
	}
	body, refused := readBody(w, req, r.body)
	if refused != nil {
		return tenant, nil, refused
	}
	// A caller that hangs up does not stop what has begun: a code could be taken, and nobody told.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), callPatience)
	defer cancel()
	answer, refused := r.call(ctx, h.cfg.Service, tenant, otp.ChallengeID(req.PathValue("challenge")), body)
	return tenant, answer, refused
}

// whose returns the tenant that the request's key is of.
func (h *handler) whose(w http.ResponseWriter, req *http.Request) (sms.TenantID, *otp.Error) {
	given := req.Header.Values("Authorization")
	if len(given) == 0 {
		w.Header().Set("WWW-Authenticate", `Bearer realm="harkara"`)
		return "", &otp.Error{Code: unauthorized, Detail: "no key; want Authorization: Bearer and a key of the tenant's"}
	}
	scheme, key, _ := strings.Cut(given[0], " ")
	if len(given) == 1 && strings.EqualFold(scheme, "Bearer") {
		if tenant, id, first := h.cfg.Keys.find(sms.Secret(strings.TrimLeft(key, " "))); tenant != "" {
			if first {
				h.cfg.Log.Info("an API key is used for the first time since the start", "tenant", tenant, "key", id)
			}
			return tenant, nil
		}
	}
	wait, now := h.strays.add(req.RemoteAddr, time.Now())
	if now {
		h.cfg.Log.Warn("many wrong API keys come from one address", "address", req.RemoteAddr)
	}
	if wait > 0 {
		return "", &otp.Error{Code: otp.Limited, Detail: "too many wrong keys from this address", RetryAfter: wait}
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="harkara", error="invalid_token"`) // RFC 6750 §3
	return "", &otp.Error{Code: unauthorized, Detail: "this key is none of a tenant's"}
}

// finish answers, and tells of it.
func (h *handler) finish(w http.ResponseWriter, answer any, refused *otp.Error, tenant sms.TenantID, route string, began time.Time) {
	status := respond(w, answer, refused)
	if h.cfg.Trace != nil {
		h.cfg.Trace(tenant, route, status, time.Since(began))
	}
}

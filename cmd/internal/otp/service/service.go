package service

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/otp/state"
	"harkara/cmd/internal/webhook"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Ledger makes events durable; Append returns when they are.
type Ledger interface {
	Append(ctx context.Context, events ...ledger.Event) (ledger.Position, error)
}

// Checked is what is found out of a message without sending it.
type Checked struct {
	Slots int        // variables of its template; -1: there is no such template
	Text  sms.Secret // as it would be sent; empty with a failure
}

// Config joins the service to its neighbours.
type Config struct {
	Conn   *nats.Conn
	JS     jetstream.JetStream
	State  *state.Store
	Ledger Ledger
	Keys   func() (*otp.Keyring, error)
	Proof  func(sms.TenantID, sms.RequestID) string // shows the intake that a send is the service's
	// Known says whether a tenant is one of the configuration's; Policy returns its rules for a purpose.
	Known  func(sms.TenantID) bool
	Policy func(sms.TenantID, otp.Purpose) *otp.Policy
	// Check tells whether a message would get through the register's check and find a route now; it has no effect.
	Check func(*sms.Request) (Checked, *sms.Failure)
	// Profile says why handsets would not fill in the code of a template's text, where they are to.
	Profile func(id dlt.TemplateID, text, code sms.Secret) error
	Limits  Limits
	Tests   map[sms.MSISDN]sms.Secret // test numbers with their codes
	Hooks   map[string]webhook.Target // of workflows
	Poster  *webhook.Poster

	Replicas int
	Log      *slog.Logger
	Trace    Trace
	Now      func() time.Time // nil: time.Now
}

// Trace has optional hooks for metrics, and for tests that end the process at a named place.
type Trace struct {
	Called func(tenant sms.TenantID, call, result string, took time.Duration)
	Due    func(took time.Duration)
	Step   func(place string) // after_change: the state is kept and nothing is told; after_settle: all of it is
}

// Service is the OTP service. Its methods may be called by many goroutines.
type Service struct {
	cfg     Config
	gate    *gate
	quiet   quiet
	posts   map[string]*provider // by webhook
	late    chan struct{}        // one token for each append that the ledger has not taken yet
	working sync.WaitGroup       // what goes on after its call was answered
	running context.Context      // ends with Run
	end     context.CancelFunc
	sends   jetstream.Consumer // what becomes of them
	deaf    func()             // ends the taking of calls
}

// lateMax bounds the appends that wait for the ledger.
const lateMax = 10_000

// New makes a Service; Start and Run serve.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Service{cfg: cfg, gate: newGate(), quiet: quiet{said: map[string]time.Time{}}, posts: map[string]*provider{},
		late: make(chan struct{}, lateMax)}
	for name := range cfg.Hooks {
		s.posts[name] = &provider{slots: make(chan struct{}, postsMax)}
	}
	s.running, s.end = context.WithCancel(context.Background())
	return s
}

// Late is how many appends wait for the ledger.
func (s *Service) Late() int { return len(s.late) }

var unknown = &otp.Error{Code: otp.UnknownChallenge, Detail: "there is no such challenge, or none any more"}

// unavailable is the answer where NATS or the keys can't be reached; the cause is logged here, once.
func (s *Service) unavailable(what string, err error) *otp.Error {
	if s.quiet.news(s.cfg.Now(), "unavailable", what) {
		s.cfg.Log.Error("the OTP service can't do its work: "+what, "error", err)
	}
	return &otp.Error{Code: otp.Unavailable, Detail: what + "; try again", RetryAfter: 1}
}

func (s *Service) step(place string) {
	if s.cfg.Trace.Step != nil {
		s.cfg.Trace.Step(place)
	}
}

// anyTenant stands for whoever a challenge is of, where it was not a tenant who named it.
const anyTenant sms.TenantID = ""

// do is what is done to a subject at a time: the time at which it is decided upon, however long the call has waited.
type do func(sub *otp.Subject, now time.Time) (otp.Outcome, *otp.Error)

// by is do for a tenant's own subjects: another's is answered as one that is not there.
func (do do) by(tenant sms.TenantID) do {
	return func(sub *otp.Subject, now time.Time) (otp.Outcome, *otp.Error) {
		if sub.Tenant != "" && sub.Tenant != tenant {
			return otp.Outcome{}, unknown
		}
		return do(sub, now)
	}
}

// change lets do change the subject of a challenge and settles what comes of it. do may be called several times; what it
// did last holds. id is the challenge's where do makes none.
func (s *Service) change(ctx context.Context, tenant sms.TenantID, key otp.SubjectKey, id otp.ChallengeID, do do) (otp.Outcome, *otp.Error) {
	var out otp.Outcome
	var refused *otp.Error
	var now time.Time
	whose := tenant
	err := s.cfg.State.Change(ctx, key, func(sub *otp.Subject) (bool, time.Duration) {
		if tenant == anyTenant {
			whose = sub.Tenant
		}
		now = s.cfg.Now()
		out, refused = do.by(whose)(sub, now)
		return out.Changed, sub.TTL(now)
	})
	if err != nil {
		return otp.Outcome{}, s.unavailable("the state of challenges can't be reached", err)
	}
	s.step("after_change")
	if out.Answer != nil {
		id = out.Answer.Challenge
	}
	if err := s.settle(ctx, whose, id, &out, now); err != nil {
		return otp.Outcome{}, s.unavailable("the code is made, and can't be sent yet", err)
	}
	s.step("after_settle")
	return out, refused
}

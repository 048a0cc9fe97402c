package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/intake"
	"harkara/smpp/sms"
)

// Sending is one request of the command line.
type Sending struct {
	Tenant           sms.TenantID
	Class            sms.Class
	ID, To, Template string
	Header, Ref      string
	Vars             []string
	Text             string // finished, in place of Vars
	TTL              int    // seconds; 0: by class
	Wait             time.Duration
}

// Send publishes a request as its tenant and gives every status of it to show, until the last one or until the wait
// is over. It returns the last state seen.
func Send(ctx context.Context, cfg *Config, s Sending, show func(status []byte)) (sms.State, error) {
	conn, err := connectTenant(cfg, s.Tenant)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if s.ID == "" {
		s.ID = uuid.Must(uuid.NewV7()).String()
	}
	statuses, err := conn.SubscribeSync(fmt.Sprintf("sms.%s.status.>", s.Tenant))
	if err != nil {
		return "", fmt.Errorf("subscribe to statuses: %w", err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]any{"id": s.ID, "to": s.To, "template": s.Template, "header": s.Header,
		"vars": append([]string{}, s.Vars...), "text": s.Text, "ref": s.Ref, "ttl_s": s.ttl()})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Wait)
	defer cancel()
	subject := fmt.Sprintf("sms.%s.send.%s", s.Tenant, s.Class)
	ack, err := js.Publish(ctx, subject, body, jetstream.WithMsgID(s.ID))
	if err != nil {
		return "", fmt.Errorf("publish to %s (stream %s): %w; is 'harkara serve' running?", subject, intake.Stream, err)
	}
	if ack.Duplicate {
		return "", fmt.Errorf("id %s was sent in the last minutes, so nothing was sent now; take another id, or see "+
			"'harkara report messages --id %s'", s.ID, s.ID)
	}
	return follow(ctx, statuses, s.ID, ack.Sequence, show)
}

func (s *Sending) ttl() int {
	if s.TTL == 0 {
		return int(s.Class.DefaultTTL().Seconds())
	}
	return s.TTL
}

// follow shows the statuses of a request. One whose id cannot be used goes by its sequence in the stream.
func follow(ctx context.Context, statuses *nats.Subscription, id string, sequence uint64, show func([]byte)) (sms.State, error) {
	var last sms.State
	for {
		msg, err := statuses.NextMsgWithContext(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			if last == "" {
				return "", errors.New("no status came within the wait; see 'harkara binds' and the gateway's log")
			}
			return last, nil
		}
		if err != nil {
			return last, fmt.Errorf("follow statuses: %w", err)
		}
		var st struct {
			ID    string    `json:"id"`
			State sms.State `json:"state"`
		}
		if json.Unmarshal(msg.Data, &st) != nil {
			continue
		}
		if unnamed := st.State == sms.Rejected && st.ID == strconv.FormatUint(sequence, 10); st.ID != id && !unnamed {
			continue
		}
		show(msg.Data)
		if last = st.State; last != sms.Submitted {
			return last, nil
		}
	}
}

// connectTenant logs in as a tenant, with the password that the configuration names.
func connectTenant(cfg *Config, id sms.TenantID) (*nats.Conn, error) {
	for _, t := range cfg.Tenants {
		if t.ID != id {
			continue
		}
		password, err := secret(t.Password.Reveal(), t.PasswordEnv, t.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("tenant %s: %w", id, err)
		}
		where := tenantURL(cfg)
		conn, err := nats.Connect(where, nats.UserInfo(string(id), password), nats.Name("harkara send"))
		if err != nil {
			return nil, fmt.Errorf("connect to %s as %s: %w; is 'harkara serve' running?", where, id, err)
		}
		return conn, nil
	}
	return nil, fmt.Errorf("no tenant %q in the configuration", id)
}

// tenantURL is where tenants connect: without the gateway's own user and password, which nats.url may hold.
func tenantURL(cfg *Config) string {
	if u, err := url.Parse(cfg.NATS.URL.Reveal()); err == nil && u.Host != "" {
		u.User = nil
		return u.String()
	}
	host, port, _ := net.SplitHostPort(cfg.NATS.Listen)
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	return "nats://" + net.JoinHostPort(host, port)
}

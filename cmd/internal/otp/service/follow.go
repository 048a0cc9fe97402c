package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/storage/ledger"
)

const (
	followName     = "otp"
	followParallel = 64
	dueParallel    = 64
	followAckWait  = 30 * time.Second
	followPause    = time.Second // before a consumer that is gone is made anew
)

// Start takes calls over NATS: when it returns, the server knows. Run is to follow.
func (s *Service) Start(ctx context.Context) (err error) {
	if s.sends, err = s.consumer(ctx); err != nil {
		return err
	}
	if s.deaf, err = s.listen(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	if err := s.cfg.Conn.FlushWithContext(ctx); err != nil {
		s.deaf()
		return fmt.Errorf("the micro service otp: %w", err)
	}
	return nil
}

// Run serves timers, and what becomes of sends, until ctx ends; then no more calls are taken, and it waits for what is under
// way.
func (s *Service) Run(ctx context.Context) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	var timers, following error
	wg.Go(func() {
		defer stop() // neither goes on without the other
		timers = s.cfg.State.Timers(working, dueParallel, s.due)
	})
	wg.Go(func() {
		defer stop()
		following = s.follow(working, s.sends)
	})
	wg.Wait()
	s.deaf()
	s.gate.close()
	s.end()
	s.working.Wait()
	if err := errors.Join(timers, following); ctx.Err() == nil {
		return err
	}
	return nil
}

// due takes what a challenge's time asks for.
func (s *Service) due(ctx context.Context, id otp.ChallengeID) error {
	began := time.Now()
	out, err := s.happened(ctx, anyTenant, id, func(sub *otp.Subject, k *otp.Keyring, p *otp.Policy, now time.Time) otp.Outcome {
		return sub.Due(k, p, id, now)
	})
	if err == nil && out.Send == nil && !out.Due.IsZero() {
		err = s.cfg.State.SetTimer(ctx, id, out.Due)
	}
	if s.cfg.Trace.Due != nil {
		s.cfg.Trace.Due(time.Since(began))
	}
	return err
}

// consumer makes the durable consumer of what becomes of sends, one for all processes.
func (s *Service) consumer(ctx context.Context) (jetstream.Consumer, error) {
	var subjects []string
	for _, event := range []ledger.OTPEvent{ledger.OTPSent, ledger.OTPDelivered, ledger.OTPUndelivered} {
		subjects = append(subjects, "sms.*.otp.event."+string(event))
	}
	c, err := s.cfg.JS.CreateOrUpdateConsumer(ctx, storage.StatusStream, jetstream.ConsumerConfig{
		Durable: followName, FilterSubjects: subjects, AckPolicy: jetstream.AckExplicitPolicy, AckWait: followAckWait,
		MaxAckPending: 4 * followParallel, DeliverPolicy: jetstream.DeliverNewPolicy, Replicas: s.cfg.Replicas,
	})
	if err != nil {
		return nil, fmt.Errorf("follow the sends of codes: %w", err)
	}
	return c, nil
}

// follow takes what becomes of sends until ctx ends, and waits for what it has begun. A consumer that is gone is made anew.
func (s *Service) follow(ctx context.Context, c jetstream.Consumer) error {
	tokens := make(chan struct{}, followParallel)
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		consuming, err := c.Consume(func(msg jetstream.Msg) {
			tokens <- struct{}{}
			wg.Go(func() {
				defer func() { <-tokens }()
				s.fate(ctx, msg)
			})
		}, jetstream.PullMaxMessages(followParallel))
		if err != nil {
			return fmt.Errorf("follow the sends of codes: %w", err)
		}
		select {
		case <-ctx.Done():
			consuming.Stop()
			<-consuming.Closed()
			return nil
		case <-consuming.Closed():
		}
		s.cfg.Log.Error("the consumer of what becomes of codes is gone, and is made anew", "consumer", followName, "stream", storage.StatusStream)
		for again := c; ; {
			if !sleep(ctx, followPause) {
				return nil
			}
			if again, err = s.consumer(ctx); err == nil {
				c = again
				break
			}
			s.cfg.Log.Warn("what becomes of codes can't be followed; trying again", "error", err)
		}
	}
}

// fate takes one event of a send.
func (s *Service) fate(ctx context.Context, msg jetstream.Msg) {
	var event struct {
		Event     otp.Fate        `json:"event"`
		Challenge otp.ChallengeID `json:"challenge"`
		Send      int             `json:"send"`
		SMSC      sms.SMSCID      `json:"smsc"`
	}
	tokens := strings.Split(msg.Subject(), ".") // sms.T.otp.event.kind
	if len(tokens) != 5 || json.Unmarshal(msg.Data(), &event) != nil {
		s.log(msg.Term())
		return
	}
	if !isSMSC(event.SMSC) { // the service itself wrote that, and has noted it
		s.log(msg.Ack())
		return
	}
	if err := s.told(ctx, sms.TenantID(tokens[1]), event.Challenge, event.Send, event.Event, event.SMSC); err != nil {
		s.log(msg.NakWithDelay(time.Second))
		return
	}
	s.log(msg.Ack())
}

// log notes an acknowledgement that failed; the event comes again, and says nothing new then.
func (s *Service) log(err error) {
	if err != nil {
		s.cfg.Log.Warn("an acknowledgement could not be sent to JetStream", "error", err)
	}
}

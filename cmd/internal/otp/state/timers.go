package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/otp"
)

// Subjects of timers. The server keeps the newest message of otp.timer.<challenge> until its time, and then publishes it
// as otp.due.<challenge> (message schedules, NATS ADR-51).
const (
	timerSubject = "otp.timer."
	dueSubject   = "otp.due."
)

// timerStream is a work queue, as what was due goes when it is done, and what nobody has pulled yet stays. Timers that
// wait have no consumer.
func timerStream(cfg *Config) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: TimerStream, Subjects: []string{timerSubject + "*", dueSubject + "*"}, Description: "when to look at challenges",
		Retention: jetstream.WorkQueuePolicy, MaxMsgsPerSubject: 1, AllowMsgSchedules: true, AllowRollup: true,
		Storage: cfg.storage(), Replicas: max(cfg.Replicas, 1),
	}
}

// SetTimer calls for a challenge at a time, in place of an earlier call for it. One whose time has come already is due
// within a second.
func (s *Store) SetTimer(ctx context.Context, id otp.ChallengeID, at time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for try := 1; ; try++ {
		err := s.setTimer(ctx, id, at)
		if refused := (*jetstream.APIError)(nil); err == nil || errors.As(err, &refused) || pause(ctx, try) != nil {
			return err
		}
	}
}

// setTimer writes the schedule itself: the client's option for it cuts the time down to whole seconds.
func (s *Store) setTimer(ctx context.Context, id otp.ChallengeID, at time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	_, err := request(ctx, s.cfg.JS.Conn(), &nats.Msg{Subject: timerSubject + string(id), Header: nats.Header{
		jetstream.ScheduleHeader:       {"@at " + at.UTC().Format(time.RFC3339Nano)},
		jetstream.ScheduleTargetHeader: {dueSubject + string(id)}}})
	if err != nil {
		return fmt.Errorf("%w: set a timer: %w", ErrUnavailable, err)
	}
	return nil
}

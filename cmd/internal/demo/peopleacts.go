package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

const (
	readTime  = 10 * time.Second       // for a text to come
	thinkTime = 400 * time.Millisecond // at most, before something is typed; real people are slower
)

// person is one of them, with what has happened to them so far.
type person struct {
	*manner
	ask
	number string
	call   caller
	phone  *handset
	r      *rand.Rand

	challenge otp.ChallengeID
	code      sms.Secret
	toSubmit  time.Duration   // from the request to the first submit_sm
	verifies  []time.Duration // each from its call to its answer
	events    map[string]int  // that have to come of it
}

// act is the whole of a person's story.
func (p *person) act(ctx context.Context) error {
	story := []func(context.Context) error{p.request, p.resendIt, p.cancelIt, p.typeTwice, p.typeAll, p.check}
	for _, part := range story {
		if err := part(ctx); err != nil {
			return fmt.Errorf("a %s person of %s, challenge %s: %w", p.name, p.tenant, p.challenge, err)
		}
	}
	return nil
}

func (p *person) request(ctx context.Context) error {
	body := map[string]any{"to": "+" + p.number, "template": p.template, "purpose": p.purpose}
	if p.vars != nil {
		body["vars"] = p.vars
	}
	began := time.Now()
	var a otp.RequestAnswer
	if err := p.call(ctx, "request", "", body, &a); err != nil {
		return err
	}
	p.challenge = a.Challenge
	p.events["requested"]++
	var err error
	if p.code, err = p.read(ctx); err != nil {
		return err
	}
	p.toSubmit = p.phone.firstAt().Sub(began)
	return nil
}

// read waits for a text and finds the code in it.
func (p *person) read(ctx context.Context) (sms.Secret, error) {
	p.events["sent"]++
	p.events["delivered"]++
	select {
	case text := <-p.phone.texts:
		return codeIn(text)
	case <-time.After(readTime):
		return "", fmt.Errorf("no text came within %s", readTime)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// resendIt asks for the code once more, as soon as the service lets it: what the second text says has to be the same.
func (p *person) resendIt(ctx context.Context) error {
	if !p.resend {
		return nil
	}
	for {
		var a otp.RequestAnswer
		err := p.call(ctx, "resend", p.challenge, map[string]any{}, &a)
		var refused *otp.Error
		if errors.As(err, &refused) && refused.Code == otp.Cooldown {
			p.events["blocked"]++
			if err := pause(ctx, time.Duration(refused.RetryAfter)*time.Second); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		break
	}
	p.events["resent"]++
	code, err := p.read(ctx)
	if err == nil && code != p.code {
		return errors.New("the second text has another code")
	}
	return err
}

func (p *person) cancelIt(ctx context.Context) error {
	if !p.cancel {
		return nil
	}
	p.events["cancelled"]++
	var s otp.Standing
	return p.call(ctx, "cancel", p.challenge, map[string]any{}, &s)
}

// typeTwice types the code on two devices at once: it is right once.
func (p *person) typeTwice(ctx context.Context) error {
	if !p.twice {
		return nil
	}
	if err := p.think(ctx); err != nil {
		return err
	}
	var answers [2]otp.Result
	var took [2]time.Duration
	var errs [2]error
	var both sync.WaitGroup
	for i := range answers {
		both.Go(func() { answers[i], took[i], errs[i] = p.verify(ctx, p.code) })
	}
	both.Wait()
	p.verifies = append(p.verifies, took[:]...)
	p.events["verified"]++
	if got := map[otp.Result]int{answers[0]: 1}; errs == [2]error{} {
		if got[answers[1]]++; got[otp.OK] != 1 || got[otp.Used] != 1 {
			return fmt.Errorf("the same code at once said %s and %s", answers[0], answers[1])
		}
	}
	return errors.Join(errs[:]...)
}

func (p *person) typeAll(ctx context.Context) error {
	for n, t := range p.types {
		if err := p.think(ctx); err != nil {
			return err
		}
		code := p.code
		if t.wrong {
			code = p.wrongCode(n)
		}
		answer, took, err := p.verify(ctx, code)
		if err != nil {
			return err
		}
		p.verifies = append(p.verifies, took)
		if answer != t.answer {
			return fmt.Errorf("code %d of %d typed said %s, want %s", n+1, len(p.types), answer, t.answer)
		}
		switch {
		case answer == otp.OK:
			p.events["verified"]++
		case answer == otp.Wrong:
			p.events["failed"]++
		case answer == otp.Locked:
			p.events["locked"]++
		}
	}
	return nil
}

// wrongCode differs from the right one in its last digit, each time otherwise.
func (p *person) wrongCode(n int) sms.Secret {
	code := p.code.Reveal()
	last, _ := strconv.Atoi(code[len(code)-1:])
	return sms.Secret(code[:len(code)-1] + strconv.Itoa((last+1+n%9)%10))
}

func (p *person) verify(ctx context.Context, code sms.Secret) (otp.Result, time.Duration, error) {
	began := time.Now()
	var a otp.VerifyAnswer
	err := p.call(ctx, "verify", p.challenge, map[string]any{"code": code.Reveal()}, &a)
	return a.Result, time.Since(began), err
}

// check asks where the challenge stands in the end.
func (p *person) check(ctx context.Context) error {
	var s otp.Standing
	if err := p.call(ctx, "status", p.challenge, map[string]any{}, &s); err != nil {
		return err
	}
	if s.State != p.ends {
		return fmt.Errorf("it ended as %s, want %s", s.State, p.ends)
	}
	return nil
}

func (p *person) think(ctx context.Context) error {
	return pause(ctx, thinkTime/4+time.Duration(p.r.Int64N(int64(thinkTime*3/4))))
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package demo

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"harkara/cmd/internal/otp"
)

// People are simulated: each asks for a code, reads it out of the text that a simulated SMSC took for its number, and
// types it back, as its manner is.
type People struct {
	N    int
	Seed uint64
}

const peoplePerSecond = 150

// ask is what a person asks for a code for. Names, orders and amounts are made up.
type ask struct {
	tenant   string
	purpose  otp.Purpose
	template string
	vars     []string // nil: the service knows where the code belongs
}

var asks = []ask{
	{"acme", otp.Login, "1107161234567890123", nil},
	{"acme", otp.Transaction, "1107161234567890231", []string{"{code}", "501", "Sample Store", "8842"}},
	{"acme", otp.Reset, "1107161234567890457", nil}, // in Hindi: UCS-2, two segments
	{"zipkart", otp.Login, "1207161345678901234", nil},
	{"zipkart", otp.Transaction, "1207161345678901351", []string{"ZK4711", "{code}"}}, // in Bengali
	{"zipkart", otp.Reset, "1207161345678901234", nil},
}

// typed is a code that a person types, and what the service has to say to it.
type typed struct {
	wrong  bool
	answer otp.Result
}

// manner is what a kind of person does, in this order: ask for a second text, cancel, type.
type manner struct {
	name                  string
	share                 int  // of mannersOf
	resend, cancel, twice bool // twice: the code is typed on two devices at once
	types                 []typed
	ends                  otp.State
}

const mannersOf = 40

var manners = []manner{
	{name: "sure", share: 30, types: []typed{{false, otp.OK}}, ends: otp.Verified},
	{name: "hasty", share: 4, twice: true, ends: otp.Verified},
	{name: "clumsy", share: 2, types: []typed{{true, otp.Wrong}, {false, otp.OK}, {false, otp.Used}}, ends: otp.Verified},
	{name: "lost", share: 1, resend: true, types: []typed{{false, otp.OK}}, ends: otp.Verified},
	{name: "stubborn", share: 1, types: []typed{{true, otp.Wrong}, {true, otp.Wrong}, {true, otp.Wrong}, {false, otp.Locked}},
		ends: otp.Exhausted},
	{name: "fickle", share: 1, cancel: true, types: []typed{{false, otp.Expired}}, ends: otp.Cancelled},
	{name: "absent", share: 1, ends: otp.Live},
}

// mannerOf spreads the manners over the people, so that every mannersOf of them have them all.
func mannerOf(i int) *manner {
	at := i * 27 % mannersOf // 27 has no divisor in common with it
	for m := range manners {
		if at -= manners[m].share; at < 0 {
			return &manners[m]
		}
	}
	panic("the shares of manners are fewer than mannersOf")
}

// Challenge lets people come, type and go, and counts what came of it; once in a world, as it counts all challenges of the
// database.
func (w *World) Challenge(ctx context.Context, people People, progress io.Writer) (*OTPOutcome, error) {
	began := time.Now()
	c, err := w.callers()
	if err != nil {
		return nil, err
	}
	defer c.close()
	crowd := w.crowd(people, c)
	events, err := c.follow()
	if err != nil {
		return nil, err
	}
	if err := w.play(ctx, crowd, progress); err != nil {
		return nil, err
	}
	if err := events.settle(ctx, crowd); err != nil {
		return nil, err
	}
	out := outcomeOf(crowd, events)
	out.WallS = time.Since(began).Seconds()
	return out, w.countOTP(ctx, out)
}

// crowd makes the people, whose numbers are none of the load's, and gives each a phone.
func (w *World) crowd(people People, c *callers) []*person {
	r := rand.New(rand.NewPCG(people.Seed, 7))
	first := 9_100_000_000 + r.Int64N(800_000_000)
	crowd := make([]*person, people.N)
	phones := &handsets{of: map[string]*handset{}}
	for i := range crowd {
		p := &person{manner: mannerOf(i), ask: asks[r.IntN(len(asks))], number: fmt.Sprint(91_0000000000 + first + int64(i)),
			r: rand.New(rand.NewPCG(people.Seed, uint64(i))), phone: newHandset(), events: map[string]int{}}
		p.call = c.nats(p.tenant)
		if r.IntN(2) == 0 {
			p.call = c.http(p.tenant)
		}
		phones.of[p.number] = p.phone
		crowd[i] = p
	}
	w.handsets.Store(phones)
	return crowd
}

// play lets all of them act; the first who finds something wrong ends it.
func (w *World) play(ctx context.Context, crowd []*person, progress io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	var acting sync.WaitGroup
	defer acting.Wait()
	defer cancel()
	ends := make(chan error, len(crowd))
	as("load", func() {
		acting.Go(func() {
			for _, p := range crowd {
				acting.Go(func() { ends <- p.act(ctx) })
				if pause(ctx, time.Second/peoplePerSecond) != nil {
					return
				}
			}
		})
	})
	shown := time.Now()
	for ended := 1; ended <= len(crowd); ended++ {
		if err := <-ends; err != nil {
			return err
		}
		if time.Since(shown) > time.Second || ended == len(crowd) {
			fmt.Fprintf(progress, "challenges %d of %d\n", ended, len(crowd))
			shown = time.Now()
		}
	}
	return nil
}

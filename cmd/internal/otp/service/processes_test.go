package service

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"harkara/cmd/internal/otp"
)

// tally is what the callers of one subject were told.
type tally struct {
	mu        sync.Mutex
	challenge map[otp.ChallengeID]map[otp.Result]int
	ended     map[otp.ChallengeID]bool
	faults    []string
}

func (y *tally) fault(format string, args ...any) {
	y.faults = append(y.faults, fmt.Sprintf(format, args...))
}

// TestThreeProcesses has three processes of the service on one NATS server, of which one after the other is killed, while
// callers try each challenge in parallel with right and wrong codes, cancel, send again and ask for new ones. Whoever
// answers: a code verifies once, never after cancel; no challenge has more wrong answers than tries; and the wrong answers in
// a row of one number never exceed what locks it, whatever is sent again or asked for anew.
func TestThreeProcesses(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := newWorld(t)
	children := make([]*exec.Cmd, 3)
	for i := range children {
		children[i] = w.startChild(t, fmt.Sprintf("node-%d", i+1))
	}
	stop := make(chan struct{})
	var killing sync.WaitGroup
	var kills atomic.Int64
	killing.Go(func() {
		r := rand.New(rand.NewPCG(seed, 1))
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(100+r.IntN(250)) * time.Millisecond):
			}
			i := r.IntN(len(children))
			_ = children[i].Process.Kill()
			_ = children[i].Wait() // killed, as meant
			kills.Add(1)
			children[i] = w.startChild(t, fmt.Sprintf("node-%d", i+1))
		}
	})
	var mu sync.Mutex
	var tallies []*tally
	var callers sync.WaitGroup
	for i := range 12 {
		callers.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i)+2))
			for n := 0; kills.Load() < 6 && !t.Failed(); n++ {
				y := &tally{challenge: map[otp.ChallengeID]map[otp.Result]int{}, ended: map[otp.ChallengeID]bool{}}
				w.person(t, y, fmt.Sprintf("9%02d%07d", i, n), r)
				mu.Lock()
				tallies = append(tallies, y)
				mu.Unlock()
			}
		})
	}
	callers.Wait()
	close(stop)
	killing.Wait()
	for _, c := range children {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	told := map[otp.Result]int{}
	for i, y := range tallies {
		y.failures()
		for _, f := range y.faults {
			t.Errorf("number %d: %s", i, f)
		}
		for _, results := range y.challenge {
			for result, n := range results {
				told[result] += n
			}
		}
	}
	t.Logf("%d kills, %d numbers; told: %v", kills.Load(), len(tallies), told)
	if told[otp.OK] == 0 || told[otp.Wrong] == 0 || told[otp.Used] == 0 || told[otp.Locked] == 0 {
		t.Error("too little happened for the test to mean anything")
	}
}

// person asks for challenges of one number and has each tried in parallel.
func (w *world) person(t *testing.T, y *tally, number string, r *rand.Rand) {
	for range 6 {
		answer, fault := w.request(number)
		if fault != nil {
			if fault.Code != otp.LockedOut {
				y.fault("request: %v", fault)
			}
			return
		}
		code := w.code(t, answer.Challenge)
		right := r.IntN(3) // of the tries of this challenge
		cancel := r.IntN(4) == 0
		again := r.IntN(3) == 0
		var tries sync.WaitGroup
		for i := range 10 {
			tries.Go(func() {
				typed := code
				if i >= right {
					typed = wrongCode(code, i)
				}
				w.try(y, answer.Challenge, typed, typed == code)
			})
		}
		if again {
			tries.Go(func() {
				_, _, _ = ask[otp.RequestAnswer](w.conn, "resend", map[string]any{"challenge": answer.Challenge}, 3*time.Second) // whatever comes of it
			})
		}
		tries.Wait()
		if cancel {
			_, _, err := ask[otp.Standing](w.conn, "cancel", map[string]any{"challenge": answer.Challenge}, 3*time.Second)
			y.mu.Lock()
			y.ended[answer.Challenge] = err == nil
			y.mu.Unlock()
			w.try(y, answer.Challenge, code, true)
		}
	}
}

// request asks until an answer comes, with one id, as a caller whose process or line dies does.
func (w *world) request(number string) (otp.RequestAnswer, *otp.Error) {
	id := fmt.Sprintf("%s-%d", number, rand.Uint64())
	for {
		answer, fault, err := ask[otp.RequestAnswer](w.conn, "request", map[string]any{"to": number, "template": "1107161234567890123",
			"purpose": "login", "id": id}, 2*time.Second)
		if err == nil && (fault == nil || fault.Code != otp.Unavailable) {
			return answer, fault
		}
	}
}

// wrongCode differs from a code in its last digit.
func wrongCode(code string, i int) string {
	last := (int(code[len(code)-1]-'0') + 1 + i%9) % 10
	return code[:len(code)-1] + string(rune('0'+last))
}

// try types a code once; no answer says nothing. It notes what must not be.
func (w *world) try(y *tally, id otp.ChallengeID, code string, right bool) {
	answer, fault, err := ask[otp.VerifyAnswer](w.conn, "verify", map[string]any{"challenge": id, "code": code}, 3*time.Second)
	y.mu.Lock()
	defer y.mu.Unlock()
	if err != nil || fault != nil {
		if fault != nil && fault.Code != otp.Unavailable {
			y.fault("verify: %v", fault)
		}
		return
	}
	if y.challenge[id] == nil {
		y.challenge[id] = map[otp.Result]int{}
	}
	seen := y.challenge[id]
	seen[answer.Result]++
	switch {
	case answer.Result == otp.OK && !right:
		y.fault("a wrong code was right")
	case answer.Result == otp.OK && y.ended[id]:
		y.fault("a cancelled challenge was verified")
	case seen[otp.OK] > 1:
		y.fault("a challenge was verified %d times", seen[otp.OK])
	case seen[otp.Wrong] > testPolicy.Tries:
		y.fault("a challenge had %d wrong answers", seen[otp.Wrong])
	case answer.Result == otp.Wrong && right:
		y.fault("the right code was wrong")
	}
}

// failures holds the wrong answers of all challenges against what locks: only a right code begins the count anew, and the
// lock lasts longer than the test. A right code whose answer was lost shows as used.
func (y *tally) failures() {
	wrong, fresh := 0, 1
	for _, results := range y.challenge {
		wrong += results[otp.Wrong]
		if results[otp.OK]+results[otp.Used] > 0 {
			fresh++
		}
	}
	if most := fresh * testPolicy.LockAfter; wrong > most {
		y.fault("%d wrong answers, and %d right codes: want at most %d", wrong, fresh-1, most)
	}
}

package ledger

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/mod/sumdb/note"

	"harkara/storage/internal/natstest"
)

// key makes a signing key of a node.
func key(t testing.TB, node string) (note.Signer, note.Verifier) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, SignerName(node))
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

func notes(list ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, n := range list {
			if !yield(n, nil) {
				return
			}
		}
	}
}

// book is a ledger of two nodes, a and b, whose frames take turns: 12 frames, with a checkpoint of a after frame 5 and one
// of b after frame 10.
type book struct {
	js          jetstream.JetStream
	verifiers   note.Verifiers
	checkpoints []string
	signers     map[string]note.Signer
}

func newBook(t testing.TB) *book {
	t.Helper()
	b := &book{js: natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t), signers: map[string]note.Signer{}}
	var verifiers []note.Verifier
	ledgers := map[string]*Ledger{}
	for _, node := range []string{"a", "b"} {
		s, v := key(t, node)
		b.signers[node] = s
		verifiers = append(verifiers, v)
		l, err := Open(t.Context(), b.js, Config{Node: node})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		ledgers[node] = l
	}
	b.verifiers = note.VerifierList(verifiers...)
	for i := 1; i <= 12; i++ {
		node := []string{"b", "a"}[i%2]
		if _, err := ledgers[node].Append(t.Context(), Event{Kind: Planned, Attempt: i}); err != nil {
			t.Fatal(err)
		}
		if i == 5 || i == 10 {
			c, err := ledgers[node].Checkpoint(t.Context(), b.signers[node])
			if err != nil {
				t.Fatal(err)
			}
			b.checkpoints = append(b.checkpoints, c.Note)
		}
	}
	return b
}

func (b *book) verify(t testing.TB) Findings {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	found, err := Verify(ctx, b.js, notes(b.checkpoints...), b.verifiers)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// places are the faults as kind, position, node and number.
func (r *Findings) places() (all []string) {
	for _, f := range r.Faults {
		all = append(all, fmt.Sprintf("%s %d %s%d", f.Kind, f.Position, f.Node, f.Number))
	}
	return all
}

// reseal writes a chain anew from an index on, as somebody does who knows how.
func reseal(m []stored, from int) {
	var digest Digest
	id, _ := parseSubject(m[from].subject)
	for i := range m {
		if m[i].subject != m[from].subject {
			continue
		}
		f := frameOf(m[i].subject, m[i].header, m[i].data)
		if i >= from {
			m[i].header = map[string][]string{headerFrame: {"2"}, headerEvents: m[i].header[headerEvents], headerNumber: m[i].header[headerNumber]}
			m[i].header.Set(headerPrevious, digest.String())
			f.Digest = id.digest(f.Number, digest, f.Events, m[i].data)
			m[i].header.Set(headerDigest, f.Digest.String())
		}
		digest = f.Digest
	}
}

// resequenced closes the gaps.
func resequenced(m []stored) []stored {
	for i := range m {
		m[i].seq = uint64(i + 1)
	}
	return m
}

func TestTampering(t *testing.T) {
	t.Parallel()
	forged := []byte(`{"kind":"planned","at":"2026-11-22T00:00:00Z","attempt":99}` + "\n")
	for name, tt := range map[string]struct {
		do   func(m []stored) []stored
		want string
	}{
		"nothing":                           {func(m []stored) []stored { return m }, ""},
		"a payload changed":                 {func(m []stored) []stored { m[6].data = forged; return m }, "changed 7 a4"},
		"a header changed":                  {func(m []stored) []stored { m[6].header.Set(headerEvents, "7"); return m }, "changed 7 a4"},
		"two payloads changed":              {func(m []stored) []stored { m[1].data, m[8].data = forged, forged; return m }, "changed 2 b1, changed 9 a5"},
		"a frame changed and sealed":        {func(m []stored) []stored { m[6].data = forged; sealOne(m, 6); return m }, "changed 7 a4"},
		"the last frame changed":            {func(m []stored) []stored { m[11].data = forged; return m }, "changed 12 b6"},
		"a chain written anew":              {func(m []stored) []stored { m[2].data = forged; reseal(m, 2); return m }, "changed 5 a3"},
		"the other chain written anew":      {func(m []stored) []stored { m[5].data = forged; reseal(m, 5); return m }, "changed 10 b5"},
		"a frame deleted":                   {func(m []stored) []stored { return slices.Delete(m, 6, 7) }, "missing 7 0, missing 9 a4"},
		"three frames deleted":              {func(m []stored) []stored { return slices.Delete(m, 6, 9) }, "missing 7 0, missing 10 b4, missing 11 a4"},
		"a frame deleted without a gap":     {func(m []stored) []stored { return resequenced(slices.Delete(m, 6, 7)) }, "missing 8 a4, changed 10 b5"},
		"two frames of a node swapped":      {swapped(6, 8), "reordered 9 a4"},
		"a frame moved behind":              {func(m []stored) []stored { return resequenced(append(slices.Delete(slices.Clone(m), 1, 2), m[1])) }, "changed 5 a3, changed 10 b5, reordered 12 b1"},
		"frames of two nodes swapped":       {swapped(4, 5), "changed 5 a3"},
		"a frame repeated":                  {func(m []stored) []stored { return resequenced(append(m, m[11])) }, "forged 13 b6"},
		"a frame put in":                    {func(m []stored) []stored { return resequenced(slices.Insert(m, 7, forge(m, 6, forged))) }, "changed 8 a5, forged 10 a5, changed 10 b5"},
		"a frame put in behind checkpoints": {func(m []stored) []stored { return resequenced(append(m, forge(m, 10, forged))) }, ""},
		"a frame of version 1 put in": {func(m []stored) []stored {
			m[6] = stored{7, Subject, map[string][]string{headerFrame: {"1"}, headerEvents: {"1"}}, forged}
			return m
		}, "forged 7 0, missing 9 a4"},
		"a message that is no frame":          {func(m []stored) []stored { return append(m, stored{13, "ledger.0.a", map[string][]string{}, forged}) }, "forged 13 0"},
		"a frame of another subject":          {func(m []stored) []stored { return append(m, stored{13, "ledger.0.c", m[11].header, m[11].data}) }, "changed 13 c6, missing 13 c1"},
		"the tail cut off":                    {func(m []stored) []stored { return m[:7] }, "truncated 8 b5"},
		"the tail cut off behind checkpoints": {func(m []stored) []stored { return m[:10] }, ""},
		"all cut off":                         {func([]stored) []stored { return nil }, "truncated 1 a3, truncated 1 b5"},
		"the beginning cut off":               {func(m []stored) []stored { return m[3:] }, "truncated 1 0, missing 4 b1, missing 5 a1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t)
			rewrite(t, b.js, tt.do(all(t, b.js)))
			found := b.verify(t)
			got := slices.Sorted(slices.Values(found.places()))
			want := slices.Sorted(slices.Values(strings.FieldsFunc(tt.want, func(r rune) bool { return r == ',' })))
			for i := range want {
				want[i] = strings.TrimSpace(want[i])
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("found %q\n want %q\n%+v", got, want, found.Faults)
			}
		})
	}
}

// sealOne gives a frame the digest that it should have.
func sealOne(m []stored, i int) {
	f := frameOf(m[i].subject, m[i].header, m[i].data)
	m[i].header.Set(headerDigest, f.digest().String())
}

// forge makes a frame that goes on behind another.
func forge(m []stored, behind int, payload []byte) stored {
	f := frameOf(m[behind].subject, m[behind].header, m[behind].data)
	made := stored{subject: m[behind].subject, header: map[string][]string{headerFrame: {"2"}, headerEvents: {"1"}}, data: payload}
	made.header.Set(headerNumber, fmt.Sprint(f.Number+1))
	made.header.Set(headerPrevious, f.Digest.String())
	made.header.Set(headerDigest, (chainID{f.Partition, f.Node}).digest(f.Number+1, f.Digest, 1, payload).String())
	return made
}

func swapped(i, j int) func(m []stored) []stored {
	return func(m []stored) []stored {
		m[i], m[j] = m[j], m[i]
		return resequenced(m)
	}
}

func TestVerifyReports(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	found := b.verify(t)
	found.Took = 0
	found.Lineage = ""
	for i := range found.Nodes {
		found.Nodes[i].AttestedAt = nil
	}
	want := "{Lineage: First:1 Last:12 Frames:12 Events:12 Unchained:0 ProvenFrom:1 Cut:false Checkpoints:2 Nodes:[" +
		"{Node:a Partition:0 Frames:6 First:1 Last:11 Number:6 Attested:5 AttestedAt:<nil>} {Node:b Partition:0 Frames:6 First:2 Last:12 Number:6 Attested:10 AttestedAt:<nil>}" +
		"] Faults:[] More:0 Remarks:[the frames of node a from position 7 on are not attested yet: they are chained, and no more " +
		"the frames of node b from position 12 on are not attested yet: they are chained, and no more] Took:0s}"
	if got := fmt.Sprintf("%+v", found); got != want {
		t.Errorf("found %s\nwant  %s", got, want)
	}
}

func TestChainsBeginBehindFramesOfVersion1(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: Stream, Subjects: []string{"ledger.*"}, DenyDelete: true}); err != nil {
		t.Fatal(err)
	}
	b := &book{js: js, verifiers: note.VerifierList()}
	rewrite(t, js, []stored{{1, Subject, map[string][]string{headerFrame: {"1"}, headerEvents: {"1"}}, []byte(`{"kind":"planned"}` + "\n")}})
	l, alarms := openTraced(t, js, Config{})
	again, _ := openTraced(t, js, Config{Node: "other"})
	if l.Lineage() == "" || l.Lineage() != again.Lineage() {
		t.Errorf("lineages %q and %q", l.Lineage(), again.Lineage())
	}
	if p, err := l.Append(t.Context(), Event{Kind: Planned}); err != nil || p != 2 {
		t.Fatalf("append: %d, %v", p, err)
	}
	found := b.verify(t)
	if len(found.Faults) > 0 || found.Unchained != 1 || found.ProvenFrom != 2 || found.Frames != 2 || len(alarms) > 0 {
		t.Errorf("%+v, %d alarms", found, len(alarms))
	}
	r, err := l.Read(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	for _, version := range []string{"1", "2"} {
		if f, err := r.Next(t.Context()); err != nil || f.Version != version || f.Events != 1 {
			t.Errorf("frame %+v, %v", f, err)
		}
	}
}

func TestACutBeginningThatKeepExplains(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]time.Duration{"over": 2 * time.Minute, "not over": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t)
			b.checkpoints = append(b.checkpoints, b.attest(t, 3, time.Now().Add(-10*time.Minute)))
			m := all(t, b.js)
			rewrite(t, b.js, m[3:])
			stream, err := b.js.Stream(t.Context(), Stream)
			if err != nil {
				t.Fatal(err)
			}
			cfg := stream.CachedInfo().Config
			cfg.MaxAge = keep
			cfg.Metadata[keepKey] = keep.String() // as gateways do
			if _, err := b.js.UpdateStream(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			found := b.verify(t)
			want := "[]"
			if name == "not over" {
				want = "[truncated 3 a2]"
			}
			if fmt.Sprint(found.places()) != want || !found.Cut || found.ProvenFrom != 4 {
				t.Errorf("%v, want %s: %+v", found.places(), want, found)
			}
		})
	}
}

// attest signs the frame at a position as one of a time.
func (b *book) attest(t testing.TB, p Position, at time.Time) string {
	t.Helper()
	m := all(t, b.js)[p-1]
	f := frameOf(m.subject, m.header, m.data)
	stream, err := b.js.Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	c := Checkpoint{Lineage: lineageOf(stream.CachedInfo()), Node: f.Node, Position: p, Number: f.Number, Digest: f.Digest, At: at.UTC().Truncate(time.Second)}
	signed, err := note.Sign(&note.Note{Text: c.text()}, b.signers[f.Node])
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

func TestBadCheckpointsAreNamed(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	good := b.checkpoints[0]
	stranger, _ := key(t, "a")
	own := b.signers["a"]
	b.signers["a"] = stranger
	strange := b.attest(t, 1, time.Now())
	b.signers["a"] = own
	other := strings.Replace(good, "ledger ", "ledger X", 1)
	text, _, _ := strings.Cut(other, "\n\n")
	signed, err := note.Sign(&note.Note{Text: text + "\n"}, own)
	if err != nil {
		t.Fatal(err)
	}
	crossed, err := note.Sign(&note.Note{Text: strings.SplitAfter(good, "\n\n")[0][:strings.Index(good, "\n\n")+1]}, b.signers["b"])
	if err != nil {
		t.Fatal(err)
	}
	b.checkpoints = []string{good, good, strange, other, string(signed), string(crossed), "torn"}
	found := b.verify(t)
	if !slices.ContainsFunc(found.Remarks, func(r string) bool {
		return strings.Contains(r, "not verified: unknown key harkara/a+") && strings.Contains(r, "--key")
	}) {
		t.Errorf("no remark names the unknown key: %q", found.Remarks)
	}
	if len(found.Faults) != 4 || found.Checkpoints != 1 {
		t.Fatalf("%d good checkpoints, faults %+v", found.Checkpoints, found.Faults)
	}
	for _, words := range []string{"was changed", "another ledger", "signed by harkara/b", "malformed"} {
		if !slices.ContainsFunc(found.Faults, func(f Fault) bool { return f.Kind == BadCheckpoints && strings.Contains(f.What, words) }) {
			t.Errorf("no fault says %q: %+v", words, found.Faults)
		}
	}
	broken := errors.New("broken")
	if _, err := Verify(t.Context(), b.js, func(yield func(string, error) bool) { yield("", broken) }, b.verifiers); !errors.Is(err, broken) {
		t.Errorf("with a broken source of checkpoints: %v", err)
	}
}

func TestCheckpointsReadBackWhatTheySign(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
	l, _ := openTraced(t, js, Config{Node: "a"})
	signer, verifier := key(t, "a")
	if _, err := l.Checkpoint(t.Context(), signer); !errors.Is(err, ErrNoFrame) {
		t.Errorf("of an empty chain: %v", err)
	}
	if _, err := l.Append(t.Context(), Event{Kind: Planned}); err != nil {
		t.Fatal(err)
	}
	c, err := l.Checkpoint(t.Context(), signer)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := l.Checkpoint(t.Context(), signer); err != nil || again != c {
		t.Errorf("once more: %+v, %v", again, err)
	}
	parsed, err := ParseCheckpoint(c.Note, note.VerifierList(verifier))
	if err != nil || parsed != c {
		t.Errorf("parsed %+v, %v; want %+v", parsed, err, c)
	}
	m := all(t, js)
	m[0].data = []byte("{}\n")
	rewrite(t, js, m)
	if _, err := l.Checkpoint(t.Context(), signer); err == nil || !strings.Contains(err.Error(), "not the one that was appended") {
		t.Errorf("of a frame that was changed: %v", err)
	}
}

func TestAFrameIsCheckedByHandAsDocumented(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	m := all(t, b.js)[6]
	sum := exec.CommandContext(t.Context(), "sh", "-c", `{ printf '%s\n' 2 0 a 4 "$1" 1; cat; } | sha256sum`, "sh", m.header.Get(headerPrevious))
	sum.Stdin = bytes.NewReader(m.data)
	out, err := sum.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _ := strings.Cut(string(out), " "); got != m.header.Get(headerDigest) {
		t.Errorf("by hand %s, the frame says %s", got, m.header.Get(headerDigest))
	}
}

// TestFramesThatNobodySignedFor: times are those of frames, a checkpoint at a frame attests all before.
func TestFramesThatNobodySignedFor(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	type frame struct {
		node    string
		minute  int
		settled bool
	}
	for name, tt := range map[string]struct {
		frames  []frame
		now     int
		strange bool
		want    string // faults
		remarks int
	}{
		"all signed for":               {[]frame{{"a", 0, false}, {"a", 9, true}}, 60, false, "[]", 0},
		"a tail, and stopped for long": {[]frame{{"a", 0, true}, {"a", 1, false}}, 9999, false, "[]", 1},
		"a tail that goes on":          {[]frame{{"a", 0, true}, {"a", 1, false}, {"a", 7, false}}, 7, false, "[unattested 2 a0]", 0},
		"killed, and others go on":     {[]frame{{"a", 0, true}, {"a", 1, false}, {"b", 7, true}}, 7, false, "[unattested 2 a0]", 0},
		"killed, and started again":    {[]frame{{"a", 0, true}, {"a", 1, false}, {"b", 7, true}, {"a", 8, true}}, 8, false, "[]", 0},
		"never, for some minutes":      {[]frame{{"a", 0, true}, {"evil", 0, false}}, 5, false, "[]", 1},
		"never":                        {[]frame{{"a", 0, true}, {"evil", 0, false}}, 6, false, "[unattested 2 evil0]", 0},
		"with an unknown key":          {[]frame{{"a", 0, true}, {"evil", 0, false}}, 6, true, "[]", 1},
	} {
		t.Run(name, func(t *testing.T) {
			v := &verification{chains: map[chainID]*chain{}, strange: map[string]bool{SignerName("evil"): tt.strange},
				now: start.Add(time.Duration(tt.now) * time.Minute)}
			ends := map[string]link{}
			for i, f := range tt.frames {
				end := ends[f.node]
				made := Frame{Position: Position(i + 1), At: start.Add(time.Duration(f.minute) * time.Minute), Version: frameVersion, Node: f.node,
					Number: end.number + 1, Previous: end.digest}
				made.Digest = made.digest()
				ends[f.node] = link{number: made.Number, digest: made.Digest}
				if f.settled {
					v.order = append(v.order, chainID{node: f.node})
					v.claims = append(v.claims, claim{made.Position, made.Number, made.At.Unix(), len(v.order) - 1, made.Digest})
				}
				v.frame(&made)
				v.report.Last = made.Position
			}
			v.ending()
			if fmt.Sprint(v.report.places()) != tt.want || len(v.report.Remarks) != tt.remarks {
				t.Errorf("%v, remarks %q; want %s, %d remarks", v.report.places(), v.report.Remarks, tt.want, tt.remarks)
			}
		})
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	c := Checkpoint{Lineage: "L", Node: "a", Position: 5, Number: 3, At: time.Unix(1795000000, 0).UTC()}
	f.Add(c.text())
	f.Add("harkara ledger L/a/0\n5 3\n\n2026-11-22T00:00:00Z\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := parseText(text); err == nil && c.text() != text {
			t.Fatalf("%q was read as %q", text, c.text())
		}
	})
}

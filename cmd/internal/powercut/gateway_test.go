//go:build powercut

package powercut

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"text/template"
	"time"
)

// setup is the folder of a round: the configuration lies outside of the file system that is cut.
type setup struct {
	dir, binary       string
	sync              string
	nats, http        string
	smscA, smscB      string
	configuration, at string // its file, and where the image is mounted
}

const password = "made-up" // of everybody; all listen on loopback

var configTemplate = template.Must(template.New("config").Parse(`node: powercut
data: {{.At}}/data
nats: {listen: "{{.NATS}}", sync: {{.Sync}}}
http: {{.HTTP}}
tenants:
  - {id: acme, password: {{.Password}}, headers: [ACMEBK], weight: 1}
  - {id: zipkart, password: {{.Password}}, headers: [ZIPKRT], weight: 1}
smscs:{{range $id, $addr := .SMSCs}}
  - id: {{$id}}
    addr: {{$addr}}
    system_id: harkara
    password: {{$.Password}}
    binds: 2
    window: 64
    categories: [transactional, service_implicit]
    timeouts: {bind: 2s, response: 1s, enquire_link: 2s}{{end}}
routes:
  - match: {tenants: [acme]}
    targets: [{smsc: sim-a, weight: 3}, {smsc: sim-b, weight: 1}]
  - match: {tenants: [zipkart]}
    targets: [{smsc: sim-b}]
    failover: [sim-a]
`))

func (s *setup) configure() error {
	var b bytes.Buffer
	err := configTemplate.Execute(&b, map[string]any{"At": s.at, "NATS": s.nats, "HTTP": s.http, "Sync": s.sync,
		"Password": password, "SMSCs": map[string]string{"sim-a": s.smscA, "sim-b": s.smscB}})
	if err != nil {
		return err
	}
	s.configuration = filepath.Join(s.dir, "harkara.yaml")
	return os.WriteFile(s.configuration, b.Bytes(), 0o600)
}

// gateway is a running harkara serve.
type gateway struct {
	setup *setup
	cmd   *exec.Cmd
	ready chan struct{} // closed when it takes requests
	ended chan struct{} // closed when it has ended

	mu    sync.Mutex
	lines []string // what it said
}

// serve starts the gateway and does not wait for it.
func (s *setup) serve() (*gateway, error) {
	g := &gateway{setup: s, cmd: exec.Command(s.binary, "serve", "--config", s.configuration),
		ready: make(chan struct{}), ended: make(chan struct{})}
	said, err := g.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	go g.follow(said)
	return g, nil
}

func (g *gateway) follow(said io.Reader) {
	defer close(g.ended)
	scanner := bufio.NewScanner(said)
	for scanner.Scan() {
		g.mu.Lock()
		g.lines = append(g.lines, scanner.Text())
		g.mu.Unlock()
		if scanner.Text() == "ready" {
			close(g.ready)
		}
	}
	_ = g.cmd.Wait() // it was killed, mostly; whoever stops it in peace looks at its state
}

// await waits until the gateway takes requests.
func (g *gateway) await() error {
	select {
	case <-g.ready:
		return nil
	case <-g.ended:
		return fmt.Errorf("the gateway ended before it was ready: %s", g.tail())
	case <-time.After(60 * time.Second):
		return fmt.Errorf("the gateway is not ready after a minute: %s", g.tail())
	}
}

// stop ends the gateway in peace, and PostgreSQL with it.
func (g *gateway) stop() error {
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-g.ended:
	case <-time.After(60 * time.Second):
		return fmt.Errorf("the gateway does not end: %s", g.tail())
	}
	if !g.cmd.ProcessState.Success() {
		return fmt.Errorf("the gateway ended with %v: %s", g.cmd.ProcessState, g.tail())
	}
	return nil
}

// tail is the end of what the gateway said, or the beginning of its panic.
func (g *gateway) tail() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, line := range g.lines {
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			return strings.Join(g.lines[max(0, i-5):min(len(g.lines), i+25)], "\n")
		}
	}
	return strings.Join(g.lines[max(0, len(g.lines)-15):], "\n")
}

// errors are the lines of the log that say so.
func (g *gateway) errors() (list []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, line := range g.lines {
		if strings.Contains(line, "level=ERROR") {
			list = append(list, line)
		}
	}
	return list
}

var framesPattern = regexp.MustCompile(`ledger had lost frames.* frames=(\d+)`)

// framesLost is how many frames the gateway said at its start that the ledger had lost.
func (g *gateway) framesLost() int {
	for _, line := range g.errors() {
		if found := framesPattern.FindStringSubmatch(line); found != nil {
			n, _ := strconv.Atoi(found[1]) // digits by the pattern
			return n
		}
	}
	return 0
}

// gauge reads the sum of a metric over its labels; -1 where the gateway does not answer.
func (s *setup) gauge(name string) float64 {
	client := http.Client{Timeout: time.Second}
	answer, err := client.Get("http://" + s.http + "/metrics")
	if err != nil {
		return -1
	}
	defer answer.Body.Close()
	sum, found := 0.0, false
	scanner := bufio.NewScanner(answer.Body)
	for scanner.Scan() {
		series, value, _ := strings.Cut(scanner.Text(), " ")
		if metric, _, _ := strings.Cut(series, "{"); metric == "harkara_"+name {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return -1
			}
			sum, found = sum+n, true
		}
	}
	if !found {
		return -1
	}
	return sum
}

// prepare makes an image with the data of a gateway that has the sample register, has sent something, and was stopped in peace.
func (s *setup) prepare(image string, seed uint64) error {
	smscs, err := s.startSMSCs()
	if err != nil {
		return err
	}
	for _, smsc := range smscs {
		defer smsc.Close()
	}
	if err := makeImage(image); err != nil {
		return err
	}
	d, err := mountImage(image, s.at)
	if err != nil {
		return err
	}
	for kind, file := range map[string]string{"templates": "register.csv", "ctas": "ctas.csv"} {
		err := command(s.binary, "dlt", "import", "--config", s.configuration, "--kind", kind, "../../../deploy/samples/"+file)
		if err != nil {
			return err
		}
	}
	g, err := s.serve()
	if err != nil {
		return err
	}
	if err := g.await(); err != nil {
		return err
	}
	t, err := join(s.nats, seed)
	if err != nil {
		return err
	}
	defer t.leave()
	working, stop := context.WithTimeout(context.Background(), 2*time.Second)
	defer stop()
	t.work(working, rate)
	if err := errors.Join(t.acknowledged(longest), g.stop()); err != nil {
		return err
	}
	return d.unmount()
}

//go:build interop

package interop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// capture is a running dumpcap on loopback.
type capture struct {
	*process
	file, keys    string // the packets, and the keys of TLS sessions where there are any
	port, tlsPort string
	tshark        []string       // tshark's arguments to read it by
	marks         map[string]int // by stream and direction, the sequence number behind the last octet so far
}

// startCapture captures the peer's TCP ports on loopback from before the gateway's first octet.
func startCapture(ctx context.Context, t *testing.T, p *peer) *capture {
	t.Helper()
	c := &capture{file: filepath.Join(t.TempDir(), "smpp.pcapng"), keys: p.keys, port: p.port, tlsPort: p.tlsPort}
	c.tshark = []string{"tshark", "-n", "-r", c.file, "-d", "tcp.port==" + c.port + ",smpp", "-o",
		"smpp.decode_sms_over_smpp:" + alphabet(p.SMSCs)}
	filter := "tcp port " + c.port
	if p.keys != "" {
		filter += " or tcp port " + c.tlsPort
		c.tshark = append(c.tshark, "-o", "tls.keylog_file:"+p.keys, "-X", "lua_script:"+withinTLS(t, c.tlsPort))
	}
	c.process = start(ctx, t, "dumpcap (needs the right to capture: run as root, or as a member of group wireshark)", "", nil,
		"dumpcap", "-q", "-i", "lo", "-f", filter, "-w", c.file)
	// It says so when the interface is open: from then on the kernel keeps what comes.
	c.await(ctx, t, c.err, "its file", func() bool {
		return slices.ContainsFunc(c.err.get(), func(line string) bool { return strings.HasPrefix(line, "File: ") })
	})
	return c
}

// alphabet is tshark's name for data_coding 0, of which it knows one meaning at a time.
func alphabet(smscs []*smsc) string {
	if slices.ContainsFunc(smscs, func(s *smsc) bool { return s.packed }) {
		return "GSM 7-bit (packed)"
	}
	return "GSM 7-bit"
}

// withinTLS writes the script by which tshark takes what is within TLS at a port for SMPP: its option -d would not.
func withinTLS(t *testing.T, port string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tls.lua")
	script := fmt.Sprintf("DissectorTable.get(\"tls.port\"):add(%s, Dissector.get(\"smpp\"))\n", port)
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// end stops the capture once it holds the end of every conversation, and returns its PDUs.
func (c *capture) end(ctx context.Context, t *testing.T, conversations int) []pdu {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		// While dumpcap writes, the file may end in the middle of a packet: that is no fault yet.
		out, _ := start(ctx, t, "tshark", "", nil, slices.Concat(c.tshark, []string{"-T", "fields",
			"-e", "smpp.sequence_number", "-Y", "smpp.command_id == 0x80000006"})...).output(ctx)
		if len(strings.Fields(out)) >= conversations {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the capture does not show %d unbind_resp: %v\n%s", conversations, ctx.Err(), c.tail())
		}
	}
	if code := c.stop(t, syscall.SIGINT); code != 0 {
		t.Fatalf("dumpcap ended with status %d\n%s", code, c.tail())
	}
	c.keep(t)
	return c.dissect(ctx, t)
}

// keep copies the capture, and what it takes to read it, to INTEROP_CAPTURES, for people to look at, where that is set.
func (c *capture) keep(t *testing.T) {
	t.Helper()
	dir := os.Getenv("INTEROP_CAPTURES")
	if dir == "" {
		return
	}
	for file, suffix := range map[string]string{c.file: ".pcapng", c.keys: ".keys"} {
		if file == "" {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(t.Name())+suffix), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

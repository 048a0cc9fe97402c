package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"

	"harkara/cmd/internal/otp"
)

// caller makes one call of the OTP service; challenge is empty for a request. The error is an *otp.Error where the
// service refused.
type caller func(ctx context.Context, call string, challenge otp.ChallengeID, body map[string]any, answer any) error

// callers are the ways to the service: each tenant's connection to NATS, and HTTP.
type callers struct {
	w      *World
	conns  map[string]*nats.Conn
	client *http.Client
}

const callTime = 10 * time.Second

func (w *World) callers() (_ *callers, err error) {
	c := &callers{w: w, conns: map[string]*nats.Conn{},
		client: &http.Client{Timeout: callTime, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	where := "nats://" + w.Config.NATS.Listen
	for id := range w.keys {
		c.conns[id], err = nats.Connect(where, nats.UserInfo(id, password), nats.Name("people of "+id))
		if err != nil {
			c.close()
			return nil, fmt.Errorf("tenant %s: %w", id, err)
		}
	}
	return c, nil
}

func (c *callers) close() {
	for _, conn := range c.conns {
		if conn != nil {
			conn.Close()
		}
	}
	c.client.CloseIdleConnections()
}

// nats calls as a tenant over NATS.
func (c *callers) nats(tenant string) caller {
	conn := c.conns[tenant]
	return func(ctx context.Context, call string, challenge otp.ChallengeID, body map[string]any, answer any) error {
		if challenge != "" {
			body["challenge"] = challenge
		}
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, callTime)
		defer cancel()
		msg, err := conn.RequestWithContext(ctx, "sms."+tenant+".otp."+call, raw)
		if err != nil {
			return fmt.Errorf("%s over NATS: %w", call, err)
		}
		return answerOf(msg.Data, answer)
	}
}

// http calls with a tenant's API key.
func (c *callers) http(tenant string) caller {
	key := c.w.keys[tenant]
	return func(ctx context.Context, call string, challenge otp.ChallengeID, body map[string]any, answer any) error {
		method, path := http.MethodPost, "/v1/otp"
		switch call {
		case "request":
		case "status":
			method, path = http.MethodGet, "/v1/otp/"+string(challenge)
		default:
			path = "/v1/otp/" + string(challenge) + "/" + call
		}
		var content io.Reader
		if method == http.MethodPost {
			raw, err := json.Marshal(body)
			if err != nil {
				return err
			}
			content = bytes.NewReader(raw)
		}
		req, err := http.NewRequestWithContext(ctx, method, "http://"+c.w.Config.HTTP+path, content)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+key.Reveal())
		req.Header.Set("Content-Type", "application/json")
		resp, err := c.client.Do(req)
		if err != nil {
			return fmt.Errorf("%s over HTTP: %w", call, err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		if err != nil {
			return fmt.Errorf("%s over HTTP: %w", call, err)
		}
		return answerOf(raw, answer)
	}
}

// answerOf reads an answer, which is a fault or what was asked for.
func answerOf(raw []byte, answer any) error {
	var fault otp.Fault
	if err := json.Unmarshal(raw, &fault); err != nil {
		return fmt.Errorf("an answer of %d octets is no JSON object", len(raw))
	}
	if fault.Error != nil {
		return fault.Error
	}
	return json.Unmarshal(raw, answer)
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

// otpRequest is one challenge as the command line asks for it.
type otpRequest struct {
	otpCaller
	to, template, purpose, header, id, code string
	vars, keys                              []string
	length                                  int
	ttl, follow                             time.Duration
}

func otpRequestCommand() *cobra.Command {
	var r otpRequest
	cmd := &cobra.Command{
		Use:   "request --config FILE --tenant T --to NUMBER --template ID --purpose PURPOSE [--header H] [--var V]...",
		Short: "Make a challenge and send its code",
		Long: `Make a challenge and send its code. The challenge's id is printed on stdout, all else on stderr:

  C=$(harkara otp request --config harkara.yaml --tenant acme --to 9812345678 --template 1107161234567890123 \
        --purpose login)
  harkara otp verify --config harkara.yaml --tenant acme $C -

Variables stand in template order, {code} and {minutes} (what is left of the code's life) where these belong. Without
--var a template of one variable gets {code}, one of two {code} and {minutes}.

With --follow, what happens to the challenge is printed on stdout until it has ended (verified, expired, cancelled, or no
tries are left) or the time is over.
Ends with 0 when the code is on its way; what becomes of it then changes nothing in that.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&r.to, "to", "", "number: +91, 91, 0 or nothing before ten digits")
	f.StringVar(&r.template, "template", "", "template id")
	f.StringVar(&r.purpose, "purpose", "", "login, registration, reset, transaction, report, or a word of your own")
	f.StringVar(&r.header, "header", "", "header (sender ID), where the template has several")
	f.StringArrayVar(&r.vars, "var", nil, "value of the next variable; repeat in template order")
	ownCodeFlag(cmd, &r.code, "the tenant's own code, 4 to 10 letters and digits (default: one is made)")
	f.IntVar(&r.length, "length", 0, "of the code, 4 to 10 (default by policy)")
	f.DurationVar(&r.ttl, "ttl", 0, "life of the code (default, and at most, by policy)")
	f.StringVar(&r.id, "id", "", "id of the call: made again with the same id it sends nothing new")
	f.StringArrayVar(&r.keys, "key", nil, "NAME=VALUE to be counted by otp.limits.keys, such as ip=203.0.113.7; repeatable")
	f.DurationVar(&r.follow, "follow", 0, "show for so long what happens to the challenge")
	r.flags(cmd, "to", "template", "purpose")
	return cmd
}

// body is the call's JSON object.
func (r *otpRequest) body(cmd *cobra.Command) (map[string]any, error) {
	body := map[string]any{"to": r.to, "template": r.template, "purpose": r.purpose}
	changed := cmd.Flags().Changed
	if changed("ttl") {
		if r.ttl < time.Second || r.ttl%time.Second != 0 {
			return nil, usageError{fmt.Errorf("--ttl %s: want whole seconds, at least 1s", r.ttl)}
		}
		body["ttl_s"] = int(r.ttl.Seconds())
	}
	if changed("length") {
		if r.length < 4 || r.length > 10 {
			return nil, usageError{fmt.Errorf("--length %d: want 4 to 10", r.length)}
		}
		body["length"] = r.length
	}
	if changed("header") {
		body["header"] = r.header
	}
	if changed("id") {
		body["id"] = r.id
	}
	if changed("var") {
		body["vars"] = r.vars
	}
	if changed("key") {
		named := map[string]string{}
		for _, key := range r.keys {
			name, value, ok := strings.Cut(key, "=")
			if !ok || name == "" || value == "" {
				return nil, usageError{fmt.Errorf("--key %q: want NAME=VALUE", name)}
			}
			named[name] = value
		}
		body["keys"] = named
	}
	if changed("follow") && r.follow <= 0 {
		return nil, usageError{fmt.Errorf("--follow %s: want more than 0s", r.follow)}
	}
	return body, putOwnCode(cmd, body, r.code)
}

func (r *otpRequest) run(cmd *cobra.Command) error {
	body, err := r.body(cmd)
	if err != nil {
		return err
	}
	if r.follow == 0 {
		_, err := r.send(cmd, body)
		return err
	}
	cfg, err := app.Load(r.file)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), r.follow)
	defer cancel()
	var challenge otp.ChallengeID
	return app.FollowOTP(ctx, cfg, sms.TenantID(r.tenant), func() (err error) {
		challenge, err = r.send(cmd, body)
		return err
	}, func(raw []byte) bool {
		var e otpEvent
		if json.Unmarshal(raw, &e) != nil || e.Challenge != challenge {
			return false
		}
		showEvent(cmd, raw, r.asJSON)
		return e.last()
	})
}

// send makes the call and shows its answer.
func (r *otpRequest) send(cmd *cobra.Command, body map[string]any) (otp.ChallengeID, error) {
	var a otp.RequestAnswer
	if err := r.ask(cmd, "request", body, &a); err != nil {
		return "", err
	}
	if !r.asJSON {
		fmt.Fprintln(cmd.OutOrStdout(), a.Challenge)
	}
	sentWords(cmd, &a)
	return a.Challenge, nil
}

// sentWords says on stderr what a request or a resend came to, beside its challenge.
func sentWords(cmd *cobra.Command, a *otp.RequestAnswer) {
	expires := a.ExpiresAt.Local().Format(time.RFC3339)
	fmt.Fprintf(cmd.ErrOrStderr(), "on its way; expires at %s; %s\n", expires, resendWords(a.ResendAfter))
	for _, w := range a.Warnings {
		fmt.Fprintln(cmd.ErrOrStderr(), "warning:", w)
	}
}

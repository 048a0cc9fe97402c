package app

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func TestProbe(t *testing.T) {
	cfg := &Config{Node: "n", Data: t.TempDir(), NATS: NATS{Listen: "127.0.0.1:0", Sync: "1m", Replicas: 1},
		Tenants: []Tenant{{ID: "acme", Password: "a"}, {ID: "zip", Password: "z"}}}
	b, err := openBroker(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	js, _ := jetstream.New(b.conn)
	ctx := context.Background()
	js.CreateStream(ctx, jetstream.StreamConfig{Name: "SMS_SEND", Subjects: []string{"sms.*.send.*"}})
	js.CreateStream(ctx, jetstream.StreamConfig{Name: "SMS_STATUS", Subjects: []string{"sms.*.status.*"}})
	js.CreateStream(ctx, jetstream.StreamConfig{Name: "SMS_LEDGER", Subjects: []string{"ledger.*"}, DenyDelete: true})
	for i := range 5 {
		js.Publish(ctx, "ledger.0", []byte(fmt.Sprint(i)))
	}
	a, err := nats.Connect(b.address(), nats.UserInfo("acme", "a"))
	if err != nil {
		t.Fatal(err)
	}
	z, _ := nats.Connect(b.address(), nats.UserInfo("zip", "z"))
	sub, err := a.SubscribeSync("_INBOX.>")
	fmt.Println("sub", err)
	a.Flush()
	zjs, _ := jetstream.New(z)
	_, err = zjs.Publish(ctx, "sms.zip.send.otp", []byte("secret of zip"))
	fmt.Println("zip publish", err)
	m, err := sub.NextMsg(time.Second)
	if err == nil {
		fmt.Printf("acme saw %s %s\n", m.Subject, m.Data)
	}
	for _, reply := range []string{"sms.zip.send.otp", "ledger.0", "$JS.API.STREAM.PURGE.SMS_LEDGER", "$JS.API.STREAM.DELETE.SMS_STATUS"} {
		a.PublishMsg(&nats.Msg{Subject: "sms.acme.send.otp", Reply: reply, Data: []byte("x")})
		a.Flush()
	}
	time.Sleep(300 * time.Millisecond)
	for _, n := range []string{"SMS_SEND", "SMS_STATUS", "SMS_LEDGER"} {
		s, err := js.Stream(ctx, n)
		if err != nil {
			fmt.Println(n, err)
			continue
		}
		i, _ := s.Info(ctx)
		j, _ := json.Marshal(i.State)
		fmt.Println(n, string(j))
	}
}

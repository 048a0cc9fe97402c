package ledger

import (
	"context"
	"reflect"

	"github.com/nats-io/nats.go/jetstream"
)

// OpenStream makes a stream, or brings one that is there up to date. The server writes the configuration anew at every
// update, in two files one after the other (nats-server 2.15), and where it is killed between them it does not know the
// stream any more when it starts again: so one that fits is left alone. What was lost that way, or as it was first made,
// is found again by making it, but without the second file, which only an update writes: so what is made is updated.
func OpenStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (jetstream.Stream, error) {
	have, err := js.Stream(ctx, want.Name)
	if err == nil && Fits(have.CachedInfo().Config, want) {
		return have, nil
	}
	if _, err := js.CreateOrUpdateStream(ctx, want); err != nil {
		return nil, err
	}
	return js.UpdateStream(ctx, want)
}

// Fits says whether a stream or a consumer is configured as wanted already. Fields that are zero in want are left to the
// server; of a map the wanted entries count.
func Fits[C any](have, want C) bool {
	h, w := reflect.ValueOf(have), reflect.ValueOf(want)
	for i := range w.NumField() {
		of, wanted := h.Field(i), w.Field(i)
		switch {
		case wanted.IsZero():
		case wanted.Kind() == reflect.Map:
			for _, key := range wanted.MapKeys() {
				if found := of.MapIndex(key); !found.IsValid() || !found.Equal(wanted.MapIndex(key)) {
					return false
				}
			}
		case !reflect.DeepEqual(of.Interface(), wanted.Interface()):
			return false
		}
	}
	return true
}

//go:build !failpoints

package app

import "time"

// failpoint is for the build tag failpoints alone: else no hook is set.
var failpoint func(place string)

const ackWait = time.Duration(0)

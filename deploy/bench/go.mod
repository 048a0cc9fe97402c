module harkara/deploy/bench

go 1.26.0

require (
	github.com/fiorix/go-smpp v0.0.0-20210403173735-2894b96e70ba
	harkara v0.0.0
)

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/warthog618/sms v0.3.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace harkara => ../..

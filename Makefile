# Every target sets up what it needs on a fresh Debian machine. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
LINT := go tool -modfile=deploy/tools/go.mod staticcheck
# What the tests and the demo need of PostgreSQL: initdb, pg_ctl and postgres in one folder.
FUZZTIME ?= 30s

.PHONY: help demo test faults soak crash check bench bench-session fuzz interop outages powercut build setup clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

setup: ## install PostgreSQL from the distribution where there is none
	@bash deploy/setup.sh postgres

build: ## build bin/harkara and bin/smscsim
	go build -o bin/ ./cmd/harkara ./cmd/smscsim

demo: setup build ## send OTPs end to end on embedded parts, then stay up where there is a terminal
	@if [ -t 0 ]; then bin/harkara demo $(ARGS); else bin/harkara demo --exit $(ARGS); fi

test: setup ## all tests, race detector on
	go test -race -shuffle=on -timeout 10m -p 3 ./...
	go test -run Allocations ./smpp/bind
	cd deploy/bench && go test -race ./...

faults: setup ## every fault of the simulators at once, ten seeds
	HARKARA_FAULT_SEEDS=10 go test -count=1 -timeout 30m -run AllFaults -v ./cmd/internal/demo

soak: setup ## ten minutes at 60 % of what the machine does, every fault at 2 %, slopes printed
	HARKARA_SOAK=$(or $(SOAK),10m) go test -count=1 -timeout 40m -run TestSoak -v ./cmd/internal/demo

crash: setup ## kill -9 at every failpoint and at random instants, 300 rounds; the books held against each other
	HARKARA_CRASH_ROUNDS=$(or $(ROUNDS),300) HARKARA_CRASH_TAKEOVERS=20 HARKARA_CRASH_STOPS=40 HARKARA_CRASH_SEED=$(or $(SEED),1) \
		go test -count=1 -timeout 90m -v ./cmd/internal/crash

check: ## gofmt, vet, staticcheck, tidy
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo 'run gofmt -w on these' >&2; exit 1; }
	go vet ./...
	$(LINT) ./...
	go mod tidy -diff
	cd deploy/tools && go mod tidy -diff
	cd deploy/bench && go vet ./... && go tool -modfile=../tools/go.mod staticcheck ./... && go mod tidy -diff

bench: setup ## the whole path and its parts
	go test -run '^$$' -bench . -benchmem ./dlt ./templates ./router ./smpp/... ./storage/... ./cmd/internal/otp ./cmd/internal/otp/state
	go test -run '^$$' -bench 'Verify$$' -benchtime 40000x ./cmd/internal/otp/service
	go test -run '^$$' -bench VerifyLatency -benchtime 5000x ./cmd/internal/otp/service
	go test -run '^$$' -bench 'Path|OTP' -benchtime 1x ./cmd/internal/demo

bench-session: build ## one bind beside go-smpp's client, the ratio printed
	cd deploy/bench && go run .

fuzz: ## every fuzz target for FUZZTIME (30s)
	@bash deploy/fuzz.sh $(FUZZTIME)

interop: ## the gateway against peers written elsewhere, its octets read by tshark
	@bash deploy/setup.sh postgres peers
	go test -count=1 -timeout 10m -tags interop -v ./cmd/internal/interop

outages: setup ## every outage of PostgreSQL and NATS under load, the long ones too
	HARKARA_OUTAGES=all go test -count=1 -timeout 30m -v ./cmd/internal/outage

powercut: setup ## the power is cut under load, ROUNDS=30 times, on a disk in a file; needs root, as it mounts
	HARKARA_POWERCUT_ROUNDS=$(or $(ROUNDS),30) HARKARA_POWERCUT_FIRST=8 go test -count=1 -timeout 60m -tags powercut -v ./cmd/internal/powercut

clean: ## remove what was built
	rm -rf bin

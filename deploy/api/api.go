// Package api carries the descriptions of the OTP service for those who call it: over HTTP, and over NATS. A test of
// cmd/internal/otp/api holds them against the code.
package api

import _ "embed"

// OpenAPI is openapi.yaml (OpenAPI 3.1): the service over HTTP.
//
//go:embed openapi.yaml
var OpenAPI []byte

// AsyncAPI is asyncapi.yaml (AsyncAPI 3.0): the service over NATS, its events and webhooks, and the lanes of messages.
//
//go:embed asyncapi.yaml
var AsyncAPI []byte

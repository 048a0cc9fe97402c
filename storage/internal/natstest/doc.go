// Package natstest runs a real NATS server with JetStream in the process of a test.
package natstest

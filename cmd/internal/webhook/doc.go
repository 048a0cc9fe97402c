// Package webhook tells tenants' and providers' servers by signed HTTP requests (Standard Webhooks 1.0), and nobody else:
// redirects are not followed and private addresses are refused at the moment of connecting, whatever DNS said before.
//
// A Poster posts once, and its errors say whether another try may help soon. A Follower brings a tenant's events from the
// stream to the tenant's server, with tries for a day. Verify is the other end: what a receiver does with a request.
package webhook

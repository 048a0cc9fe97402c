// Package service is the OTP service: it takes calls, over NATS or from whoever has its methods, keeps challenges by
// package state, sends their codes on the tenants' own otp lane, and follows what becomes of them.
//
//	call ─▶ check ─▶ limits ─▶ state.Change(otp.Subject…) ─▶ settle: ledger, timer, SMS ─▶ answer
//	timer ─▶ state.Change(Subject.Due) ─▶ settle          what became of a send ─▶ state.Change(Subject.Told) ─▶ settle
//
// What is kept comes before what is told: a process that ends in between leaves a challenge that the next call or its
// timer brings on again, and a send has the same request id each time, so that it goes out once.
package service

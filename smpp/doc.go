// Package smpp maps the parts that speak SMPP 3.4, from the inside out:
//
//	sms       what a short message is: Request, Message, Segment, State, encodings, segmentation
//	pdu       PDUs as octets: framing, the hot PDUs by hand, the rest by go-smpp's codec
//	window    outstanding requests by sequence number
//	pace      the rate of one SMSC, learnt from its throttling
//	session   one bound conversation as a pure state machine
//	receipt   delivery receipts in the dialects that SMSCs write
//	bind      the TCP connections: one loop each, pools, lanes, pacing, reconnect, drain
//	smsctest  a scriptable SMSC with faults and books
package smpp

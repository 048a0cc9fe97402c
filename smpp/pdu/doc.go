// Package pdu is SMPP 3.4 as octets: it frames a stream into PDUs, and reads and writes them.
//
// The PDUs of the hot path (submit_sm, deliver_sm, data_sm and their responses) are appended to a buffer and parsed in
// place by hand: go-smpp's codec costs some eighty allocations for one submit_sm, writes TLVs in the random order of a
// Go map, wraps a too long short_message and lets a NUL in an address shift all later fields. The bind family is
// written by hand as well, because go-smpp checks no field's length, cuts a short body without an error and has no
// sequence number 0, and so are query_sm and cancel_sm: go-smpp takes the octets at the end of a query_sm_resp for
// strings, which loses the message_state where error_code is not 0, and has no cancel_sm. go-smpp reads the PDUs with
// lists that we never send (submit_multi and its response) for Describe, and is the oracle that the hand-written ones
// are tested and fuzzed against.
//
// Nothing here knows a socket, a clock or a goroutine.
package pdu

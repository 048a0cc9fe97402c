// Package session is one bound conversation with an SMSC, from bind to unbind, as a pure state machine: it knows no
// socket, no goroutine and no clock. Events and the time go in by methods; what is to be done comes out as octets to
// write (Output), results of requests and PDUs to hand on (Take), the time of the next Tick (Wake) and the state.
//
// The events, and what they do in each state. A request is a submit_sm, query_sm or cancel_sm of ours, from Submit or
// Ask to its answer.
//
//	event                              Opening  Binding  Bound    Draining  Unbinding  Closed
//	Open                               bind     panic    panic    panic     panic      panic
//	bind response, ok                  ·        bound    unknown  unknown   unknown    –
//	bind response, error               ·        closed   unknown  unknown   unknown    –
//	generic_nack of the bind           ·        closed   ·        ·         ·          ·
//	Submit, Ask                        panic    panic    send     panic     panic      panic
//	  without room                     ·        ·        panic    ·         ·          ·
//	  that can't be written            ·        ·        error    ·         ·          ·
//	response to a request              ·        ·        result   result    result     result
//	  generic_nack                     ·        ·        result   result    result     result
//	  of another command               ·        ·        unknown  unknown   unknown    unknown
//	  query_sm_resp that can't be read ·        ·        bad_pdu  bad_pdu   bad_pdu    bad_pdu
//	  late                             ·        ·        late     late      late       late
//	response to nothing                –        unknown  unknown  unknown   unknown    –
//	deliver_sm, data_sm                –        refuse   hand on  busy      busy       –
//	  too many                         ·        ·        busy     busy      busy       –
//	  that can't be read               –        refuse   syserr   busy      busy       –
//	Answer                             ·        ·        respond  respond   respond    –
//	enquire_link                       –        respond  respond  respond   respond    –
//	enquire_link_resp                  ·        ·        lives    lives     lives      –
//	unbind                             –        good-bye good-bye good-bye  good-bye   –
//	unbind_resp                        ·        ·        ·        ·         closed     –
//	generic_nack of the unbind         ·        ·        ·        ·         closed     –
//	alert_notification                 –        –        –        –         –          –
//	outbind, bind_*                    –        nack     nack     nack      nack       –
//	any other request                  –        nack     nack     nack      nack       –
//	Stop                               closed   closed   drain    –         –          –
//	nothing left to wait for           ·        ·        ·        unbind    ·          ·
//	Tick: nothing heard                –        –        probe    probe     –          –
//	Tick: enquire_link not answered    ·        ·        closed   closed    –          –
//	Tick: request not answered         ·        ·        in doubt in doubt  in doubt   –
//	Tick: late request not answered    ·        ·        free     free      free       –
//	Tick: time of the state is over    ·        closed   ·        unbind    closed     –
//	Close                              close    close    close    close     close      close
//
// What the words say:
//
//	·         it can't come to that
//	–         nothing
//	panic     the caller's own state forbids the call
//	bind      send the bind, → Binding
//	bound     → Bound
//	closed    → Closed, and Fault says why
//	send      send the request
//	error     returned; nothing is sent
//	unknown   counted, nothing else
//	result    by the table of statuses; a nack is never an acceptance
//	bad_pdu   that result, and counted as unknown
//	late      the second result of a request that was in doubt; its slot is free
//	refuse    respond with ESME_RINVBNDSTS
//	hand on   for an Answer
//	busy      respond with Config.Busy
//	syserr    respond with ESME_RSYSERR
//	respond   send the response
//	lives     the SMSC does
//	good-bye  respond, → Closed
//	nack      generic_nack: a bind or outbind with ESME_RINVBNDSTS, the others with ESME_RINVCMDID; counted as unknown
//	drain     → Draining
//	unbind    send unbind, → Unbinding
//	probe     send enquire_link
//	in doubt  that result; the slot is held as late
//	free      the slot is
//	close     → Closed; requests without a result get one: the written ones are in doubt, the others unsent
//
// A PDU is matched against the window only when its response bit is set: an SMSC counts its own requests from 1 as we
// do, and a deliver_sm numbered like a request in flight is no answer to it. Nor is a response of another command. A PDU
// of any kind proves that the SMSC lives, but not that it hears us: when a request has timed out and no response came
// since it was sent, enquire_link asks, only a response is an answer to it, and until then nothing is submitted. Nothing but a broken command_length, which the reader finds, ends a session
// for the sake of one odd PDU.
//
// Receipts are taken on a transmitter as well: the standard does not send them there, but losing one is worse.
package session

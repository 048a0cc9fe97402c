// Package session is one bound conversation with an SMSC, from bind to unbind, as a pure state machine: it knows no
// socket, no goroutine and no clock. Events and the time go in by methods; what is to be done comes out as octets to
// write (Output), results of submits and PDUs to hand on (Take), the time of the next Tick (Wake) and the state.
//
// The events, and what they do in each state. "–" is nothing; "unknown" is counted and otherwise ignored.
//
//	event                   Opening   Binding              Bound               Draining           Unbinding       Closed
//	Open                    → Binding panic                panic               panic              panic           panic
//	                        send bind
//	bind response, ok       –         → Bound              unknown             unknown            unknown         –
//	bind response, error    –         → Closed *BindError  unknown             unknown            unknown         –
//	Submit                  panic     panic                send submit_sm      panic              panic           panic
//	submit_sm_resp          –         unknown              result              result             result          –
//	generic_nack            –         of the bind:         of a submit:        of a submit:       of the unbind:  –
//	                                  → Closed *BindError  result              result             → Closed
//	deliver_sm, data_sm     –         ESME_RINVBNDSTS      hand on; too many:  ESME_RX_T_APPN     ESME_RX_T_APPN  –
//	                                                       ESME_RX_T_APPN
//	  that does not parse   –         ESME_RINVBNDSTS      ESME_RSYSERR        ESME_RX_T_APPN     ESME_RX_T_APPN  –
//	Answer                  –         –                    send its response   send its response  send it         –
//	enquire_link            –         answer               answer              answer             answer          –
//	enquire_link_resp       –         unknown              peer lives          peer lives         peer lives      –
//	unbind                  –         answer, → Closed     answer, → Closed    answer, → Closed   answer,→ Closed –
//	unbind_resp             –         unknown              unknown             unknown            → Closed        –
//	alert_notification      –         –                    –                   –                  –               –
//	outbind, bind_*         –         nack RINVBNDSTS      nack RINVBNDSTS     nack RINVBNDSTS    nack RINVBNDSTS –
//	any other request       –         nack RINVCMDID       nack RINVCMDID      nack RINVCMDID     nack RINVCMDID  –
//	response to nothing     –         unknown              unknown             unknown            unknown         –
//	Stop                    → Closed  → Closed             → Draining          –                  –               –
//	nothing left to wait for          –                    –                   send unbind,       –               –
//	                                                                           → Unbinding
//	Tick: nothing heard     –         –                    send enquire_link   send enquire_link  –               –
//	Tick: enquire_link      –         –                    → Closed            → Closed           –               –
//	  not answered                                         ErrSilent           ErrSilent
//	Tick: submit not        –         –                    result in doubt,    result in doubt,   result          –
//	  answered                                             slot held as late   held as late       in doubt
//	Tick: state's time      –         → Closed             –                   send unbind,       → Closed        –
//	  is over                         ErrBindTimeout                           → Unbinding        ErrStopped
//	Close                   → Closed, in every state: written submits in doubt, the others unsent
//
// A PDU is matched against the window only when its response bit is set: an SMSC counts its own requests from 1 as we
// do, and a deliver_sm numbered like a submit in flight is no answer to it. A PDU of any kind proves that the SMSC
// lives. Nothing but a broken command_length, which the reader finds, ends a session for the sake of one odd PDU.
//
// Receipts are taken on a transmitter as well: the standard does not send them there, but losing one is worse.
package session

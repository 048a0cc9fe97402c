package session

import (
	"errors"

	"harkara/smpp/pdu"
)

// Why a session ended by itself.
var (
	ErrBindTimeout = errors.New("the SMSC did not answer the bind in time")
	ErrSilent      = errors.New("the SMSC did not answer enquire_link in time")
	ErrUnbound     = errors.New("the SMSC sent unbind")
	ErrStopped     = errors.New("stopped")
)

// BindError is a bind that the SMSC refused.
type BindError struct {
	Status   pdu.Status
	statuses *Statuses // the session's
}

// Error names the status.
func (e *BindError) Error() string { return "the SMSC refused the bind with " + e.Status.String() }

// Fault says what kind of refusal it is, by the session's table of statuses; by the standard's where e is of no session.
func (e *BindError) Fault() BindFault { return e.statuses.Bind(e.Status) }

// Package pace keeps the rate at which one SMSC is sent to, over all its binds, and learns it from what the SMSC refuses.
// It is pure: no clock, no I/O. All binds of an SMSC share one Pace.
//
// The configured TPS is the ceiling: in no second, wherever it begins, more goes. Below it:
//
//   - ESME_RTHROTTLED says that the rate is too high. What the SMSC accepted in the second before is its limit as near as
//     it can be known, and the rate is cut to a little less. The refusals of what was sent before the cut belong to the
//     same episode and only correct that measure. Refusals of what was sent after it mean that the SMSC's second is still
//     full, or its limit much lower than before: then nothing goes for a while, doubling, and then a few PDUs until one is
//     answered; after a whole second of that the rate is measured anew, and at most halved.
//   - Without refusals, and while the rate is what limits, it grows: slowly up to the known limit and a little over it;
//     from there, as the limit must have been raised, it doubles each second.
//   - ESME_RMSGQFUL says that the SMSC's queue is full, at whatever rate. Nothing goes for a second, doubling, with
//     jitter; then one PDU goes as a probe. Once a probe is accepted, everything goes on at the former rate.
package pace

// Package receipt reads delivery receipts in the dialects that SMSCs write.
//
// SMPP 3.4 leaves the text of a receipt to the vendor (Appendix B only describes one), so the reader is tolerant: every
// field may be missing, in any order and case. Where the text and the TLVs of one receipt disagree:
//
//   - the id of TLV receipted_message_id wins, as the standard defines it and the text is the vendor's;
//   - of message_state and stat the one that says more wins: a known outcome over UNKNOWN, that over an intermediate
//     state (some SMSCs fill one of the two with a constant); where both say as much, message_state, whose values the
//     standard defines;
//   - err of the text wins over network_error_code, as DLT scrubbers write their codes there, unless it is empty or
//     only zeros.
//
// A receipt's text field may quote the message, and with it a code: it is never kept, nor are words that belong to no
// field. Of fields that are not known the names are kept.
package receipt

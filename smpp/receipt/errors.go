package receipt

import "strings"

// meaning is what an error code stands for.
type meaning struct {
	reason    string
	detail    string
	retryable bool // the same message may get through a little later, or on another SMSC
}

// dictionaries are the tables of error codes by name. Codes mean something only per SMSC: 023 is "template not matched"
// at one aggregator and "unknown subscriber" at another.
var dictionaries = map[string]map[string]meaning{"generic": generic}

// generic holds the DLT 600 series, which all portals publish (Exotel's list of 2020, SMSGatewayHub's of 2025 where
// they differ), and the MAP errors of the network (3GPP TS 29.002 §17.6.6), which many SMSCs pass on.
var generic = map[string]meaning{
	"600": {"entity_not_found", "the principal entity is not on the DLT portal", false},
	"601": {"entity_not_registered", "the principal entity is not registered with this operator", false},
	"602": {"entity_inactive", "the principal entity is inactive", false},
	"603": {"entity_blacklisted", "the principal entity is blacklisted", false},
	"604": {"invalid_entity_id", "the entity TLV is missing or malformed", false},
	"605": {"entity_id_not_allowed_for_tm", "the entity has not allowed this telemarketer", false},
	"610": {"telemarketer_not_registered", "the telemarketer is not registered", false},
	"611": {"telemarketer_inactive", "the telemarketer is inactive", false},
	"612": {"telemarketer_blacklisted", "the telemarketer is blacklisted", false},
	"613": {"telemarketer_not_allowed_for_entity", "the telemarketer is not allowed for this entity", false},
	"614": {"pe_tm_hash_not_received", "the chain TLV is missing", false},
	"615": {"pe_tm_hash_not_registered", "the PE-TM chain is not registered", false},
	"616": {"pe_tm_hash_inactive", "the PE-TM chain is inactive", false},
	"617": {"pe_tm_hash_blacklisted", "the PE-TM chain is blacklisted", false},
	"618": {"pe_tm_hash_suspended", "the PE-TM chain is suspended", false},
	"620": {"header_not_found", "the header is not on the DLT portal (its case counts)", false},
	"621": {"header_inactive", "the header is inactive", false},
	"622": {"header_blacklisted", "the header is blacklisted", false},
	"623": {"peid_not_matched_with_header", "the header belongs to another entity", false},
	"624": {"header_suspended_due_to_validity", "the header's registration has run out", false},
	"625": {"header_suspended_due_to_usage", "the header is suspended for want of use", false},
	"630": {"template_not_found", "the template is not on the DLT portal", false},
	"631": {"template_inactive", "the template is inactive", false},
	"632": {"template_blacklisted", "the template is blacklisted", false},
	"633": {"template_not_matched", "the text differs from the registered template", false},
	"634": {"header_not_registered_for_template", "the header is not linked to the template", false},
	"635": {"template_variable_exceeded_max_length", "a variable is longer than its tag allows", false},
	"636": {"error_identifying_template", "the scrubber could not tell which template the text is of", false},
	"637": {"invalid_template_id", "the template TLV is missing or malformed", false},
	"642": {"cta_not_whitelisted", "a URL or number in the text is not whitelisted", false},
	"650": {"preference_not_matched", "the subscriber's preferences forbid it", false},
	"651": {"outside_hours", "promotional messages are blocked at this hour", false},
	"652": {"blocked_by_dnd", "the subscriber is on full DND and has not consented", false},
	"660": {"consent_failed", "the subscriber has not consented", false},
	"666": {"content_mismatch", "the text differs from the registered content", false},
	"670": {"scrubbing_failed", "the scrubber failed", true},
	"677": {"invalid_tm_id", "the telemarketer id is malformed", false},
	"678": {"tm_absent_or_inactive", "the telemarketer is absent or inactive", false},
	"680": {"tm_blacklisted", "the telemarketer is blacklisted", false},
	"683": {"header_template_type_mismatch", "header and template are of different SMS types", false},
	"687": {"sms_type_mismatch", "the SMS type is not that of header and template", false},
	"700": {"no_cta_whitelisted", "the entity has whitelisted no URL or number", false},
	"701": {"url_not_whitelisted", "the URL in the text is not among those whitelisted", false},

	"1":  {"unknown_subscriber", "the number is not in service", false},
	"5":  {"unidentified_subscriber", "the network cannot identify the subscriber", false},
	"6":  {"absent_subscriber", "the handset is off or out of reach", true},
	"9":  {"illegal_subscriber", "the subscriber is barred by the network", false},
	"11": {"teleservice_not_provisioned", "the subscriber cannot receive SMS", false},
	"12": {"illegal_equipment", "the handset is barred by the network", false},
	"13": {"call_barred", "incoming messages are barred", false},
	"21": {"facility_not_supported", "the network does not support it", false},
	"27": {"absent_subscriber", "the handset is off or out of reach", true},
	"31": {"subscriber_busy", "the handset is busy with another message", true},
	"32": {"delivery_failure", "the handset did not take the message, or its memory is full", true},
	"33": {"waiting_list_full", "too many messages wait for the handset", true},
	"34": {"system_failure", "a failure in the network", true},
	"35": {"data_missing", "the network missed a part of the message", false},
	"36": {"unexpected_data_value", "the network did not accept a value in the message", false},
}

// byReason finds a meaning of the generic dictionary by its word, for SMSCs that write the word as err or stat.
var byReason = func() map[string]meaning {
	all := make(map[string]meaning, len(generic))
	for _, m := range generic {
		all[m.reason] = m
	}
	return all
}()

// Explain gives what an SMSC's error code or word means in a dictionary ("generic"): a stable reason in snake_case, a
// detail for people, and whether the same message may get through later or elsewhere. All are empty where the code
// says that there was no error, or the dictionary does not have it.
func Explain(dictionary, err string) (reason, detail string, retryable bool) {
	codes := dictionaries[dictionary]
	code := strings.TrimLeft(strings.TrimSpace(err), "0")
	m, ok := codes[code]
	if !ok && codes != nil {
		m = byReason[reasonWord(code)]
	}
	return m.reason, m.detail, m.retryable
}

// isReason says whether an SMSC's word is a reason of the generic dictionary.
func isReason(word string) bool { return byReason[reasonWord(word)].reason != "" }

// reasonWord writes an SMSC's word as a reason.
func reasonWord(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "_")) }

package app

import (
	"time"

	"harkara/smpp/sms"
)

// SMSC is one peer with its contract.
type SMSC struct {
	ID               sms.SMSCID   `koanf:"id"`
	Addr             string       `koanf:"addr"`
	LocalAddr        string       `koanf:"local_addr"` // source address of our connections; empty: the system's choice
	TLS              TLS          `koanf:"tls"`
	SystemID         string       `koanf:"system_id"`
	Password         sms.Secret   `koanf:"password"`
	PasswordEnv      string       `koanf:"password_env"`
	PasswordFile     string       `koanf:"password_file"`
	SystemType       string       `koanf:"system_type"`
	InterfaceVersion int          `koanf:"interface_version"`
	Address          AddressRange `koanf:"address"`
	Mode             string       `koanf:"mode"`
	Binds            int          `koanf:"binds"`
	Window           int          `koanf:"window"`
	TPS              int          `koanf:"tps"`
	Price            float64      `koanf:"price"` // of one short message, in the operator's currency
	Categories       []string     `koanf:"categories"`
	Source           Address      `koanf:"source"`
	Destination      Address      `koanf:"destination"`
	Encoding         Encoding     `koanf:"encoding"`
	DLT              DLT          `koanf:"dlt"`
	Scrub            Scrub        `koanf:"scrub"`
	Receipts         Receipts     `koanf:"receipts"`
	Query            Query        `koanf:"query"`
	Cancel           bool         `koanf:"cancel"`
	Statuses         []StatusRule `koanf:"statuses"`
	Timeouts         Timeouts     `koanf:"timeouts"`
}

// TLS is how the connection to an SMSC is secured.
type TLS struct {
	Enabled    bool   `koanf:"enabled"`
	CAFile     string `koanf:"ca_file"`
	ServerName string `koanf:"server_name"`
	CertFile   string `koanf:"cert_file"` // our own certificate, where the SMSC asks for one
	KeyFile    string `koanf:"key_file"`
}

// AddressRange is what a bind says about the addresses that it serves (SMPP 3.4 §4.1.1); most SMSCs want it empty.
type AddressRange struct {
	TON   int    `koanf:"ton"`
	NPI   int    `koanf:"npi"`
	Range string `koanf:"range"`
}

// Address is a pair of type of number and numbering plan (SMPP 3.4 §5.2.5-5.2.6).
type Address struct {
	TON int `koanf:"ton"`
	NPI int `koanf:"npi"`
}

// Encoding is how this SMSC takes texts.
type Encoding struct {
	Alphabets []string `koanf:"alphabets"` // gsm7, latin1, ucs2: the first that holds the text is used
	GSM7      string   `koanf:"gsm7"`      // unpacked or packed
	Long      string   `koanf:"long"`      // udh, udh8, sar or payload
	ESMClass  int      `koanf:"esm_class"` // messaging mode; 0x40 is added where a user data header is there
	Languages []string `koanf:"languages"` // national-language tables that may be used
}

// DLT is how this SMSC takes the register's ids.
type DLT struct {
	EntityTag   int    `koanf:"entity_tag"`
	TemplateTag int    `koanf:"template_tag"`
	ChainTag    int    `koanf:"chain_tag"`
	Type        string `koanf:"type"`
	Chain       string `koanf:"chain"`
}

// Receipts is this SMSC's dialect.
type Receipts struct {
	SubmitID   string        `koanf:"submit_id"`
	ReceiptID  string        `koanf:"receipt_id"`
	Errors     string        `koanf:"errors"`
	Trust      string        `koanf:"trust"`                  // lenient, or strict: a text alone makes no receipt
	Busy       string        `koanf:"busy"`                   // what a receipt is answered that can't be taken now
	UserRef    bool          `koanf:"user_message_reference"` // it comes back in receipts
	MatchAlarm float64       `koanf:"match_alarm"`            // the share of matched receipts below which an alarm is raised
	Timeout    time.Duration `koanf:"timeout"`                // after it a message without a receipt is unreported; 0: never
}

// Query says whether query_sm asks for missing receipts.
type Query struct {
	After time.Duration `koanf:"after"` // an answer without a receipt; 0: never
	TPS   int           `koanf:"tps"`   // query_sm a second, at most
}

// StatusRule says what a command_status means at this SMSC.
type StatusRule struct {
	Status int    `koanf:"status"`
	Submit string `koanf:"submit"`
	Bind   string `koanf:"bind"`
}

// Timeouts of one SMSC's binds.
type Timeouts struct {
	Bind        time.Duration `koanf:"bind"`
	Response    time.Duration `koanf:"response"`
	EnquireLink time.Duration `koanf:"enquire_link"`
}

func (s *SMSC) withDefaults(at *lines, path string) {
	fill(at, path+"interface_version", &s.InterfaceVersion, 0x34)
	fill(at, path+"mode", &s.Mode, "transceiver")
	fill(at, path+"binds", &s.Binds, 1)
	fill(at, path+"window", &s.Window, 32)
	if len(s.Categories) == 0 {
		s.Categories = []string{"transactional", "service_implicit"}
	}
	fill(at, path+"source.ton", &s.Source.TON, 5)
	fill(at, path+"destination.ton", &s.Destination.TON, 1)
	fill(at, path+"destination.npi", &s.Destination.NPI, 1)
	if len(s.Encoding.Alphabets) == 0 {
		s.Encoding.Alphabets = []string{"gsm7", "ucs2"}
	}
	fill(at, path+"encoding.gsm7", &s.Encoding.GSM7, "unpacked")
	fill(at, path+"encoding.long", &s.Encoding.Long, "udh")
	fill(at, path+"dlt.entity_tag", &s.DLT.EntityTag, 0x1400)
	fill(at, path+"dlt.template_tag", &s.DLT.TemplateTag, 0x1401)
	fill(at, path+"dlt.chain_tag", &s.DLT.ChainTag, 0x1402)
	fill(at, path+"dlt.type", &s.DLT.Type, "octet")
	fill(at, path+"dlt.chain", &s.DLT.Chain, "none")
	s.Scrub.withDefaults(at, path+"scrub.")
	fill(at, path+"receipts.submit_id", &s.Receipts.SubmitID, "text")
	fill(at, path+"receipts.receipt_id", &s.Receipts.ReceiptID, "text")
	fill(at, path+"receipts.errors", &s.Receipts.Errors, "generic")
	fill(at, path+"receipts.trust", &s.Receipts.Trust, "lenient")
	fill(at, path+"receipts.busy", &s.Receipts.Busy, "rx_t_appn")
	fill(at, path+"receipts.match_alarm", &s.Receipts.MatchAlarm, 0.9)
	fill(at, path+"receipts.timeout", &s.Receipts.Timeout, 72*time.Hour)
	fill(at, path+"query.tps", &s.Query.TPS, 5)
	fill(at, path+"timeouts.bind", &s.Timeouts.Bind, 10*time.Second)
	fill(at, path+"timeouts.response", &s.Timeouts.Response, 10*time.Second)
	fill(at, path+"timeouts.enquire_link", &s.Timeouts.EnquireLink, 30*time.Second)
}

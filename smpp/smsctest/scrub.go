package smsctest

import "bytes"

// scrubbed gives the err of Config.Scrub for the template of the message in s.in, empty where it passes or names none.
// The id may be a C-octet string: some ESMEs end it with a NUL.
func (s *SMSC) scrubbed() string {
	if len(s.cfg.Scrub) == 0 {
		return ""
	}
	id, _ := s.in.TLV(s.cfg.TemplateTag)
	return s.cfg.Scrub[string(bytes.TrimSuffix(id, []byte{0}))]
}

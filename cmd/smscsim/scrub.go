package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"harkara/smpp/pdu"
)

// readScrub fills in which templates fail, and the TLV that names them.
func (f *flags) readScrub() error {
	tag, err := strconv.ParseUint(f.templateTag, 0, 16)
	if err != nil || tag == 0 {
		return fmt.Errorf("--template-tag %q is not a number from 1 to 0xffff, such as 0x1401", f.templateTag)
	}
	f.config.TemplateTag = pdu.Tag(tag)
	f.config.Scrub = map[string]string{}
	for _, s := range f.scrub {
		template, code, ok := strings.Cut(s, "=")
		if !ok || template == "" || !errCode.MatchString(code) {
			return fmt.Errorf("--scrub %q is not TEMPLATE=ERR, the err of 1 to 5 letters or digits, "+
				"such as 1107000000000000001=631", s)
		}
		f.config.Scrub[template] = code
	}
	return nil
}

// errCode is what the err of a receipt looks like: DLT codes have three or four digits, some platforms' are hexadecimal.
var errCode = regexp.MustCompile("^[0-9A-Za-z]{1,5}$")

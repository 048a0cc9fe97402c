package sms

// Decode gives the text of b, what stands behind the header h, by its data_coding (SMPP 3.4 §5.2.19): 0 GSM-7 in the
// tables that h names, packed or one septet an octet; 1 and 3 Latin-1, which holds ASCII; 8 UCS-2. ok is false for any
// other data_coding and for a language that has no tables here. What stands for no character is U+FFFD.
func Decode(dataCoding byte, packed bool, h UDH, b []byte) (text string, ok bool) {
	switch dataCoding {
	case 0:
		t, ok := tablesOf(h.Locking, h.Single)
		if !ok {
			return "", false
		}
		if packed {
			b = unpack(b, fillBits(h.Length))
		}
		return t.decode(b), true
	case 1, 3:
		return decodeLatin1(b), true
	case 8:
		return DecodeUCS2(b), true
	}
	return "", false
}

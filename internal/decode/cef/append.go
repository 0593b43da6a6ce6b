package cef

// Append appends m as one line without a line end. Line breaks in header fields become spaces, because the format has
// no escape for them there. Keys are written as they are: they must be letters, digits or one of "_.-[]@".
func Append(dst []byte, m *Message) []byte {
	dst = append(dst, marker...)
	dst = append(dst, m.Version...)
	for _, part := range [headerFields][]byte{m.Vendor, m.Product, m.DeviceVer, m.SignatureID, m.Name, m.Severity} {
		dst = append(dst, '|')
		dst = appendHeader(dst, part)
	}
	dst = append(dst, '|')
	dst = append(dst, m.Text...)
	for i, f := range m.Fields {
		if i > 0 || len(m.Text) > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, f.Key...)
		dst = append(dst, '=')
		dst = appendValue(dst, f.Value)
	}
	return dst
}

func appendHeader(dst, part []byte) []byte {
	for _, c := range part {
		switch c {
		case '|', '\\':
			dst = append(dst, '\\', c)
		case '\n', '\r':
			dst = append(dst, ' ')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func appendValue(dst, value []byte) []byte {
	for _, c := range value {
		switch c {
		case '=', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

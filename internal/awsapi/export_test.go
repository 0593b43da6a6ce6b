package awsapi

// CheckEvent returns the code of the reason why an event is refused, "" when it is not.
func CheckEvent(data, checksum, account string) string {
	if _, no := checkEvent(data, checksum, account); no != nil {
		return no.code
	}
	return ""
}

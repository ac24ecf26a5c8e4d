package exchange

import "strings"

// Partition is the second field of an ARN, arn:partition:iam::account:role/name, or empty.
func Partition(arn string) string {
	return field(arn, 1)
}

// Account is the fifth field of an ARN if it has the form of an account, 12 digits, or empty.
func Account(arn string) string {
	id := field(arn, 4)
	if len(id) != 12 || strings.Trim(id, "0123456789") != "" {
		return ""
	}
	return id
}

// Role is the name of the role, without its path, in the ARN of a role or of a session, or empty.
func Role(arn string) string {
	resource := field(arn, 5)
	if name, ok := strings.CutPrefix(resource, "role/"); ok {
		return name[strings.LastIndexByte(name, '/')+1:]
	}
	if session, ok := strings.CutPrefix(resource, "assumed-role/"); ok {
		name, _, _ := strings.Cut(session, "/")
		return name
	}
	return ""
}

func field(arn string, i int) string {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) < 6 {
		return ""
	}
	return fields[i]
}

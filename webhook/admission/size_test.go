package admission

import (
	"strings"
	"testing"
)

func TestASmallReviewHasFewObjectsThatAreDecoded(t *testing.T) {
	object := func(n int) string { return strings.TrimSuffix(strings.Repeat("{},", n), ",") }
	for name, test := range map[string]struct {
		pod  string
		want bool
	}{
		"a usual pod":                              {`{"spec":{"containers":[` + object(3) + `]}}`, true},
		"many containers":                          {`{"spec":{"containers":[` + object(500) + `]}}`, false},
		"many braces in a text":                    {`{"metadata":{"annotations":{"a":"` + strings.Repeat("{", 500) + `"}}}`, true},
		"many braces in managed fields":            {`{"metadata":{"managedFields":[{"fieldsV1":{` + strings.TrimSuffix(strings.Repeat(`"f:a":{},`, 500), ",") + `}}]}}`, true},
		"many objects that are not managed fields": {`{"spec":{"fieldsV2":[` + object(500) + `]}}`, false},
		"a long text":                              {`{"metadata":{"annotations":{"a":"` + strings.Repeat("a", freeBytes) + `"}}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := isSmall([]byte(wrap(test.pod))); got != test.want || err != nil {
				t.Errorf("got %t, %v", got, err)
			}
		})
	}
}

package bench

import (
	"strings"
	"testing"
)

func TestRowsSayWhatIsLeftOfTheBudget(t *testing.T) {
	for name, test := range map[string]struct {
		row  Row
		want string
	}{
		"below a most":         {Row{What: "size", Unit: "MB", Budget: 10, Measured: 8.524}, "size|≤ 10 MB|8.52 MB|+15 %|"},
		"above a most":         {Row{What: "size", Unit: "MB", Budget: 10, Measured: 12}, "size|≤ 10 MB|12 MB|-20 %|"},
		"above a least":        {Row{What: "rate", Unit: "/s", Budget: 8000, AtLeast: true, Measured: 9000.4}, "rate|≥ 8000 /s|9000 /s|+13 %|"},
		"below a least":        {Row{What: "rate", Budget: 0.7, AtLeast: true, Measured: 0.35}, "rate|≥ 0.70|0.35|-50 %|"},
		"none where none is":   {Row{What: "errors", Measured: 0}, "errors|≤ 0|0|+0 %|"},
		"some where none is":   {Row{What: "errors", Measured: 2}, "errors|≤ 0|2|-200 %|"},
		"no budget, no margin": {Row{What: "probe", Unit: "ms", Budget: None(), Measured: 12.34, Note: "n"}, "probe|–|12.3 ms|–|n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(test.row.cells(), "|"); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

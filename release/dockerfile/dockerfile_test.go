package dockerfile_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/release/dockerfile"
)

const certificates = "/etc/ssl/certs/ca-certificates.crt"

func TestTheImagesOfTheProject(t *testing.T) {
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	got, err := dockerfile.Images(string(text), "arm64")
	if err != nil {
		t.Fatal(err)
	}
	public := dockerfile.File{From: "bin/ca-certificates.crt", To: certificates}
	want := []dockerfile.Stage{
		{
			Name: "sidecar", Files: []dockerfile.File{public, {From: "bin/arm64/sidecar", To: "/sidecar"}}, User: "65532:65532",
			Env: []string{"GOMAXPROCS=1"}, Entrypoint: []string{"/sidecar"},
		},
		{Name: "webhook", Files: []dockerfile.File{public, {From: "bin/arm64/webhook", To: "/webhook"}}, User: "65532:65532", Entrypoint: []string{"/webhook"}},
		{Name: "auth", Files: []dockerfile.File{public, {From: "bin/arm64/auth", To: "/auth"}}, User: "65532:65532", Entrypoint: []string{"/auth"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestWhatAReleaseCannotDoIsRefusedAndNotLeftOut(t *testing.T) {
	const stage = "FROM scratch AS x\nENTRYPOINT [\"/x\"]\n"
	for sentence, test := range map[string]struct{ text, want string }{
		"an image of a registry":            {"FROM debian AS x", "line 1 of the Dockerfile: start from scratch or from a stage above, not from debian"},
		"a stage without a name":            {"FROM scratch", "write FROM scratch AS NAME"},
		"an instruction before any stage":   {"USER 1", "begin with FROM"},
		"an instruction of a build":         {stage + "RUN true", "line 3 of the Dockerfile: make release does not know RUN true"},
		"an instruction of the image":       {stage + "LABEL a=b", "does not know LABEL a=b"},
		"another argument of the build":     {stage + "ARG VERSION", "does not know ARG VERSION"},
		"an option of COPY":                 {stage + "COPY --chmod=0755 /x", "does not know COPY --chmod=0755 /x"},
		"a copy into a directory":           {stage + "COPY x /bin/", "does not know COPY x /bin/"},
		"two variables on a line":           {stage + "ENV A=1 B=2", "does not know ENV A=1 B=2"},
		"a quoted variable":                 {stage + `ENV A="1"`, "does not know ENV"},
		"an entry point that needs a shell": {"FROM scratch AS x\nENTRYPOINT /x", "write the ENTRYPOINT as a list"},
		"a continued line":                  {stage + "USER \\\n1", "write the instruction on one line"},
		"no image at all":                   {"FROM scratch AS x", "has no stage with an ENTRYPOINT"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if _, err := dockerfile.Images(test.text, "amd64"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

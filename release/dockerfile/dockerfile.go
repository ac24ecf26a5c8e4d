// Package dockerfile reads the project's Dockerfile, so that a release has what the Dockerfile says. It knows the instructions that
// the Dockerfile has, and refuses all others.
package dockerfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Stage is what a stage of the Dockerfile makes, with all that it has from the stage that it starts from.
type Stage struct {
	Name       string
	Files      []File
	User       string
	Env        []string
	Entrypoint []string
}

// File is copied from a path of the build context to one of the image.
type File struct{ From, To string }

// Images are the stages that can be run, those with an entry point, for one architecture.
func Images(text, architecture string) ([]Stage, error) {
	var stages []Stage
	for number, line := range strings.Split(text, "\n") {
		name, arguments, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		var err error
		if name == "FROM" {
			stages, err = begin(stages, strings.Fields(arguments))
		} else if len(stages) == 0 {
			err = errors.New("begin with FROM")
		} else {
			err = stages[len(stages)-1].add(name, strings.ReplaceAll(arguments, "${TARGETARCH}", architecture))
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the Dockerfile: %w", number+1, err)
		}
	}
	images := slices.DeleteFunc(stages, func(s Stage) bool { return s.Entrypoint == nil })
	if len(images) == 0 {
		return nil, errors.New("the Dockerfile has no stage with an ENTRYPOINT: add one")
	}
	return images, nil
}

func begin(stages []Stage, arguments []string) ([]Stage, error) {
	if len(arguments) != 3 || arguments[1] != "AS" {
		return nil, errors.New("write FROM scratch AS NAME, or FROM STAGE AS NAME")
	}
	var stage Stage
	if parent := arguments[0]; parent != "scratch" {
		at := slices.IndexFunc(stages, func(s Stage) bool { return s.Name == parent })
		if at < 0 {
			return nil, fmt.Errorf("start from scratch or from a stage above, not from %s: an image of a registry is not there offline", parent)
		}
		stage = stages[at]
		stage.Files, stage.Env = slices.Clone(stage.Files), slices.Clone(stage.Env)
	}
	stage.Name = arguments[2]
	return append(stages, stage), nil
}

func (s *Stage) add(name, arguments string) error {
	fields := strings.Fields(arguments)
	if strings.HasSuffix(arguments, `\`) {
		return errors.New("write the instruction on one line")
	}
	switch {
	case name == "ARG" && arguments == "TARGETARCH":
	case name == "USER" && len(fields) == 1:
		s.User = arguments
	case name == "ENV" && len(fields) == 1 && strings.Contains(arguments, "=") && !strings.ContainsAny(arguments, `"'$`):
		s.Env = append(s.Env, arguments)
	case name == "COPY" && len(fields) == 2 && !strings.HasPrefix(arguments, "--") && strings.HasPrefix(fields[1], "/") && !strings.HasSuffix(fields[1], "/"):
		s.Files = append(s.Files, File{From: fields[0], To: fields[1]})
	case name == "ENTRYPOINT":
		if err := json.Unmarshal([]byte(arguments), &s.Entrypoint); err != nil || len(s.Entrypoint) == 0 {
			return errors.New(`write the ENTRYPOINT as a list, such as ["/webhook"]`)
		}
	default:
		return fmt.Errorf("make release does not know %s %s: add it to release/dockerfile", name, arguments)
	}
	return nil
}

package inject

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"gomodules.xyz/jsonpatch/v2"
)

// patch collects the operations of a JSON patch (RFC 6902). It adds, and replaces what is ours. It never removes anything
// and never sends back what it read, so that fields unknown to this version stay as they are.
type patch struct {
	operations []jsonpatch.Operation
}

func (p *patch) add(path string, value any) {
	p.operations = append(p.operations, jsonpatch.NewOperation("add", path, value))
}

// extend appends values to the list at path, which holds length items now.
func extend[T any](p *patch, path string, length int, values []T) {
	if len(values) == 0 {
		return
	}
	if length == 0 {
		p.add(path, values)
		return
	}
	for _, value := range values {
		p.add(path+"/-", value)
	}
}

// insert puts value at an index of the list at path, which holds length items now.
func insert[T any](p *patch, path string, length, index int, value T) {
	if length == 0 {
		p.add(path, []T{value})
		return
	}
	p.add(itemPath(path, index), value)
}

// set gives the keys of the map at path, which holds current now, their wanted values.
func (p *patch) set(path string, current, wanted map[string]string) {
	if current == nil {
		p.add(path, wanted)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		value, set := current[key]
		if set && value == wanted[key] {
			continue
		}
		operation := "add"
		if set {
			operation = "replace"
		}
		p.operations = append(p.operations, jsonpatch.NewOperation(operation, path+"/"+escape(key), wanted[key]))
	}
}

// escape encodes a key for a JSON pointer (RFC 6901).
func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

func itemPath(list string, index int) string {
	return list + "/" + strconv.Itoa(index)
}

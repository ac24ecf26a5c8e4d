package inject

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gomodules.xyz/jsonpatch/v2"
)

// patch collects the operations of a JSON patch (RFC 6902), with their values as JSON. It adds, and replaces what is ours. It never
// removes anything and never sends back what it read, so that fields unknown to this version stay as they are.
type patch struct {
	operations []jsonpatch.Operation
}

func (p *patch) add(path string, value json.RawMessage) { p.write("add", path, value) }

func (p *patch) write(operation, path string, value json.RawMessage) {
	p.operations = append(p.operations, jsonpatch.NewOperation(operation, path, value))
}

// extend appends values to the list at path, which holds length items now.
func (p *patch) extend(path string, length int, values []json.RawMessage) {
	if len(values) == 0 {
		return
	}
	if length == 0 {
		p.add(path, list(values...))
		return
	}
	for _, value := range values {
		p.add(path+"/-", value)
	}
}

// insert puts value at an index of the list at path, which holds length items now.
func (p *patch) insert(path string, length, index int, value json.RawMessage) {
	if length == 0 {
		p.add(path, list(value))
		return
	}
	p.add(itemPath(path, index), value)
}

// set gives the keys of the map at path, which holds current now, their wanted values.
func (p *patch) set(path string, current, wanted map[string]string) {
	if current == nil {
		p.add(path, encode(wanted))
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
		p.write(operation, path+"/"+escape(key), encodeString(wanted[key]))
	}
}

// escape encodes a key for a JSON pointer (RFC 6901).
func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

func itemPath(list string, index int) string {
	return list + "/" + strconv.Itoa(index)
}

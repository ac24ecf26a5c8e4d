package cluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// auditPolicy has the API server note who asked for what, of the product alone: it makes few requests.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    userGroups: ["system:serviceaccounts:pod-identity"]
  - level: None
`

func (c *Cluster) auditLog() string { return filepath.Join(c.Dir("audit"), "audit.log") }

// Request is one line of the audit log: who asked for what, and how it was answered. The fields are those of an Event of
// audit.k8s.io/v1.
type Request struct {
	Verb       string `json:"verb"`
	RequestURI string `json:"requestURI"`
	ObjectRef  struct {
		APIGroup    string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

// Audit returns what service accounts of the namespace pod-identity have asked of the API server so far.
func (c *Cluster) Audit() ([]Request, error) {
	file, err := os.Open(c.auditLog())
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	defer func() { _ = file.Close() }() // only read from
	var all []Request
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var request Request
		// The API server may be writing the last line.
		if json.Unmarshal(lines.Bytes(), &request) == nil {
			all = append(all, request)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return all, nil
}

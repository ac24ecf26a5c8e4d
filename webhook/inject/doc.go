// Package inject decides whether a pod gets the sidecar and writes the patch that adds it. It is pure: without network,
// clock or randomness, the same pod always gets the same patch.
package inject

// Package inject decides whether a pod gets the sidecar and writes the patch that adds it: the same answer for the same
// pod, always, without network, clock or randomness.
package inject

package inject

// The bounds of what a pod makes the webhook work. The pod as a whole has bounds in webhook/admission.
const (
	// maxAnnotationBytes is the length of the longest annotation that is read: 1,000 names of containers.
	maxAnnotationBytes = 64 << 10
	// maxStatusLength keeps a status with many notes far from the 256 KiB that the annotations of a pod may have together.
	maxStatusLength = 1000
	// maxNotes is how many notes of one kind people read.
	maxNotes = 10
)

// set has the names of a list, to look each up in constant time: no pod may cost more than in proportion to its size.
type set map[string]struct{}

func setOf[T any](items []T, name func(*T) string) set {
	names := make(set, len(items))
	for i := range items {
		names[name(&items[i])] = struct{}{}
	}
	return names
}

func (s set) has(name string) bool {
	_, ok := s[name]
	return ok
}

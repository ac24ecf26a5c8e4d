package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// resourceList is the value of a flag such as cpu=5m,memory=12Mi. It replaces the whole default.
type resourceList corev1.ResourceList

// String implements flag.Value.
func (r *resourceList) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(*r)) {
		quantity := (*r)[name]
		parts = append(parts, fmt.Sprintf("%s=%s", name, quantity.String()))
	}
	return strings.Join(parts, ",")
}

// Set implements flag.Value.
func (r *resourceList) Set(text string) error {
	list := resourceList{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		quantity, err := resource.ParseQuantity(value)
		if err != nil || name == "" || quantity.Sign() <= 0 {
			return fmt.Errorf("%q is not a resource and its quantity, such as cpu=5m", part)
		}
		list[corev1.ResourceName(name)] = quantity
	}
	*r = list
	return nil
}

// names is the value of a flag such as one,two. It replaces the whole default.
type names []string

// String implements flag.Value.
func (n *names) String() string { return strings.Join(*n, ",") }

// Set implements flag.Value.
func (n *names) Set(text string) error {
	list := strings.Split(text, ",")
	if slices.Contains(list, "") {
		return errors.New("a name is empty: separate names by single commas")
	}
	*n = list
	return nil
}

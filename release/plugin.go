package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/release/sbom"
)

// plugin is the name of the binary by which kubectl finds it.
const plugin = "kubectl-pod_identity"

// writePlugins copies the plugin of kubectl for each platform, and writes what it is built from.
func writePlugins(o options) error {
	for _, platform := range o.plugins {
		path := filepath.Join(o.checkout, "bin", filepath.FromSlash(platform), plugin)
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read what make plugin makes for %s: %w", platform, err)
		}
		bom, err := sbom.Of(path, plugin, o.version)
		if err != nil {
			return err
		}
		name := plugin + "-" + strings.ReplaceAll(platform, "/", "-")
		if err := write(o.out, name, content); err != nil {
			return err
		}
		if err := write(o.out, name+".cdx.json", bom); err != nil {
			return err
		}
	}
	return nil
}

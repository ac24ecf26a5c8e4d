// Package sbom says in CycloneDX what a binary of Go is built from, as the linker wrote it into the binary.
package sbom

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// Of is the bill of materials of a binary, in JSON. The same binary has the same: it has neither a time nor a random number.
func Of(binary, name, version string) ([]byte, error) {
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("read from what %s is built: %w", name, err)
	}
	sum := sha256.Sum256(content)
	main := cdx.Component{
		Type: cdx.ComponentTypeApplication, Name: name, Version: version,
		PackageURL: purl(info.Main.Path, version) + "#" + strings.TrimPrefix(info.Path, info.Main.Path+"/"),
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
		Properties: settings(info),
	}
	main.BOMRef = main.PackageURL
	components, err := componentsOf(info)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	references := make([]string, 0, len(components))
	for _, component := range components {
		references = append(references, component.BOMRef)
	}
	bom := cdx.NewBOM()
	bom.SerialNumber = serialNumber(sum)
	bom.Metadata = &cdx.Metadata{Component: &main}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: main.BOMRef, Dependencies: &references}}
	var text bytes.Buffer
	if err := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("encode the bill of materials of %s: %w", name, err)
	}
	return text.Bytes(), nil
}

// serialNumber is a UUID of version 8 (RFC 9562, section 5.8), from a digest.
func serialNumber(sum [sha256.Size]byte) string {
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// purl is a package URL (https://github.com/package-url/purl-spec).
func purl(module, version string) string {
	return "pkg:golang/" + module + "@" + version
}

// settings are those of the environment, named as by cyclonedx-gomod.
func settings(info *debug.BuildInfo) *[]cdx.Property {
	var all []cdx.Property
	for _, setting := range info.Settings {
		if strings.ToUpper(setting.Key) != setting.Key {
			continue
		}
		all = append(all, cdx.Property{Name: "cdx:gomod:build:env:" + setting.Key, Value: setting.Value})
	}
	return &all
}

// componentsOf are the modules, and Go's standard library.
func componentsOf(info *debug.BuildInfo) ([]cdx.Component, error) {
	all := []cdx.Component{{Type: cdx.ComponentTypeLibrary, Name: "std", Version: info.GoVersion, PackageURL: purl("std", strings.TrimPrefix(info.GoVersion, "go"))}}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		component := cdx.Component{Type: cdx.ComponentTypeLibrary, Name: module.Path, Version: module.Version, PackageURL: purl(module.Path, module.Version)}
		// A directory of a replace directive has no sum.
		if sum, ok := strings.CutPrefix(module.Sum, "h1:"); ok {
			value, err := base64.StdEncoding.DecodeString(sum)
			if err != nil {
				return nil, fmt.Errorf("the sum of %s: %w", module.Path, err)
			}
			component.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(value)}}
		}
		all = append(all, component)
	}
	for i := range all {
		all[i].BOMRef = all[i].PackageURL
	}
	return all, nil
}

// What makes images and releases, in a module of its own so that it adds nothing to the product's go.mod.
module github.com/podidentity/podidentity/release

go 1.26.0

require golang.org/x/crypto/x509roots/fallback v0.0.0-20261030153154-30a33513ff6d

# Making releases and Debian packages; docs/RELEASING.md says how a release is made. `make help` lists the targets.

RELEASE ?= $(BUILD)/release

.PHONY: dist dist-check deb package-check
dist: ## release archives of the commit that is checked out, which build offline, in build/release
	scripts/dist $(VERSION) $(RELEASE)

dist-check: ## build a release archive without network, node and npm, and try what comes out
	scripts/dist-check $(VERSION)

deb: ## Debian packages, source and binary, in build/release
	scripts/deb $(VERSION) $(RELEASE)

package-check: ## build the Debian packages in another place, without network, run lintian, and try what is in them
	scripts/package-check $(VERSION)

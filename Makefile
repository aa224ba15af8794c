# Everything one does with ws101. `make` lists it.
# Only `run`, `test` and `check` matter to most people, and they need nothing but Rust.

CARGO ?= cargo
# Passed on to the program: make run ARGS="--port 9000", make test ARGS=framing
ARGS ?=
# Where everything is built and installed.
TARGET := $(or $(CARGO_TARGET_DIR),target)

export PATH := $(PATH):$(HOME)/.cargo/bin
OLDEST := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
# The load generator is a package of its own, so that the server's build knows nothing of it.
BENCH := --manifest-path tests/bench/Cargo.toml --target-dir $(TARGET)/bench/build
# So are the fuzz targets. Without their engine they need nothing but Rust.
FUZZ := --manifest-path tests/fuzz/Cargo.toml --target-dir $(TARGET)/fuzz/check
# So is the crowd of the soak.
SOAK := --manifest-path tests/soak/Cargo.toml --target-dir $(TARGET)/bench/build

.DEFAULT_GOAL := help
.PHONY: help run build test test-minimal test-plain check cross conformance conformance-full differential browser socketio metrics fuzz soak bench ci clean need-rust

help: ## list the targets (this list)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

run: need-rust ## build the server and start it; flags in ARGS="..."
	@WS101_WIRE_VIEW=$${WS101_WIRE_VIEW-on} $(CARGO) run --release -- $(ARGS)

build: need-rust ## build the server: target/release/ws101
	$(CARGO) build --release

test: need-rust ## run all tests that need only Rust; ARGS="framing closing": those with such a word in path or name
	@CARGO="$(CARGO)" bash tests/run $(ARGS)

test-minimal: need-rust ## the same tests, without the default features
	@CARGO="$(CARGO)" bash tests/run --no-default-features $(ARGS)

test-plain: need-rust ## the same tests, with every shortcut compiled out
	@CARGO="$(CARGO)" bash tests/run --plain $(ARGS)

# Warnings are errors here and not in the sources: a newer compiler with a new warning must not
# keep anybody from building the server.
check: need-rust ## format, clippy, documentation, oldest compiler as declared
	@$(CARGO) fmt --version >/dev/null 2>&1 || { echo "rustfmt is missing: rustup component add rustfmt"; exit 1; }
	@$(CARGO) clippy --version >/dev/null 2>&1 || { echo "clippy is missing: rustup component add clippy"; exit 1; }
	$(CARGO) fmt --check
	$(CARGO) fmt --check --manifest-path tests/bench/Cargo.toml
	$(CARGO) fmt --check --manifest-path tests/bench/peers/tungstenite/Cargo.toml
	$(CARGO) fmt --check --manifest-path tests/bench/peers/fastwebsockets/Cargo.toml
	$(CARGO) fmt --check --manifest-path tests/fuzz/Cargo.toml
	$(CARGO) fmt --check --manifest-path tests/soak/Cargo.toml
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) clippy --all-targets --no-default-features -- -D warnings
	$(CARGO) clippy --all-targets $(BENCH) -- -D warnings
	$(CARGO) clippy --all-targets $(SOAK) -- -D warnings
	$(CARGO) clippy --all-targets $(FUZZ) -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --lib --document-private-items
	bash tests/cross/msrv

cross: need-rust ## compile for 32-bit and 64-bit ARM, with the oldest compiler when it can be had
	bash tests/cross/run

conformance: build ## Autobahn, all sections, strict, and Python's zlib (installs the suite into target/)
	bash tests/conformance/run --profile fast

conformance-full: build ## the same with all 517 cases of Autobahn: some minutes more
	bash tests/conformance/run --profile full

differential: need-rust ## mutated frames, beside two other implementations; ARGS="--streams 1000000" is long
	CARGO="$(CARGO)" tests/differential/run $(ARGS)

browser: build ## the pages in a headless browser, several tabs
	tests/browser/run

socketio: build ## the real socket.io-client, all transports; ARGS=--original: against the original
	@tests/socketio/run $(ARGS)

metrics: build ## /metrics, read by Prometheus' own Python library (installs it into target/)
	tests/metrics/run

fuzz: need-rust ## look for bytes that break it, a minute for each target; ARGS="--seconds 600 --only core"
	@bash tests/fuzz/run $(ARGS)

bench: build ## measure beside a bare TCP loop and other servers; ARGS=--quick is short
	$(CARGO) build --release $(BENCH)
	$(CARGO) run --release $(BENCH) -- $(ARGS)

soak: build ## thousands of connections come and go, half of them badly; ARGS="--connections 1000 --cycles 2" is short
	$(CARGO) build --release $(SOAK)
	$(CARGO) run --release $(SOAK) -- $(ARGS)

ci: ## all that a change must pass, with a summary
	@bash .ci/run steps

clean: need-rust ## remove target/, with all that was installed there
	$(CARGO) clean

need-rust:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust $(OLDEST) or newer, https://rustup.rs"; exit 1; }

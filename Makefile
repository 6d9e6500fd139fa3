# What developers run. Each target sets up what it needs, or says which tool is missing.
#
#   make check        format, lints, documentation, generated files, lock files
#   make test         all tests
#   make test-long    the randomised tests with many more cases: about an hour
#   make parity       compares what the cases of conformance/ came to in all languages whose tests have run
#   make install      the C library below PREFIX (/usr/local): shared, static, header, pkg-config file
#   make go-archive   the static archive that the Go package links, for this platform
#   make bench-peers  the race against other engines; the tables go to benches/RESULTS.md
#   make fuzz         each fuzz target for FUZZ_SECONDS (600)

SHELL := /bin/bash
FUZZ_SECONDS ?= 600
LOCKS := $(wildcard Cargo.lock benches/Cargo.lock fuzz/Cargo.lock)
CRATES_IO := "registry+https://github.com/rust-lang/crates.io-index"
missing = { echo "$(1)" >&2; exit 1; }

.PHONY: help
help:
	@sed -n 's/^#   make/make/p' Makefile

.PHONY: need-cargo need-npm need-nightly
need-cargo:
	@command -v cargo >/dev/null || $(call missing,cargo is missing: install Rust 1.95 or later from https://rustup.rs)
need-npm:
	@command -v npm >/dev/null || $(call missing,npm is missing: install Node.js 20 or later (CEL's conformance tests and the providers' types are npm packages))
need-nightly: need-cargo
	@cargo +nightly --version >/dev/null 2>&1 || $(call missing,a nightly toolchain is missing: rustup toolchain install nightly)
	@cargo fuzz --version >/dev/null 2>&1 || $(call missing,cargo-fuzz is missing: cargo install cargo-fuzz)

.PHONY: check
check: need-cargo
	@cargo fmt --version >/dev/null 2>&1 || $(call missing,rustfmt is missing: rustup component add rustfmt)
	@cargo clippy --version >/dev/null 2>&1 || $(call missing,clippy is missing: rustup component add clippy)
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	cargo xtask gen --check
	@# A lock file that names one machine's mirror would lock everybody else out.
	@! grep -n '^source = ' $(LOCKS) | grep -v '$(CRATES_IO)' || $(call missing,these packages are locked to another source than crates.io)

.PHONY: test test-rust test-c test-go test-java test-node test-python
test: test-rust test-c test-go test-java test-node test-python
test-rust: need-cargo need-npm
	cargo test --workspace --locked

# LANGUAGES="c rust": those that must have results.
.PHONY: parity
parity: need-cargo
	cargo xtask parity $(LANGUAGES)

test-c: need-cargo
	ffi/tests/c.sh

test-go: need-cargo
	go/tests/run.sh

test-node: need-cargo need-npm
	node/tests/run.sh

test-python: need-cargo
	python/tests/run.sh

test-java: need-cargo
	java/tests/run.sh

.PHONY: go-archive
go-archive: need-cargo
	go/archive.sh

# PROFILE=dev builds faster, for tests.
PREFIX ?= /usr/local
PROFILE ?= release
BUILT := $(or $(CARGO_TARGET_DIR),target)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

.PHONY: install
install: need-cargo
	cargo build --locked --profile $(PROFILE) -p llm-policy-ffi
	install -d "$(DESTDIR)$(PREFIX)/lib/pkgconfig" "$(DESTDIR)$(PREFIX)/include"
	install -m 644 ffi/include/llm_policy.h "$(DESTDIR)$(PREFIX)/include/"
	install -m 755 "$(BUILT)/libllm_policy.so" "$(DESTDIR)$(PREFIX)/lib/"
	install -m 644 "$(BUILT)/libllm_policy.a" "$(DESTDIR)$(PREFIX)/lib/"
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' ffi/llm-policy.pc.in \
	  > "$(DESTDIR)$(PREFIX)/lib/pkgconfig/llm-policy.pc"

.PHONY: test-long
test-long: need-cargo need-npm
	ORACLE_CASES=5000000 PROPTEST_CASES=20000 cargo test --release --locked -p llm-policy-cel
	ANALYSIS_CASES=10000 cargo test --release --locked -p llm-policy-workbench
	INDEX_CASES=20000 PROPTEST_CASES=20000 cargo test --release --locked -p llm-policy-engine
	EVALUATIONS=1000000 go/tests/run.sh
	EVALUATIONS=1000000 java/tests/run.sh
	EVALUATIONS=1000000 PROPERTY_CASES=100000 node/tests/run.sh
	LEDGER_CASES=500000 cargo test --release --locked -p llm-policy-ledger --test model
	python/tests/run.sh long

.PHONY: bench-peers
bench-peers: need-cargo
	cd benches && cargo run --release --locked --bin peers -- --write RESULTS.md
	cargo xtask gen

.PHONY: fuzz
fuzz: need-nightly
	set -e; for target in $$(cargo +nightly fuzz list --fuzz-dir fuzz); do \
	  mkdir -p "fuzz/corpus/$$target"; \
	  cargo +nightly fuzz run --fuzz-dir fuzz "$$target" "fuzz/corpus/$$target" "fuzz/seeds/$$target" -- \
	    -max_total_time=$(FUZZ_SECONDS) -dict="fuzz/dictionaries/$$target.dict" -rss_limit_mb=2048 -timeout=10; \
	done

# What developers run. Each target sets up what it needs, or says which tool is missing.
#
#   make check        format, lints, documentation, generated files, lock files
#   make test         all tests
#   make test-long    the randomised tests with many more cases, and the packages: about an hour and a half
#   make parity       compares what the cases of conformance/ came to in all languages whose tests have run
#   make install      the C library below PREFIX (/usr/local): shared, static, header, pkg-config file
#   make go-archive   the static archive that the Go package links, for this platform
#   make package      all packages, for this platform, into dist/
#   make test-package installs the packages of dist/ from their files into empty projects, and uses them there
#   make bench-peers  the race against other engines, and bench-guards; the tables go to benches/RESULTS.md
#   make bench-guards looking through text and keeping limits, beside what Python has for it; the same page
#   make bench-borders the same decisions from each language, and the engines that it has; the same page
#   make bench-stores limits on a Redis server, strict and leased; the same page
#   make bench-hostile instructions that hostile texts cost, and limits, under valgrind; the same page
#   make fuzz         each fuzz target for FUZZ_SECONDS (600)

SHELL := /bin/bash
FUZZ_SECONDS ?= 600
LOCKS := $(wildcard Cargo.lock benches/Cargo.lock fuzz/Cargo.lock)
CRATES_IO := "registry+https://github.com/rust-lang/crates.io-index"
missing = { echo "$(1)" >&2; exit 1; }

.PHONY: help
help:
	@sed -n 's/^#   make/make/p' Makefile

.PHONY: need-cargo need-npm need-redis need-nightly
need-cargo:
	@command -v cargo >/dev/null || $(call missing,cargo is missing: install Rust 1.95 or later from https://rustup.rs)
need-npm:
	@command -v npm >/dev/null || $(call missing,npm is missing: install Node.js 20 or later (CEL's conformance tests and the providers' types are npm packages))
need-redis:
	@command -v redis-server >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get install -qq -y --no-install-recommends redis-server >/dev/null; } || $(call missing,redis-server is missing: install Debian's package redis-server or Redis 7)
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
	cargo xtask licenses
	@# A lock file that names one machine's mirror would lock everybody else out.
	@! grep -n '^source = ' $(LOCKS) | grep -v '$(CRATES_IO)' || $(call missing,these packages are locked to another source than crates.io)

.PHONY: test test-rust test-c test-go test-java test-kotlin test-node test-python test-ruby test-swift
# Built in one go, for all that is compiled for one of them with other features than for another would be compiled once more.
test: export NATIVES := -p llm-policy-ffi -p llm-policy-java -p llm-policy-node -p llm-policy-uniffi --features llm-policy-uniffi/bindgen
test: test-rust test-c test-go test-java test-kotlin test-node test-python test-ruby test-swift
test-rust: need-cargo need-npm need-redis
	cargo test --workspace --locked

# LANGUAGES="c rust": those that must have results.
.PHONY: parity
parity: need-cargo
	cargo xtask parity $(LANGUAGES)

test-c: need-cargo
	ffi/tests/c.sh

test-go: need-cargo
	go/tests/run.sh

test-node: need-cargo need-npm need-redis
	node/tests/run.sh

test-python: need-cargo need-redis
	python/tests/run.sh

test-java: need-cargo
	java/tests/run.sh

test-kotlin: need-cargo
	kotlin/tests/run.sh

test-ruby: need-cargo
	ruby/tests/run.sh

# Only that it can be generated: nothing of it is compiled.
test-swift: need-cargo
	swift/generate.sh

.PHONY: go-archive
go-archive: need-cargo
	go/archive.sh

# PROFILE=dev builds faster, for tests.
PREFIX ?= /usr/local
PROFILE ?= release
BUILT := $(or $(CARGO_TARGET_DIR),target)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))

.PHONY: install
install: need-cargo
	cargo build --locked --profile $(PROFILE) $(or $(NATIVES),-p llm-policy-ffi)
	ffi/install.sh "$(BUILT)" "$(DESTDIR)$(PREFIX)" "$(PREFIX)"

.PHONY: package test-package
package: need-cargo
	rm -rf "$(or $(CARGO_TARGET_DIR),target)/packages"
	packaging/libraries.sh
	packaging/pack.sh
test-package: need-cargo need-npm
	packaging/test.sh

.PHONY: test-long
test-long: need-cargo need-npm need-redis
	ORACLE_CASES=5000000 PROPTEST_CASES=20000 cargo test --release --locked -p llm-policy-cel
	ANALYSIS_CASES=10000 cargo test --release --locked -p llm-policy-workbench
	INDEX_CASES=20000 PROPTEST_CASES=20000 cargo test --release --locked -p llm-policy-engine
	EVALUATIONS=1000000 go/tests/run.sh
	EVALUATIONS=1000000 java/tests/run.sh
	EVALUATIONS=1000000 kotlin/tests/run.sh
	EVALUATIONS=1000000 ruby/tests/run.sh
	EVALUATIONS=1000000 PROPERTY_CASES=100000 node/tests/run.sh
	LEDGER_CASES=500000 cargo test --release --locked -p llm-policy-ledger --test model
	LEDGER_CASES=20000 cargo test --release --locked -p llm-policy-runtime --test sqlite_model
	KILLS=200 cargo test --release --locked -p llm-policy-runtime --test sqlite_kill
	LEDGER_CASES=20000 cargo test --release --locked -p llm-policy-runtime --test redis
	for run in $$(seq 10); do cargo test --release --locked -p llm-policy-runtime --test processes; done
	python/tests/run.sh long
	$(MAKE) package
	$(MAKE) test-package

.PHONY: bench-peers bench-guards bench-borders bench-stores bench-hostile
bench-peers: need-cargo bench-guards
	cd benches && cargo run --release --locked --bin peers -- --write RESULTS.md
	cargo xtask gen

bench-guards: need-cargo
	benches/guards.sh --write RESULTS.md

bench-borders: need-cargo need-npm
	benches/borders.sh --write RESULTS.md

bench-stores: need-cargo need-redis
	cd benches && cargo bench --locked --no-default-features --bench stores -- --write RESULTS.md

bench-hostile: need-cargo
	@command -v valgrind >/dev/null || $(call missing,valgrind is missing: apt-get install valgrind)
	cd benches && cargo run --release --locked --no-default-features --bin hostile -- --write RESULTS.md
	cd benches && cargo run --release --locked --no-default-features --bin limits -- --write RESULTS.md

.PHONY: fuzz
fuzz: need-nightly
	@# The targets of one family (detect_scan, detect_stream, ...) share seeds and a dictionary.
	set -e; for target in $$(cargo +nightly fuzz list --fuzz-dir fuzz); do \
	  family=$${target%%_*}; mkdir -p "fuzz/corpus/$$target"; \
	  cargo +nightly fuzz run --fuzz-dir fuzz "$$target" "fuzz/corpus/$$target" "fuzz/seeds/$$family" -- \
	    -max_total_time=$(FUZZ_SECONDS) -dict="fuzz/dictionaries/$$family.dict" -rss_limit_mb=2048 -timeout=10; \
	done

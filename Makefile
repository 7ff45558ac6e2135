# SPDX-License-Identifier: Apache-2.0
# The front door: needs make, a shell and (on Debian) apt. `make help` lists the targets.
# Each target first installs what it misses (tools/deps); the building is CMake's.
WERROR ?= OFF

configure = @cmake --preset $(1) -DCOPPICE_WERROR=$(WERROR) --log-level=WARNING >/dev/null
build = @cmake --build --preset $(1)

.PHONY: all run test test-plain test-asan test-tsan lint bench interop sim fuzz-smoke models
.PHONY: facts metrics
.PHONY: clean help deps release debug

all: release ## build the release, programs in build/bin

deps:
	@tools/deps build web

release: deps
	$(call configure,release)
	$(call build,release)

debug: deps
	$(call configure,debug)
	$(call build,debug)

run: release ## start the demo, all systems on one node, with its console
	@build/bin/demo start_iex

test: debug ## build with checks on and run all tests
	@tools/deps browser test
	@tools/run_tests debug

test-plain: deps ## the tests over the code that users run: optimized, without checks
	@tools/deps test
	$(call configure,plain)
	$(call build,plain)
	@tools/run_tests plain

test-asan: deps ## the tests with the address and undefined behaviour sanitizers
	@tools/deps sanitizers test
	$(call configure,asan)
	$(call build,asan)
	@tools/run_tests asan

test-tsan: deps ## the tests with the thread sanitizer
	@tools/deps sanitizers test
	$(call configure,tsan)
	$(call build,tsan)
	@tools/run_tests tsan

lint: debug ## format, tidy, layers, headers, docs, patterns, clang-tidy (LINT_ALL=1: all files)
	@tools/deps lint
	@tools/lint

bench: release ## measure: JSON lines
	@tools/deps bench
	@build/bin/coppice-bench
	@bench/kv_network build/bin

interop: release ## compare the conformance scenarios (SEEDS=n: generated ones) with Elixir, live
	@tools/deps interop
	@tools/interop

sim: debug ## the seeded campaigns over fresh seeds (SEEDS=n)
	@tools/sim debug

fuzz-smoke: deps ## each fuzz target for 20 seconds
	@tools/deps sanitizers
	$(call configure,fuzz)
	$(call build,fuzz)
	@tools/fuzz_smoke

models: ## check the models of docs/models with spin
	@tools/deps model
	@tools/models

facts: ## each fact of the specification (FACTS_FILE) with the tests that cite it
	@tools/facts

metrics: ## the longest functions and files
	@tools/deps lint
	@tools/metrics

clean: ## remove build/
	@rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

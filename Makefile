# Two commands carry the project: `make demo` and `make test`. Each first installs the packages it
# needs (scripts/packages.txt; instant when they are there), configures and builds. `make help` lists all.
PRESET ?= release
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)
DEMO_PRESET ?= quick
LAUNCHER := $(if $(shell command -v ccache),-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
FUZZ_SECONDS ?= 60
PREFIX ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help demo dist test test-aarch64 test-micro build program install configure setup lint format format-check bench interop conformance fuzz docs-check install-test clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@echo "  PRESET=release|debug|asan-ubsan|tsan|coverage chooses the build for test and build"

demo: program  ## train, compress, measure and report a Fashion-MNIST network (minutes)
	$(BUILD)/thimble study studies/fashion_cnn.toml --preset $(DEMO_PRESET) --out out/fashion_cnn

test: build  ## build and run every test
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

test-aarch64:  ## the kernels and what they rest on, tested on emulated 64-bit Arm
	@scripts/setup.sh build cross
	$(MAKE) test PRESET=aarch64

test-micro: program  ## exported C on emulated microcontrollers: the same bytes everywhere (PACKAGES="DIR…": further ones)
	@scripts/setup.sh micro
	tests/micro/test_driver.py
	tests/micro/test_boards.py $(PACKAGES)
	tests/micro/layer_cases.py
	tests/micro/weight_forms.py --thimble $(BUILD)/thimble --boards all
	tests/micro/uno.py --thimble $(BUILD)/thimble
	tests/micro/trainable_head.py --thimble $(BUILD)/thimble
	tests/micro/test_fit.py --thimble $(BUILD)/thimble --runs

build: configure  ## build everything; the program is build/release/thimble
	cmake --build $(BUILD) -j $(JOBS)

program: configure  ## build the program alone, no tests: build/release/thimble
	cmake --build $(BUILD) -j $(JOBS) --target thimble

dist:  ## programs that need nothing but a kernel, for x86_64, aarch64, armv7, riscv64: dist/ (ARCHS="…": those)
	@scripts/setup.sh build dist
	scripts/dist.sh $(ARCHS)

install: configure  ## install program, library, documentation, studies (PREFIX=/usr/local, DESTDIR=)
	cmake --build $(BUILD) -j $(JOBS) --target installed
	DESTDIR="$(DESTDIR)" cmake --install $(BUILD) --prefix "$(PREFIX)" >/dev/null
	@echo "installed: $(DESTDIR)$(PREFIX)/bin/thimble, $(DESTDIR)$(PREFIX)/share/thimble/studies, $(DESTDIR)$(PREFIX)/share/doc/thimble"

configure: setup
	@test -f $(BUILD)/build.ninja || cmake --preset $(PRESET) $(LAUNCHER)

setup:
	@scripts/setup.sh build

lint: configure  ## house rules, then clang-tidy on what changed since main (LINT=all: everything)
	@scripts/setup.sh lint
	@scripts/lint.sh
	@scripts/tidy.sh $(BUILD) $(LINT)

format:  ## apply .clang-format
	@scripts/setup.sh lint
	@git ls-files -z '*.h' '*.cc' | xargs -0 clang-format -i

format-check:  ## fail where .clang-format would change something
	@scripts/setup.sh lint
	@git ls-files -z '*.h' '*.cc' | xargs -0 clang-format --dry-run --Werror

bench: setup  ## build the benchmark programs and say how to run them
	@scripts/setup.sh bench
	@cmake --preset release -DTHIMBLE_BENCH=ON $(LAUNCHER) >/dev/null
	cmake --build build/release -j $(JOBS)
	@find build/release/bench -maxdepth 2 -type f -executable | sort

interop: build  ## compare with LiteRT (a Python environment of its own; downloads from PyPI)
	@scripts/setup.sh interop
	scripts/interop/run.sh

conformance: build  ## more than 2,000 single-operator models against LiteRT, and ONNX's own cases (downloads from PyPI)
	@scripts/setup.sh interop
	scripts/interop/conformance.sh

fuzz:  ## run every libFuzzer target for FUZZ_SECONDS (60)
	@scripts/setup.sh build fuzz
	scripts/fuzz.sh $(FUZZ_SECONDS)

docs-check: build  ## run every command that the documentation shows
	scripts/docs_check.py --program $(BUILD)

install-test: build  ## install into a temporary prefix and build a program against it, twice
	scripts/install_test.sh $(BUILD)

clean:  ## remove the build trees and outputs
	rm -rf build out

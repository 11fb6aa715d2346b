# The thin front: `make run` and `make test` do everything on a fresh Debian 12 machine. `make help` lists the targets.
PRESET ?= release
BUILD := build/$(PRESET)
FDBENCH := $(BUILD)/fdbench
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
CONFIG ?= configs/ablation.yaml
FAULTS ?= 50
SECONDS ?= 600
FUZZ ?= safetensors additions npz picture tokenizer config result prompts baseline
# Layers that read files which others write.
READERS := core io folders pictures text results prompts config gate
PYTEST := $(VENV_PYTHON) -m pytest -q
# Two processes share the test files. Threads that wait must not spin then (tests/conftest.py).
PYTEST_ALL := $(PYTEST) -n 2 --dist loadfile
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-lint build run test unit pytest bench parity faults sanitize sanitize-readers fuzz \
	format lint lint-changed lint-format lint-commands clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## install what is needed to build and run
	@setup/install_debian.sh setup/debian-packages.txt
	@setup/install_python.sh run

setup-dev: setup ## install what the tests need on top
	@setup/install_python.sh dev

setup-lint: setup-dev
	@setup/install_debian.sh setup/debian-packages-lint.txt

build: setup ## build $(FDBENCH)
	@[ -e $(BUILD)/build.ninja ] || cmake --preset $(PRESET)
	@cmake --build $(BUILD) --target fdbench

run: build ## run the main job (CONFIG=configs/ablation.yaml), write tables, plots and the report page
	@$(FDBENCH) run $(CONFIG)
	@$(VENV_PYTHON) -m analysis.report results/$(basename $(notdir $(CONFIG))).h5

test: pytest ## run all tests

unit: build
	@cmake --build $(BUILD)
	@OMP_WAIT_POLICY=PASSIVE ctest --test-dir $(BUILD) --output-on-failure --no-tests=error -j 2

pytest: unit setup-dev
	@FDBENCH_BUILD=$(BUILD) $(PYTEST_ALL) tests

bench: build setup-dev ## layers, parts of SD 1.5, files, probing cost; the full run against diffusers and FID against torch-fidelity, interleaved
	@cmake --build $(BUILD)
	@for program in $(BUILD)/benchmarks/*_benchmark; do $$program || exit 1; done
	@FDBENCH_BUILD=$(BUILD) $(VENV_PYTHON) -m experiments.peers.run --model models/mini --dtype float32 --rounds 10
	@FDBENCH_BUILD=$(BUILD) $(VENV_PYTHON) benchmarks/judging.py --rounds 5

parity: build setup-dev ## SD 1.5 (also with a control network), SD 2.1, SDXL and DiT-XL/2 at full size with random weights against diffusers
	@FDBENCH_BUILD=$(BUILD) $(VENV_PYTHON) tests/parity/full_size.py

faults: build setup-dev ## the fault campaign at length (FAULTS=50 of each kind); prints its numbers
	@FDBENCH_FAULTS=$(FAULTS) FDBENCH_BUILD=$(BUILD) $(PYTEST) tests/faults

sanitize: setup ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@[ -e build/debug/build.ninja ] || cmake --preset debug
	@cmake --build build/debug
	@OMP_WAIT_POLICY=PASSIVE ctest --test-dir build/debug --output-on-failure --no-tests=error -j 2

sanitize-readers: setup ## the same over the layers that read files which others write
	@[ -e build/debug/build.ninja ] || cmake --preset debug
	@cmake --build build/debug --target $(READERS:%=test_%)
	@OMP_WAIT_POLICY=PASSIVE ctest --test-dir build/debug --output-on-failure --no-tests=error -j 2 \
		-R "^($$(echo $(READERS) | tr ' ' '|'))\."

fuzz: setup ## libFuzzer on the readers of untrusted files (clang; SECONDS=600 each of FUZZ="safetensors npz ...")
	@setup/install_debian.sh setup/debian-packages-fuzz.txt
	@[ -e build/fuzz/build.ninja ] || cmake --preset fuzz
	@cmake --build build/fuzz --target fuzz_targets
	@for target in $(FUZZ); do tests/fuzz/run.sh $$target $(SECONDS) || exit 1; done

format: setup-lint ## format C++ and Python
	@git ls-files '*.cpp' '*.h' '*.cu' | xargs clang-format -i
	@.venv/bin/ruff format -q . && .venv/bin/ruff check -q --fix .

lint-format: setup-lint ## check format and Python style
	@git ls-files '*.cpp' '*.h' '*.cu' | xargs clang-format --dry-run --Werror
	@.venv/bin/ruff format --check . && .venv/bin/ruff check .

# What clang-tidy needs of a build: its commands and its generated headers.
lint-commands: setup-lint
	@[ -e $(BUILD)/build.ninja ] || cmake --preset $(PRESET)
	@cmake --build $(BUILD) --target git_revision

lint: lint-format lint-commands ## check format and style, C++ (clang-tidy on all of src/) and Python
	@$(VENV_PYTHON) setup/clang_tidy.py $(BUILD)

lint-changed: lint-commands ## clang-tidy on what differs from the parent of the merge base with the main branch
	@$(VENV_PYTHON) setup/clang_tidy.py $(BUILD) --changed

clean: ## remove what was built (.venv and results stay)
	@rm -rf build

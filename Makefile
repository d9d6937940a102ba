# Short recipes only; what takes more than a line is in scripts/.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
export CARGO_TERM_COLOR ?= auto

.PHONY: help run test lint fmt unit judges docs schema bench test-s3 setup clean

help: ## List the commands
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: ## Build and start everything on this machine, embedded
	cargo run --release --bin strongroom -- serve

setup: ## Install or start what the tests need
	scripts/setup

test: setup lint unit ## Everything CI runs: lint, unit, integration on both databases, outside judges

lint: ## Formatting, clippy, licenses and sources
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo deny --log-level error check bans licenses sources

unit: ## Every test, on SQLite and Postgres, with the outside judges
	cargo nextest run --workspace
	cargo test --workspace --doc -q

fmt: ## Format
	cargo fmt --all

docs: ## Rewrite the generated references
	UPDATE_DOCS=1 cargo nextest run -p api -E 'test(/committed/)'

schema: ## Print the tenant schema
	cargo run -q --bin strongroom -- schema

bench: ## Measure, beside references from the same run
	scripts/bench

test-s3: ## The long form: Garage, Postgres, two replicas and a worker
	scripts/test-s3

clean: ## Remove what was built and the embedded data
	cargo clean
	rm -rf data

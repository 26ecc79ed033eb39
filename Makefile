# Every target sets up what it needs; nothing outside this folder is changed, but by `make install PREFIX=…`.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Where `make install` puts the program and what it needs to run.
PREFIX ?= $(VENV)
# The system's certificates, as pip and git use them: a proxy or a mirror may have an authority of its own.
export UV_SYSTEM_CERTS ?= true

.PHONY: demo test test-long check fix bench install lock clean

demo: $(STAMP)
	$(BIN)/assay demo $(ARGS)

test: $(STAMP)
	$(BIN)/pytest -m 'not long' --durations=20 $(ARGS)

# Kills, random lives, whole stories: what is long by nature.
test-long: $(STAMP)
	$(BIN)/pytest -m long --durations=10 $(ARGS)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Mends what the linter and the formatter can mend by themselves.
fix: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/python -m tests.bench $(ARGS)

# $(call installed,ENVIRONMENT,LOCK,PROJECT): makes an environment of locked packages, and puts the project into it.
# uv does it where it is installed; elsewhere it is installed into the environment itself.
define installed
	@if command -v uv >/dev/null; then uv venv --quiet --allow-existing --python '>=3.11' $(1); \
	else python3 -m venv $(1) && $(1)/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check 'uv>=0.9'; fi
	@UV=$$(command -v uv || echo $(1)/bin/uv); \
	command -v uv >/dev/null || export UV_CACHE_DIR=$(abspath $(1))/.uv-cache; \
	$$UV pip install --quiet --python $(1)/bin/python --compile-bytecode --require-hashes -r $(2) && \
	$$UV pip install --quiet --python $(1)/bin/python --compile-bytecode --no-deps \
		--build-constraints requirements-dev.lock $(3)
endef

$(STAMP): pyproject.toml requirements-dev.lock
	$(call installed,$(VENV),requirements-dev.lock,--editable .)
	@touch $(STAMP)

# For production: the program as a package, and the packages that it runs with. Needs to be run again after an update.
install:
	@rm -f $(PREFIX)/.installed
	$(call installed,$(PREFIX),requirements.lock,--reinstall-package assaymaster .)
	@rm -rf $(PREFIX)/.uv-cache

lock: $(STAMP)
	@UV=$$(command -v uv || echo $(BIN)/uv); \
	compile() { $$UV pip compile --quiet --universal --generate-hashes pyproject.toml "$$@"; }; \
	compile -o requirements.lock && compile --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache

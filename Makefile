# Every target installs what it needs; only `make install PREFIX=…` changes anything outside this folder.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The folder into which `make install` installs the program and its runtime packages.
PREFIX ?= $(VENV)
# Use the system's certificates, like pip and git: a proxy or a mirror may have its own certificate authority.
export UV_SYSTEM_CERTS ?= true
# Each worker of the tests, and each program that a test starts, would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-long chaos check fix bench bench-scale install lock clean

demo: $(STAMP)
	$(BIN)/assay demo $(ARGS)

# Tests wait for disks and programs now and then: three workers on two cores.
test: $(STAMP)
	$(BIN)/pytest -n 3 -m 'not long' --durations=20 $(ARGS)

# Long tests: killed processes, random sequences of events, whole stories. They wait much, for disks and for each other's
# processes: four workers on two cores.
test-long: $(STAMP)
	$(BIN)/pytest -n 4 -m long --durations=10 $(ARGS)

# Random lives with faults, each compared with the same life without them: ARGS="--lives 500", ARGS="--seed 7".
chaos: $(STAMP)
	$(BIN)/python -m tests.chaos $(ARGS)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Fixes what the linter and the formatter can fix automatically.
fix: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The budgets; ARGS="scan --json FILE" measures some and writes the result.
bench: $(STAMP)
	$(BIN)/python -m tests.bench $(ARGS)

# The cost curves; ARGS="targets diff --folder docs/performance" measures some and writes the results.
bench-scale: $(STAMP)
	$(BIN)/python -m tests.bench.curves $(ARGS)

# $(call installed,ENVIRONMENT,LOCK,PROJECT): creates an environment with the locked packages and installs the project.
# Uses uv if it is installed; otherwise installs uv into the environment.
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

# For production: the program and its runtime packages. Run it again after an update.
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

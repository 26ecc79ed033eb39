# Every target sets up what it needs; nothing outside this folder is changed.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The system's certificates, as pip and git use them: a proxy or a mirror may have an authority of its own.
export UV_SYSTEM_CERTS ?= true

.PHONY: demo test test-long check bench lock clean

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

bench: $(STAMP)
	$(BIN)/python -m tests.bench $(ARGS)

# uv makes the environment where it is installed; elsewhere it is installed into the environment itself.
$(STAMP): pyproject.toml requirements.lock
	@if command -v uv >/dev/null; then uv venv --quiet --allow-existing --python '>=3.11' $(VENV); \
	else python3 -m venv $(VENV) && $(BIN)/python -m pip install --quiet --no-cache-dir --disable-pip-version-check 'uv>=0.9'; fi
	@UV=$$(command -v uv || echo $(BIN)/uv); \
	command -v uv >/dev/null || export UV_CACHE_DIR=$(CURDIR)/$(VENV)/.uv-cache; \
	$$UV pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock && \
	$$UV pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(STAMP)

lock: $(STAMP)
	@UV=$$(command -v uv || echo $(BIN)/uv); \
	$$UV pip compile --quiet --universal --generate-hashes --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready
MODELS := .venv/.models
LOCKED := --constraints requirements.lock --build-constraints requirements.lock
FAST := not slow and not network and not gpu
SLOW := not network and not gpu
# A file's tests stay on one worker: its models, packs and runs are made once, not once a worker.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
# What the fast tests write lies in memory where that has room, for some thousand files wait for a
# disk otherwise; `make test-all` writes to the disk.
ROOM := $(shell df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 2000000 { print "/dev/shm" }')

# What is imported is compiled once, and not in every process again, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

# Not without an end where Debian's packages cannot be reached.
APT := DEBIAN_FRONTEND=noninteractive timeout 240 apt-get -qq \
	-o Acquire::Retries=1 -o Acquire::http::Timeout=20

.PHONY: setup models browser demo test test-all lint bench lock leaderboard recorded site

setup: $(READY)

$(READY): pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --constraint requirements.lock uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(LOCKED) --editable ".[dev,video,audio,site]"
	mkdir -p .venv/types && ln -sfn ../../tasks .venv/types/mmjudge_tasks  # where mypy finds them
	touch $@

# What judges that are models need: torch and its companions, some 5 GB.
models: $(MODELS)

$(MODELS): $(READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(LOCKED) --editable ".[dev,video,audio,site,hf,clip,api]"
	touch $@

# What opens the pages in tests: Debian's Chromium, where this user may install it.
browser:
	@command -v chromium >/dev/null \
		|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && $(APT) update \
			&& $(APT) install --yes --no-install-recommends chromium >/dev/null; } \
		|| echo "chromium is not here and cannot be installed: NO PAGE IS OPENED by the tests" >&2

demo: models
	$(BIN)/mmjudge demo

test: models browser lint
	@room=$$(mktemp -d $(if $(ROOM),-p $(ROOM))) && trap 'rm -rf "$$room"' EXIT \
		&& set -x && PYTEST_DEBUG_TEMPROOT="$$room" $(PYTEST) -m "$(FAST)"

test-all: models browser lint
	$(PYTEST) -m "$(SLOW)"

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Submissions of the embedded judges, and those to season 0, made anew; the verdicts stay the same.
leaderboard: models
	$(BIN)/python -m leaderboard.make
	$(BIN)/python -m leaderboard.make --season

# The repository's own leaderboard, in leaderboard/site; what season 0 shows is made first.
site: setup
	$(BIN)/python -m leaderboard.season
	$(BIN)/mmjudge leaderboard build leaderboard

# Figures and boards of the judges that others recorded, from their files: make recorded DATA=FOLDER
recorded: setup
	$(BIN)/python -m leaderboard.recompute --data $(DATA)
	$(BIN)/python -m leaderboard.recorded_boards --data $(DATA)

bench: models
	$(BIN)/python bench/harness.py

# vllm is left out: it pins its own torch, transformers and numpy, which would hold back all others.
lock: setup
	$(BIN)/uv pip compile pyproject.toml --extra all --extra ray --extra dev --python-version 3.11 \
		--no-emit-index-url --no-annotate --no-header --upgrade --quiet --output-file requirements.lock
	! grep -n "://" requirements.lock

# Penstock's two commands are `make demo` and `make test`; everything else serves them.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
CHAINS ?= embedded,anvil,geth
LEDGER ?= tests/onchain tests/chain tests/ledger
# what finds the versions and digests of requirements.lock
RESOLVER := uv==0.13.8
RESOLVE := build/resolver/bin/uv pip compile --quiet --universal --python-version 3.11
# what an image has beside the program's own needs
EXTRAS := tables s3 postgres nats telemetry
# tests run on every core; those of the suite, which wait for processes a fifth of their time, on one more
WORKERS ?= auto
# of the processors that this process may use, which `taskset` or a container may have made fewer
ONE_MORE = $(shell expr $$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN) + 1)
# of `make simulate`, `make simulate-money`, `make soak` and `make test-mutants`; without a seed one is drawn and told
SEED ?=
JOURNEYS ?= 20000
SEEDS ?= 50
# what is compiled is kept: the tests start a hundred processes
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test suite test-stories test-attacks test-faults test-laws test-mutants simulate simulate-money soak drill test-s3 test-ledger test-market test-policies test-ndi test-compute test-newcomer test-browser test-croissant supply tck tck-dcp edc-dcp edc clients docs notebook demonstration lint install lock wheels programs bench reliability test-described bench-protocol \
	bench-transfer bench-negotiation bench-pages bench-console bench-start bench-history bench-growth bench-order bench-hostile bench-policy bench-revocation bench-reading bench-compute bench-coverage bench-lookup bench-members bench-nation bench-workers bench-credentials bench-jobs bench-programs bench-averaging bench-calls bench-streams bench-watermark bench-masking bench-log bench-logs bench-catalog bench-federation bench-audit bench-review bench-peers clean

demo: $(STAMP)
	@$(BIN)/penstock demo $(ARGS)

# one after the other with `make test WORKERS=0`
test: $(STAMP)
	@$(MAKE) --no-print-directory -j 2 suite lint

suite: $(STAMP)
	$(BIN)/python -m pytest -q -n $(if $(filter auto,$(WORKERS)),$(ONE_MORE),$(WORKERS)) -m "not story and not attack" $(ARGS)

# the long stories of processes (tests/conftest.py): what docs/ tells, operation, the shape of every command's answer,
# pairs on one database, links and clocks that fail; prints `N passed, M failed` at the end
test-stories: $(STAMP)
	$(BIN)/python -m pytest -q -n $(WORKERS) -m story -p tests.closing $(ARGS)

# what an adversary did to a running space, played again over HTTP against real processes; prints `N passed, M failed`
test-attacks: $(STAMP)
	$(BIN)/python -m pytest -q -n $(WORKERS) -m attack -p tests.closing tests/attacks $(ARGS)

# every fault of every figure; prints how many of each were survived, and `N passed, M failed` at the end
test-faults: $(STAMP)
	PENSTOCK_TEST_FAULTS=all $(BIN)/python -m pytest -q -n 2 tests/fault $(ARGS)

# as many examples of each law, and journeys of money, as are worth their time once a night
test-laws: $(STAMP)
	PENSTOCK_TEST_FAULTS=all $(BIN)/python -m pytest -q -n $(WORKERS) -m "not story and not attack" -p tests.closing --ignore tests/fault $(ARGS)

# changes the sources of money, evidence and authorisation by a seed, each in a copy, and sees which test minds; prints
# each survivor as file:line and ends with `N killed, M survived`
SAMPLE ?= 100
test-mutants: $(STAMP)
	@$(BIN)/python -m tests.mutants --seed $(or $(SEED),$(shell date +%s)) --sample $(SAMPLE) $(ARGS)

# whole spaces by seed: `make simulate SEED=7 SEEDS=10000` plays seeds 7 to 10006, `ARGS=--only` the first alone with its
# trace, `ARGS='--members 16'` spaces of sixteen, `ARGS='--members 1000 --calm' SEEDS=1` a large one whose events are held
# against `penstock plan`; ends with `N passed, M failed`
simulate: $(STAMP)
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS) $(if $(SEED),--seed $(SEED)) $(ARGS)

# journeys of money: `make simulate-money SEED=7 JOURNEYS=20000` plays those of a seed; ends with `N passed, M failed`
simulate-money: $(STAMP)
	@$(BIN)/python -m tests.money.simulate --journeys $(JOURNEYS) $(if $(SEED),--seed $(SEED)) $(ARGS)

# participants trade while they are struck, then the books must agree: `make soak MINUTES=10`; prints figures and `N passed, M failed`
MINUTES ?= 1
soak: $(STAMP)
	@$(BIN)/python -m tests.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(ARGS)

# every way to cheat of the table, on copies of one real run, each audited; ends with `N tried, M caught`
drill: $(STAMP)
	@$(BIN)/python -m tests.drill $(ARGS)

# sources in a bucket against a real S3 server, which cargo builds; prints `N passed, M failed` at the end
test-s3: $(STAMP)
	@$(BIN)/python -m tests.custody.real_s3

# programs, chain and logs on the embedded chain, on anvil (from npm) and on geth (built by go), by one setting; prints
# what each chain passed, what was not to be had, and `N passed, M failed` at the end
test-ledger: $(STAMP)
	PENSTOCK_TEST_CHAIN=$(CHAINS) $(BIN)/python -m pytest -q -n 2 -p tests.onchain.closing $(LEDGER) $(ARGS)

# the whole market day, of which `make test` plays a tenth, and docs/exchange.md on two processes; prints `N passed, M failed` at the end
test-market: $(STAMP)
	PENSTOCK_TEST_MARKET_SCALE=1 $(BIN)/python -m pytest -q -p tests.closing tests/market tests/market/two_processes.py $(ARGS)

# scenarios of usage control, each published, negotiated, used and ended by its commands on running processes whose clock
# is moved; prints `N passed, M failed` at the end
SCENARIOS := permitted counted parties duties changing parts
test-policies: $(STAMP)
	$(BIN)/python -m pytest -q -p tests.closing $(SCENARIOS:%=tests/scenarios/%.py) $(ARGS)

# a deal over the interfaces of a digital contract and of usage control alone, on five processes and a connector of another make,
# with what is bad; prints `N passed, M failed` at the end
test-ndi: $(STAMP)
	$(BIN)/python -m pytest -q -p tests.closing tests/ndi/journey.py tests/ndi/by_sm2.py tests/ndi/through.py tests/ndi/serving.py tests/ndi/amended.py tests/ndi/sealed.py tests/ndi/delivered.py tests/ndi/pushed.py tests/ndi/certified.py $(ARGS)

# the compute room against who would read more than answers; prints `N passed, M failed` at the end
ROOM := tests/compute tests/consumer/test_joining.py tests/consumer/test_bought_program.py tests/ledger/audit/test_computations.py tests/ledger/audit/test_attestations.py $(patsubst %,tests/api/test_%.py,computing noise priced fitting fresh tried lookup matched joint joint_epsilon programs reviewed attested engines chosen chosen_sold relating lessons joined bought_programs console_trial)
test-compute: $(STAMP)
	$(BIN)/python -m pytest -q -n $(WORKERS) -p tests.closing $(ROOM) $(ARGS)

# docs/roles, docs/exchange.md and docs/side-by-side.md from an empty folder with data of one's own, what is refused and what
# goes wrong; SIZE=small takes 64 MiB and 200 files for a gibibyte and 2,000; prints `N passed, M failed` at the end
SIZE ?= whole
WALK := roles refusals faults together joined_page worked computing own_subjects asides exchange_page node_page ndi_page identity_page keys_page people_page agents_page hosting_page amending_page authority_page beside_page shares_page
test-newcomer: $(STAMP)
	PENSTOCK_TEST_NEWCOMER=$(SIZE) $(BIN)/python -m pytest -q -p tests.closing $(WALK:%=tests/newcomer/%.py) $(ARGS)

# the console in a real Chromium (a package of the system) on the demo's data; draws the pictures of docs/console anew and
# prints `N passed, M failed` at the end
test-browser: $(STAMP)
	$(BIN)/python -m pytest -q -p tests.closing tests/browser/stories.py tests/browser/roles.py tests/browser/hostile.py $(ARGS)

# the official Dataspace Protocol kit, fetched by Maven, against a real connector; prints `N passed, M failed` at the end
tck: $(STAMP)
	@$(BIN)/python -m tests.interop.kit $(ARGS)
	@$(BIN)/python -m tests.interop.harvested

# the official kit of the Decentralized Claims Protocol, likewise: verifier, credential service and issuer; some packages
# alone by `ARGS=presentation.verifier`; prints `N passed, M failed` at the end
tck-dcp: $(STAMP)
	@$(BIN)/python -m tests.interop.claims $(ARGS)

# a stock Eclipse EDC with its modules of that protocol trades with us, both by credentials alone; `N passed, M failed`
edc-dcp: $(STAMP)
	@$(BIN)/python -m tests.interop.claims.edc $(ARGS)

# a stock Eclipse EDC, which Maven brings, trades with us: with its default loop and a tuned one, and so many negotiations
# and transfers with each; `EDC_VERSION=0.15.1` takes another release; prints `N passed, M failed` at the end
COUNT ?= 200
edc: $(STAMP)
	@$(BIN)/python -m tests.interop.edc --count $(COUNT) $(ARGS)

# clients that people use of EDC's Management API, each from its registry into an environment of its own, drive two
# participants of ours; prints `N passed, M failed` at the end
clients: $(STAMP)
	@$(BIN)/python -m tests.interop.clients $(ARGS)

# what we write as Croissant, read by MLCommons' own library, which pip brings into an environment of its own; prints
# `N passed, M failed` at the end
test-croissant: $(STAMP)
	@$(BIN)/python -m tests.interop.croissant $(ARGS)

# Schemathesis, which pip brings into an environment of its own, calls every operation of the management interface as we
# describe it; prints `N passed, M failed` at the end
CALLS ?= 10
test-described: $(STAMP)
	@$(BIN)/python -m tests.interop.described --calls $(CALLS) $(ARGS)

# the scorecard of reliability in its short form; `ARGS=--long` takes hours, `ARGS="--long --only F1,F7"` some of it;
# ends with `N passed, M failed`
reliability: $(STAMP)
	@$(BIN)/python -m tests.reliability $(ARGS)

# write what docs/ and README.md take from the program's own tables
docs: $(STAMP)
	$(BIN)/python -m docs.generate

# run docs/python.md on four participants, and write it with what it gives as a notebook
notebook: $(STAMP)
	$(BIN)/python -m docs.generate.notebook

# play the demo, and draw what it printed for the README
demonstration: $(STAMP)
	$(BIN)/python -m docs.generate.demonstration

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# compile the Vyper programs into contracts/onchain/artifacts
programs: $(STAMP)
	$(BIN)/python -m contracts.onchain.compile

bench: bench-protocol bench-transfer bench-policy bench-revocation

# bench-protocol runs those after it; each may be run by itself
bench-transfer bench-policy bench-revocation bench-protocol bench-negotiation bench-pages bench-console bench-start bench-history bench-growth bench-order bench-reading bench-compute bench-coverage bench-lookup bench-members bench-nation bench-workers bench-credentials bench-jobs bench-programs bench-averaging bench-calls bench-streams bench-watermark bench-masking bench-log bench-logs bench-catalog bench-federation bench-audit bench-review: bench-%: $(STAMP)
	$(BIN)/python -m bench.$* $(ARGS)

# two connectors of ours and two of a stock Eclipse EDC, which Maven brings, driven by one Management API
bench-peers: $(STAMP)
	$(BIN)/python -m bench.connectors $(ARGS)

# hostile peers of a participant, then strangers at the chain that an exchange hosts
bench-hostile: $(STAMP)
	$(BIN)/python -m bench.hostile $(ARGS)
	$(BIN)/python -m bench.hosted

install: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# resolve pyproject.toml anew, keeping what is locked and still fits; `ARGS=--upgrade` takes what is newest
lock: $(STAMP)
	$(PYTHON) -m venv build/resolver
	build/resolver/bin/python -m pip install --quiet --disable-pip-version-check $(RESOLVER)
	grep -o '^[^ ]*==[^ ]*' requirements.lock > build/all.txt
	$(RESOLVE) --all-extras $(ARGS) --output-file build/all.txt pyproject.toml
	$(RESOLVE) $(EXTRAS:%=--extra %) --constraint build/all.txt --output-file build/program.txt pyproject.toml
	$(RESOLVE) --no-deps --format pylock.toml --output-file build/pylock.toml build/all.txt
	$(BIN)/python -m docs.generate.lock build/pylock.toml build/program.txt

# a release in dist/: the program, and the light client by itself, as wheels, their bill of materials, the digests of all;
# the same sources give the same bytes
wheels: unexport SOURCE_DATE_EPOCH
wheels: $(STAMP)
	$(BIN)/python -m hatchling build --target wheel --directory $(CURDIR)/dist
	cd connector/client && $(CURDIR)/$(BIN)/python -m hatchling build --target wheel --directory $(CURDIR)/dist
	$(BIN)/python -m docs.generate.bill_of_materials dist

# advisories and licences of what we are made of, lock and bill of materials, wheels and the image's content built twice,
# programs on chain compiled again; `ARGS=--image` builds the whole image's content; prints `N passed, M failed` at the end
supply: $(STAMP)
	@$(BIN)/python -m tests.supply $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info

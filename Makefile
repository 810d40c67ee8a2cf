# The two commands of the README are `make run` and `make test`; both do all the set-up themselves.
.PHONY: help run test pbx bench bench-waits bench-fax check lint docs clean bench-flows mutations

help:            ## what there is
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+): .*## /  make \1\t/'

run:             ## install, seed, render, start, and say where to call (Ctrl-C stops it)
	@sh tools/install.sh run
	@.venv/bin/ivr-server run

pbx:             ## the same behind a real Asterisk, for a softphone on this machine
	@sh tools/install.sh run
	@.venv/bin/ivr-server pbx

# Calls, browsers and databases run in real time; on a machine that is short of it, a test is tried once more, and that is told.
AGAIN = --reruns 1 --reruns-delay 5 -rR

test:            ## everything, with a real Asterisk, a real browser and a real PostgreSQL
	@sh tools/install.sh test
	@sh tools/system.sh
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache >/dev/null || .venv/bin/lint-imports --no-cache
	@.venv/bin/python -m pytest -q $(AGAIN) -n 2 --dist loadfile -m "not live"
	@.venv/bin/python -m pytest -q $(AGAIN) -m "live and alone"
	@.venv/bin/python -m pytest -q $(AGAIN) -n 2 --dist loadfile -m "live and not alone" --ignore-glob "*/test_fax_*"
	@.venv/bin/python -m pytest -q $(AGAIN) -n 3 --dist loadfile tests/live/test_fax_*.py  # they wait for fax machines, mostly

bench:           ## cost per call beside a bare Twisted responder and pystrix, as ratios
	@sh tools/install.sh test
	@.venv/bin/python -m bench

bench-fax:       ## 200 bills through a real Asterisk, most of half an hour in waiting; what a bill costs to draw, as a ratio
	@sh tools/install.sh test
	@.venv/bin/python -m bench.faxes

bench-waits:     ## how often the wait that callers are told comes true, in six kinds of queue
	@sh tools/install.sh test
	@.venv/bin/python -m bench.waits

bench-flows:     ## what it costs to feed 10,000 recorded calls to flows, as a ratio
	@sh tools/install.sh test
	@.venv/bin/python -m bench.reruns

mutations:       ## 100,000 changed flows through the gate of publishing; none bad may pass
	@sh tools/install.sh test
	@.venv/bin/python -m tests.mutations.running 100000

check:           ## the shipped flows: inspected, explored, their dialogues run
	@sh tools/install.sh run
	@.venv/bin/ivr-server check flows/library
	@.venv/bin/ivr-server test flows/library

docs:            ## the reference pages and pictures that are drawn from the code
	@sh tools/install.sh run
	@.venv/bin/python -m tools.write_docs

clean:           ## what make run and make test made, except the cached Asterisk
	rm -rf .venv .run .pytest_cache .mypy_cache .ruff_cache .hypothesis

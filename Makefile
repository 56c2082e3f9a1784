# Two commands for a fresh machine: `make run` and `make test`. Both install what they need.

TARGET := $(or $(CARGO_TARGET_DIR),target)
VIGIE := $(TARGET)/release/vigie

.PHONY: run read test build bench compare compare-values compare-ports compare-zeek fuzz clean

# The simulated plant, watched live, with the user interface; Ctrl-C ends it.
run: build
	@scripts/run $(VIGIE)

# A first assessment of a capture: summary on screen and a report.
read: build
	@scripts/read $(VIGIE)

build:
	@scripts/setup build
	@scripts/ui build
	@cargo build --release --package vigie

test:
	@scripts/setup test
	@scripts/test

# Does Vigie see every protocol message that tshark sees, and none that it does not?
compare: build
	@python3 scripts/compare $(VIGIE) ../shared

# Are tshark's objects, values, outcomes and latencies in our acts?
compare-values: build
	@python3 scripts/compare_values.py $(VIGIE) ../shared/captures

# Are the acts of a capture the same with all its ports rewritten?
compare-ports: build
	@python3 scripts/compare_ports.py $(VIGIE) ../shared/captures

# Is what Zeek and ICSNPP log of a capture in our records?
compare-zeek: build
	@python3 scripts/compare_zeek.py $(VIGIE) ../shared/captures

bench: build
	@scripts/bench $(VIGIE)

fuzz:
	@scripts/setup test
	@scripts/fuzz $(or $(SECONDS_EACH),600)

clean:
	cargo clean
	rm -rf out

# SPDX-License-Identifier: GPL-2.0-or-later
"""A fixture and the truth it prints (the other side of tests/fixtures/truth.h)."""
import json
import os

from .paths import allocator_library, fixture_path
from .process import DEADLINE_S, Process


class Truth:
    """What a fixture says that it did."""

    def __init__(self):
        self.sites = {}      # (kind, function) -> {"live_bytes": N, …}
        self.integrity = {}  # key -> N
        self.chains = []     # {"about": S, "size": N, "chain": [address], "labels": [function]}
        self.placements = {}  # function -> {"nodes": {node: N}, …}: where its live blocks lie
        self.lives = {}      # function -> what memtrace churn must say of its blocks; "" -> of the process
        self.blocks = []     # {"block": address, "class": leak class, …}
        self.modules = set()  # whose stacks are all among the chains; the program alone when empty

    def read(self, line):
        row = json.loads(line)
        if "integrity" in row:
            self.integrity[row["integrity"]] = row["value"]
        elif "placement" in row:
            function = row.pop("placement")
            self.placements[function] = {
                key: {int(node): n for node, n in value.items()} if isinstance(value, dict) else value
                for key, value in row.items()}
        elif "block" in row:
            self.blocks.append(row)
        elif "life" in row:
            self.lives[row.pop("life")] = row
        elif "chain" in row:
            self.chains.append(row)
        else:
            key = (row.pop("kind"), row.pop("function"))
            self.sites[key] = row

    def total(self, key, kind=None):
        """The sum of a key over the sites of a kind; None when a site leaves it open."""
        values = [site.get(key) for (k, _), site in self.sites.items() if kind in (None, k)]
        return None if None in values else sum(values)


class Fixture(Process):
    """A running fixture that has printed "ready" and waits for go()."""

    def __init__(self, name, *arguments, preload=None, env=None, wrapper=(), **options):
        environment = dict(os.environ, **(env or {}))
        if preload:
            environment["LD_PRELOAD"] = allocator_library(preload) if "/" not in preload else preload
        self.name = name
        self.truth = Truth()
        program = name if name.startswith("/") else fixture_path(name)
        super().__init__([*wrapper, program, *arguments], env=environment, **options)
        try:
            self.ready()
        except AssertionError:
            self.end()
            raise AssertionError(f"fixture {name} did not get ready: {self.err.text if self.err else ''}") from None

    def ready(self, timeout=DEADLINE_S):
        self.out.expect(lambda line: line == "ready", f"'ready' of {self.name}", timeout)

    def report(self, timeout=DEADLINE_S):
        """Reads the account that the fixture prints until its "end"."""
        def row(line):
            if line.startswith("{"):
                self.truth.read(line)
            return line == "end"
        self.out.expect(row, f"'end' of {self.name}", timeout)
        return self.truth

    def go(self, word="go", timeout=DEADLINE_S):
        """Lets it work and reads its account."""
        self.send(word)
        return self.report(timeout)

    def step(self, word="go", timeout=DEADLINE_S):
        """Lets it work as far as its next "ready"."""
        self.send(word)
        self.ready(timeout)

    def quit(self):
        self.send("quit")
        return self.wait()


class CommandTruth:
    """The truth of a fixture that ran to its end as the command of memtrace."""
    pid = None

    def __init__(self, process):
        self.truth = Truth()
        for line in process.out.lines:
            if line.startswith(('{"function"', '{"integrity"', '{"placement"', '{"block"', '{"life"')):
                self.truth.read(line)

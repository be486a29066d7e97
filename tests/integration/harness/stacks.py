# SPDX-License-Identifier: GPL-2.0-or-later
"""Stacks that a fixture knows (tests/fixtures/stacks/chains.h), held against the report's, frame by frame."""
import bisect
import collections
import functools
import re
import subprocess

DEPTH = 127
BESIDE = {"_dl_allocate_tls"}  # of a static program's libc


class Chain:
    """One distinct stack: the return addresses, innermost first, and what was allocated through it."""

    def __init__(self, row):
        self.about, self.labels = row["about"], row["labels"]
        self.addresses = tuple(row["chain"])
        self.count, self.size = 1, row["size"]


@functools.lru_cache(None)
def _symbols(path):
    """(addresses, names) of an object's functions, and whether it lies where its file says."""
    text = subprocess.run(["nm", "-C", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    rows = sorted((int(a, 16), name) for a, kind, name in (line.split(" ", 2) for line in text.splitlines())
                  if kind in "tTwWiu")
    header = subprocess.run(["readelf", "-hW", path], capture_output=True, text=True, check=True).stdout
    return [a for a, _ in rows], [name for _, name in rows], bool(re.search(r"Type:\s+EXEC", header))


class Symbols:
    """Names of a process's own functions, as nm knows them: no unwinder, no memtrace."""

    def __init__(self, pid, ours):
        self.objects, bases = [], {}
        with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
            for line in maps:
                start, end, path = re.match(r"(\w+)-(\w+) \S+ \w+ \S+ \d+\s*(.*)", line).groups()
                if path.startswith(str(ours)):
                    base = bases.setdefault(path, int(start, 16))
                    self.objects.append((int(start, 16), int(end, 16), base, path))

    def name(self, address):
        """The function that this return address is in; None outside the fixture."""
        address = int(address, 16) - 1
        for start, end, base, path in self.objects:
            if start <= address < end:
                addresses, names, fixed = _symbols(path)
                i = bisect.bisect_right(addresses, address - (0 if fixed else base)) - 1
                return names[i] if i >= 0 else None
        return None


@functools.lru_cache(None)
def _last_name(function):
    """The function's own name: no scope, no parameters, no clone's suffix."""
    before = None
    while before != function:
        before, function = function, re.sub(r"<[^<>()]*>|\([^<>()]*\)|\[[^][]*\]", "", function)
    return function.removesuffix(" const").strip().split("::")[-1].split(" ")[-1].split(".")[0]


def passes(label, function):
    return function is not None and _last_name(label) == _last_name(function)


def passed(functions, labels):
    """Those functions that have a label, as the labels."""
    distinct = list(dict.fromkeys(labels))
    found = ((f, next((label for label in distinct if passes(label, f)), None)) for f in functions)
    return [label for _, label in found if label]


def distinct(chains):
    """The chains of the same stack as one."""
    found = {}
    for row in chains:
        chain = Chain(row)
        if chain.addresses in found:
            found[chain.addresses].count += 1
            found[chain.addresses].size += chain.size
        else:
            found[chain.addresses] = chain
    return found


def check_truth(fixture, ours, unloaded=()):
    """What the fixture's unwinder found passes just the functions that the fixture says it is in.

    unloaded: labels in libraries that are gone by now, so that nm cannot be asked."""
    symbols, errors = Symbols(fixture.pid, ours), []
    chains = distinct(fixture.truth.chains)
    assert chains, "the fixture has no chains"
    for chain in chains.values():
        labels = [label for label in chain.labels if label not in unloaded]
        got = passed(map(symbols.name, chain.addresses), labels)
        if got != labels:
            errors.append(f"truth of {chain.about}: {got}, not {labels}")
    assert not errors, "\n".join([f"{len(errors)} of {len(chains)} chains"] + errors[:5])


def _cut(chains, depth):
    """As a report with this depth has them: what agrees so far is one."""
    found = {}
    for chain in chains.values():
        key = chain.addresses[:depth]
        count, size, long = found.get(key, (0, 0, False))
        found[key] = (count + chain.count, size + chain.size, long or len(chain.addresses) > depth, chain)[:3]
    return found


def _difference(chain, stacks):
    """The reported stack that goes along with a chain the furthest, and where it leaves it."""
    def common(stack):
        same = 0
        for a, b in zip(chain.addresses, (f["address"] for f in stack["frames"])):
            if a != b:
                break
            same += 1
        return same
    nearest = max(stacks, key=common, default=None)
    if nearest is None or not common(nearest):
        return "no stack of the report begins so"
    n, frames = common(nearest), [f for f in nearest["frames"] if not f["inlined"]]
    return (f"the nearest agrees in {n} of {len(chain.addresses)} frames, the last in {frames[n - 1]['function']}; "
            f"it has {len(frames)}, end {nearest['end']}")


def addresses_of(stack):
    return tuple(f["address"] for f in stack["frames"] if not f["inlined"])


def _sum(rows, key):
    return sum(row[key] for row in rows)


def _check_learning(chains, reported, ends):
    """Chains that memtrace could not know as a whole: they are there, or cut with the reason, and none is missing.
    Takes what it has checked out of `reported`."""
    errors = []
    whole = sum(_sum(reported.pop(key), "alloc_count") for key in chains if key in reported)
    cut = [key for key, rows in reported.items()
           if {row["end"] for row in rows} <= set(ends) and any(chain[:len(key)] == key for chain in chains)]
    cut = sum(_sum(reported.pop(key), "alloc_count") for key in cut)
    wanted = sum(chain.count for chain in chains.values())
    if whole + cut != wanted:
        errors.append(f"at first: {whole} whole and {cut} cut, not {wanted} together")
    return errors


def check_chains(report, fixture, depth=DEPTH, others=("ld-linux-x86-64.so.2",), guessed=False, learning=None):
    """Each chain of the fixture is a stack of the report with the same frames, counts and bytes, and ends where
    it should. No other stack begins in the fixture; those that begin in `others` need only end well.

    others: modules that may allocate beside the chains; None: any but the fixture's own.
    learning: (how the "about" of chains begins that may be cut, the ends that such a stack may have)."""
    errors = []
    chains = distinct(fixture.truth.chains)
    assert chains, "the fixture has no chains"
    stacks = [s for s in report.stacks if s["kind"] == "heap" and s["pid"] == fixture.pid]
    # Of one place to which different code came there may be a row for each.
    reported = collections.defaultdict(list)
    for stack in stacks:
        reported[addresses_of(stack)].append(stack)
    if learning:
        at_first = {key: chain for key, chain in chains.items() if chain.about.startswith(learning[0])}
        errors += _check_learning(at_first, reported, learning[1])
        chains = {key: chain for key, chain in chains.items() if key not in at_first}
    wanted = _cut(chains, depth)
    for chain in chains.values():
        key = chain.addresses[:depth]
        count, size, long = wanted[key]
        rows = reported.get(key)
        if not rows:
            errors.append(f"{chain.about}: {_difference(chain, stacks)}; labels {' '.join(chain.labels[:6])}")
            continue
        got = _sum(rows, "alloc_count"), _sum(rows, "alloc_bytes")
        if got != (count, size):
            errors.append(f"{chain.about}: {got[0]} allocations of {got[1]} bytes, not {count} of {size}")
        ends = ("depth",) if long else ("complete", "depth") if len(key) == depth else ("complete",)
        for stack in rows:
            if stack["end"] not in ends or stack["guessed"] != guessed:
                errors.append(f"{chain.about}: end {stack['end']}, guessed {stack['guessed']}")
            labels = passed([f["function"] for f in stack["frames"] if not f["inlined"]], chain.labels)
            if labels != chain.labels[:len(labels)] or (not long and labels != chain.labels):
                errors.append(f"{chain.about}: named {labels[:8]}, not {chain.labels[:8]}")
    own = fixture.truth.modules or {fixture.argv[0].rsplit("/", 1)[-1]}
    for stack in (row for key, rows in reported.items() if key not in wanted for row in rows):
        module = stack["frames"][0]["module"] if stack["frames"] else None
        stranger = module is None or module in own or (others is not None and module not in others)
        if stranger and (module is None or stack["frames"][0]["function"] not in BESIDE):
            errors.append(f"not of the fixture: {stack['alloc_count']} allocations, end {stack['end']}, "
                          + " ".join(f"{f['function']}+{f['offset']}" for f in stack["frames"][:8]))
        elif stack["end"] != "complete" or stack["guessed"]:
            errors.append(f"beside the fixture: end {stack['end']}, guessed {stack['guessed']}, "
                          + " ".join(f"{f['function']}" for f in stack["frames"][-8:]))
    if report.lost:
        errors.append(f"lost: {report.lost}")
    kinds = collections.Counter(e.split(":")[0] for e in errors)
    assert not errors, "\n".join([f"{len(errors)} errors in {len(chains)} stacks: "
                                  + ", ".join(f"{n} {about}" for about, n in kinds.most_common(8))] + errors[:12])

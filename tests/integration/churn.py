#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 240
"""memtrace churn: rates, sizes, lifetimes, who frees, what realloc wastes, and peaks."""
import signal
import subprocess

from harness import *

POWERS = 48
SUMS = ("freed_count", "freed_within_1ms_count", "freed_within_1ms_bytes", "freed_by_same_function_count",
        "freed_by_unknown_function_count", "freed_by_other_thread_count", "realloc_grown_count",
        "realloc_wasted_bytes", "realloc_moved_bytes")


def churn(target, *options, rounds=1):
    """The last report on a target that has worked so many rounds."""
    with Memtrace("churn", "-v", "--format", "json", "--top", "0", *options, "-p", target.pid, "1000000") as memtrace:
        memtrace.attached()
        for _ in range(rounds):
            target.step()
        target.go("stop")
        report, = memtrace.interrupt()
    return report


def stacks_of(report):
    """Function -> its stacks."""
    found = {}
    for stack in report.stacks:
        found.setdefault(report.top_function(stack), []).append(stack)
    return found


def summed(stacks, key):
    return sum(stack["churn"][key] for stack in stacks)


def histogram(stacks, key):
    """Lower bound -> count."""
    buckets = {}
    for stack in stacks:
        for bucket in stack["churn"][key]:
            low, high = bucket["from"], bucket["to"]
            assert high is None or high == (2 * low or 1), bucket
            buckets[low] = buckets.get(low, 0) + bucket["count"]
    return buckets


def check_life(site, life, stacks):
    """Everything that the site knows of itself. Lifetimes lie between what its clock read before and after."""
    sizes = {1 << (bits - 1) if bits else 0: n for bits, n in enumerate(life["sizes"]) if n}
    lifetimes = histogram(stacks, "lifetimes_ns")
    assert histogram(stacks, "sizes_bytes") == sizes, (site, histogram(stacks, "sizes_bytes"), sizes)
    for power in range(POWERS):
        below = sum(n for low, n in lifetimes.items() if low < 1 << power)
        least, most = life["surely_below"][power], life["perhaps_below"][power]
        assert least <= below <= most, (site, f"below 2^{power} ns", least, below, most, lifetimes)
    for key, known in (("freed_within_1ms_count", "soon"), ("freed_within_1ms_bytes", "soon_bytes")):
        assert life[known][0] <= summed(stacks, key) <= life[known][1], (site, key, summed(stacks, key), life[known])
    for key, known in (("freed_by_other_thread_count", "other_thread"), ("realloc_grown_count", "grown"),
                       ("realloc_wasted_bytes", "wasted_bytes"), ("realloc_moved_bytes", "moved_bytes"),
                       ("freed_by_same_function_count", "same_function")):
        assert summed(stacks, key) == life[known], (site, key, summed(stacks, key), life[known])
    if len(stacks) == 1:
        assert stacks[0]["churn"]["peak_live_bytes"] == life["peak_bytes"], (site, life["peak_bytes"], stacks[0])
        assert not stacks[0]["churn"]["peak_is_bound"], stacks[0]


def check_sums(report):
    """What must hold of every stack once its process stands still, and of all of them together."""
    heap = [stack for stack in report.stacks if stack["churn"]]
    assert heap and all((stack["kind"] == "heap") == (stack["churn"] is not None) for stack in report.stacks)
    for stack in heap:
        told = stack["churn"]
        assert sum(histogram([stack], "sizes_bytes").values()) == stack["alloc_count"], stack
        assert sum(histogram([stack], "lifetimes_ns").values()) == told["freed_count"] == stack["free_count"], stack
        places = sum(place["count"] for place in told["freed_from"])
        assert places + told["freed_elsewhere_count"] == told["freed_count"], stack
        assert stack["live_bytes"] <= told["peak_live_bytes"] <= stack["alloc_bytes"], stack
    for key in SUMS:
        by_process = sum(process["churn"][key] for process in report["processes"])
        assert report["churn"][key] == by_process == summed(heap, key), (key, by_process, summed(heap, key))
    for key in ("alloc_bytes", "alloc_count", "free_bytes", "free_count"):
        assert sum(node[key] for node in report["churn"]["nodes"]) == sum(stack[key] for stack in heap), key
    for key in ("sizes_bytes", "lifetimes_ns"):
        assert histogram([report.data], key) == histogram(heap, key), key


def check_lives(report, truth):
    check_sums(report)
    stacks = stacks_of(report)
    for site, life in truth.lives.items():
        if site:
            check_life(site, life, stacks[site])


@case
def exact_on_a_process():
    with Fixture("lifetimes") as target:
        report = churn(target, rounds=3)
        check_sites(report, target)
        check_lives(report, target.truth)
        assert report["churn"]["peak_live_bytes"] == target.truth.lives[""]["peak_bytes"], report["churn"]
        assert not report["churn"]["peak_is_bound"]
        one_stack = [site for site, stacks in stacks_of(report).items() if len(stacks) == 1]
        assert {"site_peak", "site_many", "site_keep"} <= set(one_stack), one_stack
        target.quit()


@case
def exact_on_a_command():
    with scratch() as folder:
        done, report = run_command([fixture_path("lifetimes")], output=f"{folder}/r", verb=["churn"],
                                   stdin=b"go\nstop\nquit\n")
        truth = CommandTruth(done).truth
    assert done.status == 0 and report["command"] == "churn", done.err.text
    check_lives(report, truth)


@case(times=["multi", "perf"])
def exact_by(backend):
    if kernel_version() < BACKENDS[backend]:
        raise Skip(f"{backend} is of Linux {BACKENDS[backend]}")
    with Fixture("lifetimes") as target:
        report = churn(target, "--backend", backend)
        check_lives(report, target.truth)
        target.quit()


@case
def several_processes():
    with Fixture("lifetimes") as target, Fixture("lifetimes") as other:
        with Memtrace("churn", "-v", "--format", "json", "--top", "0", "-p", f"{target.pid},{other.pid}",
                      "1000000") as memtrace:
            memtrace.attached()
            target.step()
            other.step()
            other.step()
            target.go("stop")
            other.go("stop")
            report, = memtrace.interrupt()
        for fixture in (target, other):
            process = next(p for p in report["processes"] if p["pid"] == fixture.pid)
            assert process["churn"]["peak_live_bytes"] == fixture.truth.lives[""]["peak_bytes"], process
        assert report["churn"]["peak_is_bound"], "two processes need not have had their peaks at once"
        check_sums(report)
        target.quit()
        other.quit()


@case
def where_it_is_freed():
    with Fixture("lifetimes") as target:
        stacks = stacks_of(churn(target))
        for site, function in (("site_slow", "free_it"), ("site_local", "site_local"), ("site_peak", "free_it")):
            for stack in (stack for stack in stacks[site] if stack["free_count"]):
                functions = {place["frames"][-1]["function"] for place in stack["churn"]["freed_from"]}
                assert functions == {function}, (site, functions)
                assert all(place["same_function"] == (site == function) for place in stack["churn"]["freed_from"])
        many, = stacks["site_many"]
        assert many["churn"]["freed_elsewhere_count"] == 6, many["churn"]  # two of ten places, three times each
        assert many["churn"]["freed_by_unknown_function_count"] == 6, many["churn"]
        assert [place["count"] for place in many["churn"]["freed_from"]] == [3] * 8, many["churn"]
        target.quit()


@case
def behind_operator_new():
    with Fixture("newdelete") as target:
        with Memtrace("churn", "-v", "--format", "json", "--top", "0", "-p", target.pid, "1000000") as memtrace:
            memtrace.attached()
            target.go()
            report, = memtrace.interrupt()
        check_sites(report, target)
        check_sums(report)
        stacks = stacks_of(report)
        for site, same in (("site_own", 20), ("site_given", 0)):
            told = stacks[site][0]["churn"]
            assert told["freed_by_same_function_count"] == same, (site, told)
            assert told["freed_by_unknown_function_count"] == 0, (site, told)
        target.quit()


def allocated_in(report, row):
    """What was allocated in the report's interval, of which its rate tells."""
    for rate, amount in (("alloc_per_s", "interval_alloc_count"), ("alloc_bytes_per_s", "interval_alloc_bytes")):
        assert abs(row[rate] - row[amount] * 1e9 / report["interval_ns"]) <= 0.51, row
    return row["interval_alloc_count"]


def check_rates(reports):
    """Rates of each report but the last are of what came since the one before, whatever rows were given back."""
    before = 0
    for report in reports[:-1]:
        allocated = report["totals"]["alloc_count"] - before
        assert allocated_in(report, report.data) == allocated, (allocated_in(report, report.data), allocated)
        assert sum(allocated_in(report, stack) for stack in report.stacks) == allocated, allocated
        assert sum(allocated_in(report, process) for process in report["processes"]) == allocated, allocated
        before += allocated
    assert sum(report["interval_ns"] for report in reports[:-1]) == reports[-2]["elapsed_ns"]
    last = reports[-1]
    assert last["interval_ns"] == last["elapsed_ns"], "the last report is of the whole run"
    assert allocated_in(last, last.data) == last["totals"]["alloc_count"]
    heap = sum(allocated_in(last, stack) for stack in last.stacks if stack["churn"])
    assert sum(allocated_in(last, node) for node in last["churn"]["nodes"]) == heap, heap


@case
def rates_are_of_the_interval():
    with Fixture("lifetimes") as target, \
            Memtrace("churn", "-v", "--format", "json", "--top", "0", "-p", target.pid, "0.3") as memtrace:
        memtrace.attached()
        memtrace.next_report()
        target.step()
        memtrace.next_report()
        memtrace.next_report()
        target.go("stop")
        check_rates(memtrace.interrupt())
        target.quit()


@case
def rates_where_rows_are_given_back():
    with Fixture("endless", "heap", "1", "1500") as target, \
            Memtrace("churn", "-v", "--format", "json", "--top", "0", "--stack-table-rows", "1024", "-p", target.pid,
                     "0.3") as memtrace:
        memtrace.attached()
        for _ in range(3):
            target.go()
            memtrace.next_report()
            memtrace.next_report()
        reports = memtrace.interrupt()
        check_rates(reports)
        assert any(not stack["frames"] and stack["alloc_count"] > 1000 for stack in reports[-1].stacks)
        target.quit()


@case
def of_one_program_after_another():
    """Ten programs, each the process's next, in a table that is too small: what one left is not the next one's."""
    with scratch() as folder:
        done, report = run_command([fixture_path("endless"), "leak", "1", "600", "10"], "--stack-table-rows", "256",
                                   output=f"{folder}/r", verb=["churn"])
    assert done.status == 0, done.err.text
    check_sums(report)


@case
def rows_that_are_given_back():
    """Stacks come again while their rows are reclaimed: nothing is counted twice, or nowhere."""
    with Fixture("endless", "churn", "4", "5000") as target, \
            Memtrace("churn", "-v", "--format", "json", "--top", "0", "--stack-table-rows", "256", "-p", target.pid,
                     "0.1") as memtrace:
        memtrace.attached()
        target.go()
        report = memtrace.interrupt()[-1]
        check_sums(report)
        without = [stack for stack in report.stacks if stack["churn"] and not stack["frames"]]
        assert len(without) == 1 and without[0]["churn"]["peak_is_bound"] and without[0]["alloc_count"], without
        assert report["totals"]["kinds"]["heap"]["alloc_count"] == target.truth.total("alloc_count", "heap")
        assert target.quit() == 0


@case
def children_that_ended():
    """Of more of them than memtrace keeps slots for."""
    with scratch() as folder:
        done, report = run_command([fixture_path("family"), "many", "40"], "--follow-fork", output=f"{folder}/r",
                                   verb=["churn"], timeout=12 * DEADLINE_S)
    assert done.status == 0 and len(report["processes"]) == 41, done.err.text
    check_sums(report)
    for process in report["processes"]:
        heap = [stack for stack in report.stacks if stack["pid"] == process["pid"] and stack["churn"]]
        assert process["churn"]["freed_count"] == summed(heap, "freed_count"), process
        assert sum(node["alloc_count"] for node in process["churn"]["nodes"]) == sum(s["alloc_count"] for s in heap)
        assert process["churn"]["peak_live_bytes"] > 0, process


@case
def order_and_top():
    keys = {"rate": lambda s: s["alloc_per_s"], "bytes": lambda s: s["alloc_bytes_per_s"],
            "short-lived": lambda s: s["churn"]["freed_within_1ms_count"]}
    with scratch() as folder:
        for sort, key in keys.items():
            options = ["--sort", sort, "--format", "json", "--output", f"{folder}/r"]
            run_memtrace("churn", "-T", "4", *options, "--", fixture_path("lifetimes"), stdin=b"go\nstop\nquit\n")
            with open(f"{folder}/r", encoding="utf-8") as file:
                report, = parse_reports(file.read())
            values = [key(stack) for stack in report.stacks]
            assert len(values) == 4 and values == sorted(values, reverse=True) and values[0] > values[-1], values


@case
def sizes_are_filtered():
    with Fixture("lifetimes") as target:
        report = churn(target, "-z", "1000", "-Z", "1000")
        assert histogram([report.data], "sizes_bytes") == {512: 13}, report["churn"]
        target.quit()


@case
def without_names():
    """A program without symbols: who frees cannot be told by function, and that is said."""
    with scratch() as folder:
        program = f"{folder}/stripped"
        subprocess.run(["strip", "-o", program, fixture_path("lifetimes")], check=True)
        done, report = run_command([program], output=f"{folder}/r", verb=["churn"], stdin=b"go\nstop\nquit\n")
        truth = CommandTruth(done).truth
    assert done.status == 0, done.err.text
    freed = sum(life["sizes"] and sum(life["sizes"]) for site, life in truth.lives.items() if site)
    unknown = report["churn"]["freed_by_unknown_function_count"]
    assert report["churn"]["freed_by_same_function_count"] + unknown <= report["churn"]["freed_count"]
    assert 0 < unknown <= freed, (unknown, freed)


@case
def text_says_it():
    done = run_memtrace("churn", "--", fixture_path("lifetimes"), stdin=b"go\nstop\nquit\n")
    text = done.out.text
    for words in ("stacks by what they allocate:", "allocations/s, ", "(400 allocations of 39 KiB, 400 freed) from stack",
                  "by the function that allocates 100.0%", "by another thread 50.0%", "sizes: 1 byte 2.0%, 8-15 bytes 2.0%",
                  "lifetimes: ", "realloc: 12 blocks made larger; ", "freed from, 100.0%: site_local+",
                  "freed from elsewhere, ", "site_many+", "Total: ", "Integrity: nothing lost"):
        assert words in text, (words, text)
    assert done.status == 0 and not done.err.lines, done.err.text


@case
def ended_by_signals():
    with Fixture("lifetimes") as target:
        with Memtrace("churn", "-v", "-p", target.pid) as memtrace:
            memtrace.attached()
            target.step()
            memtrace.signal(signal.SIGTERM)
            assert memtrace.wait() == 0 and "site_local" in memtrace.out.text, memtrace.out.text
        target.go("stop")
        target.quit()


@case
def wrong_usage():
    for arguments, words in ((["--sort", "age", "-p", "1"], "'age' is none of rate, bytes, short-lived"),
                             ([], "nothing to trace"), (["--reachable", "-p", "1"], "does not take --reachable")):
        done = run_memtrace("churn", *arguments)
        assert done.status == 2 and len(done.err.lines) == 1 and words in done.err.text, done.err.text


main()

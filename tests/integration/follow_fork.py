#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 600
"""--follow-fork: children are traced from their fork, each a process of its own with its own truth."""
import os
import shutil
import signal
import subprocess

from harness import *
from harness.family import FAMILY, Family

LONG_S = 12 * DEADLINE_S
SLOTS = 256  # processes that can be traced at once
HUNDREDS = 300 if PATIENCE == 1 else 40


def follow(*command, options=(), status=0):
    """The command and all its children to their end; the family and the report."""
    with scratch() as folder:
        done, report = run_command(command, "--follow-fork", *options, output=f"{folder}/r", timeout=LONG_S)
        assert done.status == status, (done.status, done.err.text)
        return Family(done.out.lines), report


def statuses(report):
    return {row["pid"]: row["exit_status"] for row in report["processes"]}


@case(times=[("fork", 6, 7), ("exec", 5, 6), ("vfork", 5, 6), ("spawn", 5, 6), ("tree", 3, 15), ("orphan", 0, 3)])
def of_a_command(mode, n, processes):
    family, report = follow(FAMILY, mode, str(n))
    family.check(report, processes)
    assert len(report["processes"]) == processes, report["processes"]
    command = report["processes"][0]
    assert command["parent"] is None and command["exit_status"] == 0, command
    if mode not in ("tree", "orphan"):
        children = report["processes"][1:]
        assert all(child["parent"] == command["pid"] for child in children), report["processes"]
        assert sorted(child["exit_status"] for child in children) == [i % 7 for i in range(n)], children


@case(times=[("fork", 6, 7), ("exec", 5, 6), ("spawn", 5, 6), ("tree", 3, 15), ("orphan", 0, 3), ("threads", 5, 6)])
def of_a_process(mode, n, processes):
    """With -p, from the moment that memtrace is attached; it ends with the last of them."""
    with Process([FAMILY, "attach", str(n), mode]) as target:
        target.out.expect(lambda line: line == "ready", "the fixture")
        with Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "--follow-fork", "-p", str(target.pid),
                      "3600") as memtrace:
            memtrace.attached()
            target.send("go")
            assert memtrace.wait(LONG_S) == 0, memtrace.err.text
            report, = memtrace.reports()
        assert target.wait() == 0
    Family(target.out.lines).check(report, processes)
    assert statuses(report)[target.pid] == 0


@case
def threads_that_allocate_meanwhile():
    family, report = follow(FAMILY, "threads", "12")
    family.check(report, 13)


@case
def of_a_shell():
    family, report = follow("/bin/sh", "-c", f"{FAMILY} leaf 3; {FAMILY} leaf 5; {FAMILY} fork 3; exit 4", status=4)
    # The shell's children borrow its memory (vfork) and allocate there before they run anything.
    family.check(report, 6, report.integrity["unknown_frees"])
    assert report["processes"][0]["exit_status"] == 4


@case(times=["multi", "perf"])
def other_backends(backend):
    if kernel_version() < BACKENDS[backend]:
        raise Skip(f"this kernel cannot probe by {backend}")
    for mode, n in ("fork", 3), ("spawn", 2), ("tree", 1):
        family, report = follow(FAMILY, mode, str(n), options=["--backend", backend])
        family.check(report)


@case
def one_after_the_other():
    """Their slots are used again; every count of every one of them is there in the end."""
    family, report = follow(FAMILY, "many", str(HUNDREDS))
    family.check(report, HUNDREDS + 1)
    assert len(report["processes"]) == HUNDREDS + 1


@case
def more_than_there_is_room_for():
    """Those for which no slot is left are counted and told; the others are whole."""
    if PATIENCE > 1:
        raise Skip("too many processes for an emulated machine")
    with scratch() as folder:
        done, report = run_command([FAMILY, "crowd", str(SLOTS + 4)], "--follow-fork", output=f"{folder}/r",
                                   timeout=LONG_S)
    assert done.status == 0 and "too many processes" in done.err.text, done.err.text
    family = Family(done.out.lines)
    traced = {row["pid"] for row in report["processes"]}
    assert len(traced) == SLOTS and len(family.sites) == SLOTS + 5, (len(traced), len(family.sites))
    assert report.integrity["untraced_children"] == 5 and report.integrity["complete"], report.integrity
    for pid in traced:
        assert report.sites(pid)["heap", "family_block"] == family.sites[pid]["heap", "family_block"], pid


@case
def little_room_for_what_they_leave():
    """First rows are added up, which loses none that has live blocks; then stacks are lost, and all sums stay."""
    if PATIENCE > 1:
        raise Skip("too many processes for an emulated machine")
    for size, lossless in ("700K", True), ("1", False):
        family, report = follow(FAMILY, "many", "100", options=["--ended-memory", size])
        lost = report.lost.pop("ended_processes_full", 0)
        assert not lost if lossless else lost, report.lost
        command = report["processes"][0]["pid"]
        for pid, sites in family.sites.items():
            if pid == command:  # it is no child, and posix_spawn maps a stack for each of its own
                continue
            for kind in "heap", "mmap":
                got = sum(s["alloc_count"] for s in report.stacks if s["pid"] == pid and s["kind"] == kind)
                truth = sum(usage["alloc_count"] for (k, _), usage in sites.items() if k == kind)
                extra = sum(s["alloc_count"] for s in report.stacks if s["pid"] == pid and s["kind"] == kind
                            and s["frames"] and report.top_function(s) not in ("family_block", "family_map"))
                # A forked child reallocates one block that it inherited, beside its sites.
                assert got - truth in (0, 1) and extra in (0, 1), (size, pid, kind, got, truth, extra)
        assert report.integrity["inherited_frees"] == family.inherited_frees


@case
def children_that_outlive_the_command():
    """The run ends with the last of them; the status is the command's own."""
    family, report = follow(FAMILY, "outlive", status=9)
    family.check(report, 2)
    assert report["processes"][0]["exit_status"] == 9
    assert report["processes"][1]["exit_status"] == 3


@case
def in_a_namespace():
    """IDs are those of memtrace's namespace; the fixture sees its own."""
    try:
        subprocess.run(["unshare", "-p", "-f", "--mount-proc", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as e:
        raise Skip(f"no PID namespaces: {e}") from None
    family, report = follow("/usr/bin/unshare", "-p", "-f", "--mount-proc", FAMILY, "tree", "2")
    wanted = sorted(sites["heap", "family_block"]["alloc_count"] for sites in family.sites.values())
    got = sorted(report.site("family_block", pid=row["pid"])["alloc_count"] for row in report["processes"])
    assert got == [0] + wanted and report.integrity["complete"], (got, wanted, report.integrity)


@case
def privileges_on_exec():
    """A set-user-ID program has its owner's rights under memtrace too."""
    with scratch() as folder:
        os.chmod(folder, 0o755)
        program = f"{folder}/family"
        subprocess.run(["cp", FAMILY, program], check=True)
        os.chmod(program, 0o4755)
        show = f"{folder}/id"
        subprocess.run(["cp", "/usr/bin/id", show], check=True)
        os.chmod(show, 0o4755)
        script = f"import os, subprocess; os.setuid(65534); subprocess.run(['{show}', '-u']); subprocess.run(['{program}', 'leaf', '2'])"
        with scratch() as other:
            done, report = run_command(["/usr/bin/python3", "-c", script], "--follow-fork", output=f"{other}/r",
                                       timeout=LONG_S)
        assert "0" in done.out.lines, done.out.lines
        family = Family(done.out.lines)
        pid, = family.sites
        assert report.sites(pid)["heap", "family_block"] == family.sites[pid]["heap", "family_block"]


@case
def shared_memory():
    """A process that is no thread and shares its parent's memory cannot be told from it: untraced, and told."""
    with scratch() as folder:
        done, report = run_command([FAMILY, "shared"], "--follow-fork", output=f"{folder}/r")
    assert report.integrity["untraced_children"] == 1 and len(report["processes"]) == 1, report.integrity
    assert len(done.err.lines) == 1 and "goes untraced" in done.err.text, done.err.text


@case
def looked_at_for_leaks():
    """Each child by itself at its end, also those whose slots are others' by then."""
    with scratch() as folder:
        done = run_memtrace("leaks", "--follow-fork", "--reachable", "--format", "json", "--top", "0", "--output", f"{folder}/r", "--",
                            FAMILY, "many", "40", timeout=LONG_S)
        assert done.status == 0, done.err.text
        with open(f"{folder}/r", encoding="utf-8") as file:
            report, = parse_reports(file.read())
    family = Family(done.out.lines)
    for pid, sites in family.sites.items():
        if pid == report["processes"][0]["pid"]:
            continue  # what it holds is reachable
        stacks = [s for s in report.stacks if s["pid"] == pid and report.top_function(s) == "family_block"]
        leaked = sum(s["live_blocks"] for s in stacks if s["leak"] == "definite")
        assert leaked == sites["heap", "family_block"]["live_blocks"], \
            (pid, leaked, [(s["leak"], s["live_blocks"], s.get("held_by")) for s in stacks])


@case
def out_of_reach():
    """CLONE_UNTRACED keeps a child from its parent's tracer."""
    _, report = follow(FAMILY, "hidden")
    assert report.integrity["untraced_children"] == 1 and len(report["processes"]) == 1, report.integrity


@case(times=["PROGRAM", "(exec PROGRAM)"])
def programs_that_cannot_be_traced(call):
    """A stripped static program, by vfork and by fork: it is counted and told, and the others are whole."""
    if not shutil.which("strip"):
        raise Skip("strip is not installed")
    with scratch() as folder:
        program = f"{folder}/stripped"
        subprocess.run(["strip", "-o", program, fixture_path("heap-static")], check=True)
        with scratch() as other:
            script = f"{call} </dev/null; {FAMILY} leaf 1"
            done, report = run_command(["/bin/sh", "-c", script.replace("PROGRAM", program)], "--follow-fork",
                                       output=f"{other}/r", timeout=LONG_S)
    assert done.status == 1, done.err.text
    family = Family(done.out.lines)
    pid, = family.sites
    assert report.sites(pid)["heap", "family_block"] == family.sites[pid]["heap", "family_block"]
    assert report.integrity["untraced_children"] == 1 and "goes untraced" in done.err.text, report.integrity


@case
def in_the_text():
    with scratch() as folder:
        run_memtrace("--follow-fork", "--output", f"{folder}/r", "--", "/bin/sh", "-c",
                     f"{FAMILY} nothing; {FAMILY} nothing; {FAMILY} fork 1", timeout=LONG_S)
        with open(f"{folder}/r", encoding="utf-8") as file:
            text = file.read()
    assert "6 frees of inherited blocks" in text and "\nEnded: 2 children of no stack above\n" in text, text
    assert text.count("Top 10 stacks") == 3 and text.count("\nEnded: process") == 3, text


@case(times=["command", "process"])
def killed(what):
    """Whatever memtrace was doing, the children go on, with no probe and no tracer."""
    for n in range(3):
        with Process([FAMILY, "wait"]) as target:
            target.out.expect(lambda line: line == "ready", "the fixture")
            memtrace = Memtrace("-v", "--follow-fork", "-p", str(target.pid), "3600") if what == "process" else \
                Memtrace("-v", "--follow-fork", "--", FAMILY, "wait")
            with memtrace:
                memtrace.attached()
                speaker = target if what == "process" else memtrace
                pid = target.pid if what == "process" else children(memtrace.pid)[0]
                if what == "command":
                    speaker.out.expect(lambda line: line == "ready", "the fixture")
                for _ in range(n):
                    speaker.send("on")
                speaker.send("on")
                memtrace.signal(signal.SIGKILL)
                memtrace.child.wait(DEADLINE_S)
                for _ in range(n + 1):
                    speaker.out.expect(lambda line: line == "ready", "the child's end")
                assert probed_bytes(pid) == []
                with open(f"/proc/{pid}/status", encoding="utf-8") as status:
                    fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
                assert fields["TracerPid"] == "0" and fields["State"][0] in "SR", fields
                speaker.send("stop")


@case
def let_go():
    """SIGTERM: a last report, and all go on untraced."""
    with Process([FAMILY, "wait"]) as target:
        target.out.expect(lambda line: line == "ready", "the fixture")
        with Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "--follow-fork", "-p", str(target.pid),
                      "3600") as memtrace:
            memtrace.attached()
            for _ in range(2):
                target.send("on")
                target.out.expect(lambda line: line == "ready", "the child's end")
            report, = memtrace.interrupt(signal.SIGTERM)
        assert len(report["processes"]) == 3 and report.integrity["complete"], report.data
        target.send("on")
        target.out.expect(lambda line: line == "ready", "the child's end")
        assert probed_bytes(target.pid) == []
        target.send("stop")
        assert target.wait() == 0
    family = Family(target.out.lines)
    for row in report["processes"][1:]:
        assert report.site("family_block", pid=row["pid"]) == family.sites[row["pid"]]["heap", "family_block"]


@case
def traced_by_another():
    """A process has one tracer: memtrace says so, and leaves it alone."""
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    with Process([FAMILY, "wait"]) as target:
        target.out.expect(lambda line: line == "ready", "the fixture")
        with Process(["strace", "-o", "/dev/null", "-p", str(target.pid)]) as strace:
            strace.err.expect(lambda line: "attached" in line, "strace")
            done = run_memtrace("--follow-fork", "-p", str(target.pid), "3600")
            assert done.status == 2 and len(done.err.lines) == 1 and "tracer" in done.err.text, done.err.text
            strace.signal(signal.SIGINT)
            strace.wait()
        target.send("stop")
        assert target.wait() == 0


main()

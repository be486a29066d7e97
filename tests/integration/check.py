#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 600
"""memtrace check: every exit status, and what decides it."""
import json
import os
import pathlib
import signal
import subprocess

from harness import *
from harness.strict import validator

VERDICTS = fixture_path("checked")
OUTSTANDING = ["--kinds", "outstanding"]
LEAKS = "lose=5,1000"


def check(*arguments, says=(), status=0, err=0, **options):
    """memtrace check with a status and, in its output, words; the process. `err` lines are on standard error."""
    done = run_memtrace("check", *arguments, **options)
    assert done.status == status, (done.status, done.out.text, done.err.text)
    assert err is None or len(done.err.lines) == err, done.err.lines
    for word in says:
        assert word in (done.err if status == 2 else done.out).text, (word, done.out.text, done.err.text)
    return done


def refused(*arguments, says):
    return check(*arguments, says=["memtrace: ", *says], status=2, err=1)


def report_of(done):
    reports = parse_reports(done.out.text)
    assert len(reports) == 1, done.out.text
    return reports[0]


def frames_of(report, i):
    return [frame["function"] for frame in report["stacks"][i]["frames"]]


@case
def passed():
    check("--", VERDICTS, "keep=3,10", "balanced=5", says=["passed", "Judged: 0 bytes in 0 blocks", "nothing lost"])


@case
def failed():
    done = check("--format", "json", "--", VERDICTS, LEAKS, "keep=3,10", status=1)
    report = report_of(done)
    assert report["check"]["verdict"] == "failed" and report["command"] == "check"
    assert report["check"]["judged"] == {"bytes": 5000, "blocks": 5}, report["check"]
    assert report["check"]["findings"] == [{"rule": "no-leak", "stack": 0, "value": 5000}], report["check"]
    assert report["stacks"][0]["judged_as"] == "definite" and frames_of(report, 0)[0] == "site_lose"
    validator("report.schema.json").validate(report.data)


@case
def kinds_are_what_is_judged():
    done = check(*OUTSTANDING, "--format", "json", "--", VERDICTS, "keep=3,10", "lose=2,7", status=1)
    assert report_of(done)["check"]["judged"] == {"bytes": 44, "blocks": 5}
    done = check("--kinds", "definite,outstanding", "--format", "json", "--", VERDICTS, "keep=3,10", "lose=2,7",
                 status=1)
    kinds = {stack["frames"][0]["function"]: stack["judged_as"] for stack in report_of(done)["stacks"]}
    assert kinds["site_lose"] == "definite" and kinds["site_keep"] == "outstanding", kinds


@case
def limits():
    """At a limit is not over it."""
    command = ["--", VERDICTS, LEAKS]
    for limit in (["--max-leak-bytes", "5000"], ["--max-leak-count", "5"], ["--max-stack-bytes", "5000"]):
        check(*limit, *command, says=["passed"])
    for limit in (["--max-leak-bytes", "4999"], ["--max-leak-count", "4"], ["--max-stack-bytes", "4999"]):
        check(*limit, *command, says=["failed: 1 finding", f"over {' '.join(limit)}"], status=1)
    check("--max-leak-bytes", "1M", "--max-stack-bytes", "1K", *command, says=["failed: 1 finding"], status=1)


@case
def error_exitcode():
    check("--error-exitcode", "23", "--", VERDICTS, LEAKS, status=23)
    check("--error-exitcode", "23", "--", VERDICTS, "keep=1,1")


@case
def status_of_the_command():
    """Handed on, unless leaks or losses are found."""
    check("--", VERDICTS, "exit=7", says=["passed"], status=7)
    check("--", VERDICTS, f"kill={signal.SIGKILL.value}", status=137)
    check("--", VERDICTS, LEAKS, "exit=7", says=["failed"], status=1)
    check("--", VERDICTS, LEAKS, f"kill={signal.SIGSEGV.value}", says=["failed"], status=1)
    check("--", VERDICTS, "child", "exit=7", says=["no verdict"], status=3)


@case
def losses():
    """No verdict; what was found all the same is a finding."""
    room = ["--live-table-slots", "1024"]
    check(*OUTSTANDING, *room, "--max-leak-bytes", "1G", "--", VERDICTS, "keep=40000,10",
          says=["no verdict: something was lost", "Integrity: lost: "], status=3)
    check(*OUTSTANDING, *room, "--", VERDICTS, "keep=40000,10", says=["failed"], status=1)


@case
def untraced_children():
    check("--", VERDICTS, "child", says=["no verdict: children were not traced", "1 untraced child"], status=3)
    check("--ignore-children", "--", VERDICTS, "child", says=["passed"])
    check("--", VERDICTS, "child", LEAKS, says=["failed"], status=1)
    check("--follow-fork", "--", VERDICTS, "child", says=["passed"])


@case
def process():
    """After a time, at its end, and when memtrace is asked to end."""
    with Fixture("checked", "wait", LEAKS, "wait") as target:
        with Memtrace("check", "-v", "-p", target.pid) as memtrace:
            memtrace.attached()
            target.step()
            memtrace.signal(signal.SIGINT)
            assert memtrace.wait() == 1 and "5000 bytes in 5 blocks (definite)" in memtrace.out.text, memtrace.err.text
        assert target.running()
        # The allocator tells of what was lost before, but not who did it; a warm-up leaves that out.
        check("--duration", "0.3", "-p", target.pid, status=1,
              says=["5000 bytes in 5 blocks (definite)", "allocated before memtrace attached"])
        check("--warmup", "0.1", "--duration", "0.3", "-p", target.pid, says=["passed"])
        target.send("end")
        target.wait()
    with Fixture("checked", "wait", "keep=3,10", "wait") as target:
        with Memtrace("check", "-v", *OUTSTANDING, "-p", target.pid) as memtrace:
            memtrace.attached()
            target.step()
            target.send("end")
            target.wait()
            assert memtrace.wait() == 1 and "30 bytes in 3 blocks (outstanding)" in memtrace.out.text


@case
def target_that_ends_before():
    with Fixture("checked", "wait") as target, \
            Memtrace("check", "-v", "--duration", "60", *OUTSTANDING, "-p", target.pid) as memtrace:
        memtrace.attached()
        target.send("end")
        assert memtrace.wait() == 3 and "the target ended before the time was over" in memtrace.out.text
    check("--duration", "60", "--", VERDICTS, says=["no verdict", "ended before the time was over"], status=3)
    check("--warmup", "60", "--", VERDICTS, says=["no verdict"], status=3)
    check("--duration", "60", "--", VERDICTS, LEAKS, says=["failed"], status=1)


@case
def asked_to_end_before():
    with Fixture("checked", "wait") as target:
        for options in (["--duration", "60"], ["--warmup", "60"]):
            with Memtrace("check", "-v", *options, "-p", target.pid) as memtrace:
                memtrace.attached()
                memtrace.signal(signal.SIGTERM)
                assert memtrace.wait() == 3 and "asked to end before" in memtrace.out.text, memtrace.out.text
    with Memtrace("check", "--", VERDICTS, "wait") as memtrace:
        memtrace.out.expect(lambda line: line == "ready", "the command's start")
        memtrace.signal(signal.SIGTERM)
        memtrace.out.expect(lambda line: "asked to end before" in line, "the verdict")
        assert memtrace.child.wait(DEADLINE_S) == 3
        memtrace.send("end")  # the command has gone on


@case
def command_for_a_time():
    """It is let go afterwards, and goes on."""
    with Memtrace("check", "--duration", "0.5", "--", VERDICTS, LEAKS, "wait") as memtrace:
        memtrace.out.expect(lambda line: line == "ready", "the command's start")
        memtrace.out.expect(lambda line: "failed" in line, "the verdict")
        assert any(runs(pid, VERDICTS) for pid in children(memtrace.child.pid)), children(memtrace.child.pid)
        memtrace.send("end")
        assert memtrace.child.wait(DEADLINE_S) == 1


@case
def warm_up():
    """What was allocated before is not judged, whatever kinds are."""
    for kinds in (OUTSTANDING, ["--kinds", "definite"]):
        check(*kinds, "--warmup", "60", "--", VERDICTS, LEAKS, says=["no verdict", "Judged: 0"], status=3)
        with Fixture("checked", "wait", LEAKS, "wait", "lose=3,100", "wait") as target:
            with Memtrace("check", "-v", *kinds, "--warmup", "1", "-p", target.pid) as memtrace:
                memtrace.attached()
                target.step()
                memtrace.err.expect(lambda line: "warm-up" in line, "the end of the warm-up")
                target.step()
                memtrace.signal(signal.SIGINT)
                assert memtrace.wait() == 1 and "Judged: 300 bytes in 3 blocks" in memtrace.out.text, memtrace.out.text


@case
def growth():
    """What grows in every round, and not what came in one."""
    options = ["--kinds", "growing", "--duration", "1.5", "--format", "json", "-p"]
    with Fixture("checked", "grow=1000,20") as target:
        report = report_of(check(*options, target.pid, status=1))
        assert frames_of(report, 0)[0] == "site_grow" and report["stacks"][0]["judged_as"] == "growing"
        rate = report["stacks"][0]["growth_bytes_per_s"]
        assert 3000 < rate < 60000, rate  # 50,000 on a machine that has time
        check("--max-growth", "1K/s", *OUTSTANDING, *options[2:], target.pid, status=1)
        check("--max-growth", "1M/s", *OUTSTANDING, *options[2:], target.pid)
        check("--max-growth", "9M/h", *OUTSTANDING, *options[2:], target.pid, status=1)
    with Fixture("checked", "wait", "burst=100,1000", "wait") as target:
        with Memtrace("check", "-v", *options, target.pid) as memtrace:
            memtrace.attached()
            target.step()
            assert memtrace.wait() == 0, memtrace.out.text
        assert report_of(memtrace)["check"]["verdict"] == "passed"


@case
def suppressions():
    with scratch() as folder:
        lsan, valgrind = os.path.join(folder, "lsan.supp"), os.path.join(folder, "valgrind.supp")
        pathlib.Path(lsan).write_text("# known\nleak:^site_lo*$\nleak:nobody\n", encoding="utf-8")
        pathlib.Path(valgrind).write_text("{\n   known\n   Memcheck:Leak\n   match-leak-kinds: definite\n   fun:malloc\n"
                                          "   fun:site_lose\n   ...\n   fun:main\n}\n", encoding="utf-8")
        done = check("--suppressions", lsan, "--", VERDICTS, LEAKS, says=[
            "passed", "suppressed: 5000 bytes in 5 blocks", f"leak:^site_lo*$ ({lsan}:2)",
            f"Suppression not used: leak:nobody ({lsan}:3)"])
        check("--suppressions", valgrind, "--", VERDICTS, LEAKS, says=["passed", "known"])
        done = check("--suppressions", lsan, "--suppressions", valgrind, "--format", "json", "--", VERDICTS, LEAKS)
        uses = report_of(done)["check"]["suppressions"]
        assert [use["stacks"] for use in uses] == [1, 0, 0], uses
        # Definite ones alone: as outstanding ones nobody has judged them.
        check("--suppressions", lsan, "--kinds", "outstanding", "--", VERDICTS, "keep=1,10", status=1)


@case
def generated_suppressions():
    """They hide what they were made of, and nothing else."""
    with scratch() as folder:
        path = os.path.join(folder, "made.supp")
        check("--gen-suppressions", "--output", path, "--", VERDICTS, LEAKS, "balanced=1", status=1, err=1)
        text = pathlib.Path(path).read_text(encoding="utf-8")
        assert "Memcheck:Leak" in text and "   fun:site_lose\n" in text, text
        check("--suppressions", path, "--", VERDICTS, LEAKS, says=["passed", "suppressed: 5000 bytes"])
        check(*OUTSTANDING, "--suppressions", path, "--", VERDICTS, LEAKS, "keep=2,10", status=1,
              says=["20 bytes in 2 blocks"])
        done = check("--gen-suppressions", "--", VERDICTS, "keep=1,1")
        assert all(line.startswith("#") for line in done.out.lines), done.out.text


@case(times=["kept", "kept_cpp"])
def kept_by_the_c_library(fixture):
    """Each for a reason that is told."""
    done = check(*OUTSTANDING, "--format", "json", "--", fixture_path(fixture))
    report = json.loads(next(line for line in done.out.lines if line.startswith("{")))
    uses = report["check"]["suppressions"]
    assert uses and all(use["reason"] and use["stacks"] for use in uses), uses
    assert report["check"]["judged"]["blocks"] == 0
    if fixture == "kept_cpp":
        assert {"C++ start", "threads"} <= {use["text"] for use in uses}, uses
    else:
        assert len(uses) >= 10, uses
    check("--", fixture_path(fixture), says=["passed"])


@case
def baseline():
    """Made, compared with, updated."""
    with scratch() as folder:
        path = os.path.join(folder, "leaks.json")
        refused("--baseline", path, "--", VERDICTS, says=[path, "--update-baseline"])
        check("--baseline", path, "--update-baseline", "--", VERDICTS, LEAKS, says=["passed"])
        assert os.listdir(folder) == ["leaks.json"]
        made = pathlib.Path(path).read_text(encoding="utf-8")
        (stack,) = json.loads(made)["stacks"]
        assert stack["bytes"] == 5000 and stack["kind"] == "definite" and stack["frames"][0] == "site_lose [checked]"
        assert "0x" not in made and ".c" not in made, made
        check("--baseline", path, "--", VERDICTS, LEAKS, says=["passed", "has 1 of 1 stacks"])
        check("--baseline", path, "--", VERDICTS, "lose=6,1000", status=1,
              says=["20% more than the 5000 bytes in the baseline, over --fail-on growth=10%"])
        check("--baseline", path, "--fail-on", "growth=20%", "--", VERDICTS, "lose=6,1000")
        check("--baseline", path, "--fail-on", "new-stack", "--", VERDICTS, "lose=60,1000")
        check("--baseline", path, "--max-leak-bytes", "100", "--", VERDICTS, LEAKS, status=1)
        check(*OUTSTANDING, "--baseline", path, "--", VERDICTS, "keep=1,1", status=1,
              says=["not in the baseline", "1 of its own are not there"])
        check("--baseline", path, "--update-baseline", "--", VERDICTS, "lose=12,500")
        assert json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["stacks"][0]["bytes"] == 6000
        check("--baseline", path, "--update-baseline", "--fail-on", "new-stack", "--", VERDICTS, status=2, err=1)
        pathlib.Path(path).write_text(made, encoding="utf-8")
        check("--baseline", path, "--update-baseline", "--", VERDICTS, "lose=50,101")
        assert pathlib.Path(path).read_text(encoding="utf-8") == made


@case
def baseline_of_an_incomplete_run():
    """Is none."""
    with scratch() as folder:
        path = os.path.join(folder, "leaks.json")
        done = check("--baseline", path, "--update-baseline", "--", VERDICTS, "child", LEAKS, status=3, err=1)
        assert "left as it was" in done.err.text and not os.listdir(folder)


@case
def baseline_after_a_rebuild():
    """Other addresses, other lines, the same stacks."""
    if subprocess.run(["gcc", "--version"], capture_output=True, check=False).returncode:
        raise Skip("gcc is not installed")
    source = (ROOT / "tests/fixtures/checked.c").read_text(encoding="utf-8")
    flags = ["-g", "-fno-builtin", "-D_GNU_SOURCE", "-I", ROOT / "tests/fixtures", "-O2"]
    with scratch() as folder:
        path, program = os.path.join(folder, "leaks.json"), os.path.join(folder, "app")

        def build(text):
            file = os.path.join(folder, "app.c")
            pathlib.Path(file).write_text(text, encoding="utf-8")
            subprocess.run(["gcc", *flags, "-o", program, file], check=True)
            return ["--", program, LEAKS, "keep=2,10"]
        options = [*OUTSTANDING, "--baseline", path]
        check(*options, "--update-baseline", *build(source))
        before = pathlib.Path(path).read_text(encoding="utf-8")
        moved = source.replace("SITE void *site_lose", "int more[5000];\nSITE int other(void)\n{\n\treturn more[7] * 3;\n}\n\n"
                               "SITE void *site_lose")
        check(*options, *build(moved), says=["passed"])
        check(*options, "--update-baseline", *build(moved))
        assert pathlib.Path(path).read_text(encoding="utf-8") == before


@case
def baselines_that_are_none():
    with scratch() as folder:
        path = os.path.join(folder, "leaks.json")
        for text, says in (("", "no baseline"), ("{", "line 1"), ("[1]", "no baseline"),
                           ('{"schema": "memtrace-baseline/2", "stacks": []}', "another memtrace"),
                           ('{"schema": "memtrace-baseline/1", "stacks": [{}]}', "damaged")):
            pathlib.Path(path).write_text(text, encoding="utf-8")
            refused("--baseline", path, "--", VERDICTS, says=[path, says])
            refused("--baseline", path, "--update-baseline", "--", VERDICTS, says=[path, says])
            assert pathlib.Path(path).read_text(encoding="utf-8") == text
        refused("--baseline", folder, "--", VERDICTS, says=[folder])
        refused("--baseline", "/proc/no/such", "--update-baseline", "--", VERDICTS, says=["/proc/no/such"])


@case
def suppressions_that_are_none():
    with scratch() as folder:
        path = os.path.join(folder, "bad.supp")
        for text, says in (("race:x\n", ":1:"), ("leak:a\n{\n", ":2:"), ("{\n a\n Memcheck:Leak\n fun:x\n", "no }"),
                           ("leak:\x00", "no text")):
            pathlib.Path(path).write_text(text, encoding="utf-8")
            refused("--suppressions", path, "--", VERDICTS, says=[path, says])
        refused("--suppressions", os.path.join(folder, "none"), "--", VERDICTS, says=["none", "No such file"])
        refused("--suppressions", folder, "--", VERDICTS, says=[folder])
        refused("--suppressions", "/dev/zero", "--", VERDICTS, says=["/dev/zero", "too large"])


@case
def wrong_usage():
    for arguments in ([], ["recording.db"], ["--", ], ["-p", "1", "--kinds", "lost"], ["-p", "1", "--kinds", ""],
                      ["-p", "1", "--kinds", "definite,"], ["-p", "1", "--max-growth", "5"],
                      ["-p", "1", "--max-growth", "5M/y"], ["-p", "1", "--max-growth", "1M/h"],
                      ["-p", "1", "--kinds", "growing"], ["-p", "1", "--rounds", "2"], ["-p", "1", "--duration", "0"],
                      ["-p", "1", "--duration", "x"], ["-p", "1", "--warmup", "-1"], ["-p", "1", "--fail-on", "new-stack"],
                      ["-p", "1", "--baseline", "x", "--fail-on", "old"], ["-p", "1", "--baseline", "x", "--fail-on", ""],
                      ["-p", "1", "--baseline", "x", "--fail-on", "growth=10"], ["-p", "1", "--update-baseline"],
                      ["-p", "1", "--baseline", "x", "--fail-on", "growth=x%"], ["-p", "1", "--error-exitcode", "0"],
                      ["-p", "1", "--error-exitcode", "256"], ["-p", "1", "--max-leak-bytes", "x"],
                      ["-p", "1", "--suppressions", ""], ["-p", "1", "--format", "xml"], ["-p", "1", "--sort", "age"],
                      ["-p", "1", "--gen-suppressions", "--format", "json"], ["-p", "1", "5"]):
        refused(*arguments, says=[])
    refused("recording.db", says=["recording.db", "cannot be read", "stands behind --"])
    for command in (["-p", "1"], ["kernel"], ["system"], ["leaks", "-p", "1"]):
        done = run_memtrace(*command, "--format", "junit")
        assert done.status == 2 and "text, json" in done.err.text and "sarif" not in done.err.text, done.err.text


@case
def help_says_it():
    done = run_memtrace("help", "check")
    assert done.status == 0 and "--max-leak-bytes" in done.out.text and "--sort" not in done.out.text


main()

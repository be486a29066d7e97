#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""memtrace top on a real terminal: what it shows is what the fixture says that it did."""
import contextlib
import os
import re
import signal

from harness import *
from harness.recording import shown, whole
from harness.terminal import Terminal

# Of each site of the fixture, how its name is shown.
SHOWN = {"site_evil": "evil?]0;owned??[2J\\u{202e}_end", "site_wide": "wide_宽名_end"}
# A row of the list: figures, perhaps the change since the mark, the course, perhaps a verdict, then the stack.
ROW = re.compile(r"^ *(\d+) +(\d+) (?: *([-+]?\d+) +([-+]?\d+) )? *[\d.]+(?:s|min|h) .* (\S+) watched\.c:\d+")
QUICK = "0.1"


def rows(text):
    """Function -> (bytes, blocks, change in bytes, change in blocks), in the order of the screen."""
    found = [match.groups() for match in map(ROW.match, text.splitlines()) if match]
    return {row[4]: tuple(int(n) if n else None for n in row[:4]) for row in found}


def truth_of(target):
    """Function -> (bytes, blocks) of what is live."""
    return {SHOWN.get(site, site): (usage["live_bytes"], usage["live_blocks"])
            for (_, site), usage in target.truth.sites.items()}


@contextlib.contextmanager
def watching(target, *options, interval=QUICK, columns=130, lines=30, **env):
    """memtrace top of the target, once it shows it."""
    with Terminal(columns, lines, **env) as terminal:
        terminal.top("-o", "0", *options, "-p", target.pid, interval)
        terminal.expect(f"({target.pid})", "the target's name")
        yield terminal


def expect_truth(terminal, target):
    """The rows, once they are what the fixture says."""
    truth = truth_of(target)
    live = {site: usage for site, usage in truth.items() if usage[1]}

    def accepted(text):
        return {site: row[:2] for site, row in rows(text).items() if row[1]} == live
    return terminal.expect(accepted, f"{live}")


def order(text):
    return list(rows(text))


def settings(terminal):
    return terminal.answer("stty -g")


@case
def shows_the_truth_and_obeys_keys():
    with Fixture("watched") as target, watching(target) as terminal:
        target.go()
        text = expect_truth(terminal, target)
        sums = [sum(usage[i] for usage in truth_of(target).values()) for i in (0, 1)]
        assert f"Live {sums[0]} bytes in {sums[1]} blocks" in text, text
        assert "Integrity: nothing lost; " in text and "? Help" in text.splitlines()[-1], text
        by_bytes = order(text)
        assert by_bytes == sorted(by_bytes, key=lambda site: -truth_of(target)[site][0]), by_bytes
        by_count = sorted(truth_of(target), key=lambda site: [-n for n in reversed(truth_of(target)[site])])
        terminal.type("c")
        terminal.expect(lambda text: order(text) == by_count, f"the order {by_count}")
        terminal.type("r")
        terminal.expect(lambda text: order(text) == by_count[::-1], "the order turned round")
        terminal.type("rb")
        terminal.expect(lambda text: order(text) == by_bytes, f"the order {by_bytes}")
        # Search, and all again.
        terminal.type("/Site_St")
        terminal.expect(lambda text: order(text) == ["site_step"] and "Search: Site_St" in text, "the search")
        terminal.press("Enter")
        text = terminal.expect("6 stacks, 1 of them with 'Site_St'", "the result")
        # Of the one that is left all frames.
        terminal.press("Enter")
        text = terminal.expect("    main+0x", "frames")
        assert re.search(r"^    site_step\+0x[0-9a-f]+ \[watched\] \S*watched\.c:\d+$", text, re.M), text
        assert re.search(r"^    _start\+0x[0-9a-f]+ \[watched\]", text, re.M), text
        terminal.press("Escape")
        text = terminal.expect(lambda text: order(text) == by_bytes, "all stacks")
        assert "    main+0x" in text, text
        terminal.type("?")
        terminal.expect("Keys of memtrace top", "help")
        terminal.type("x")
        # What has changed since a moment.
        before = expect_truth(terminal, target) and truth_of(target)
        terminal.type("m")
        terminal.expect("+0 bytes in +0 blocks", "the mark")
        target.go()
        target.go()
        changes = {site: tuple(now - then for now, then in zip(truth_of(target)[site], before[site])) for site in before}
        assert changes["site_step"] == (10010, 10) and changes["site_back"] == (-1400, -2), changes
        text = terminal.expect(lambda text: {site: row[2:] for site, row in rows(text).items()} == changes, f"{changes}")
        assert "+8610 bytes in +8 blocks" in text, text
        terminal.type("d")
        terminal.expect(lambda text: order(text)[0] == "site_step" and order(text)[-1] == "site_back", "by change")
        terminal.type("M")
        by_bytes = sorted(by_bytes, key=lambda site: -truth_of(target)[site][0])
        terminal.expect(lambda text: "Since" not in text and order(text) == by_bytes, f"no mark, and the order {by_bytes}")
        terminal.type("q")
        terminal.ended()
        assert target.quit() == 0


@case
def leaves_all_as_it_was():
    """Whatever signal ends it, also one that is memtrace's own fault."""
    with Fixture("watched") as target, Terminal() as terminal:
        before = settings(terminal)
        for stop, status in (("C-c", 0), (signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGSEGV, 139)):
            terminal.run("clear; echo seen before")
            terminal.expect(lambda text: text.startswith("seen before"), "the shell's own line")
            terminal.run("ulimit -c 0")
            terminal.top("-o", "0", "-p", target.pid, QUICK)
            terminal.expect(f"({target.pid})", "the target's name")
            target.go()
            terminal.expect(lambda text: "site_step" in rows(text), "what it has allocated since")
            assert probed_bytes(target.pid)
            if stop == "C-c":
                terminal.press(stop)
            else:
                os.kill(memtrace_of(terminal), stop)
            text = terminal.ended(status)
            assert text.startswith("seen before") and "Integrity" not in text, text
            assert terminal.tmux("display-message", "-p", "#{cursor_flag} #{keypad_cursor_flag}") == "1 0\n"
            wait_until(lambda: not probed_bytes(target.pid), "probes off")
            assert settings(terminal) == before
        assert target.quit() == 0


def memtrace_of(terminal):
    """The process that the terminal's shell has started."""
    shell = int(terminal.tmux("display-message", "-p", "#{pane_pid}"))
    pid, = (child for child in children(shell) if runs(child, MEMTRACE))
    return pid


@case
def any_size_and_suspended():
    with Fixture("watched") as target, watching(target) as terminal:
        target.go()
        expect_truth(terminal, target)
        for columns, lines in ((60, 12), (30, 5), (10, 2), (1, 1), (200, 50)):
            terminal.resize(columns, lines)
            if columns == 1:
                continue  # a terminal's last cell alone may stay empty
            # The integrity line is always there.
            begin = "Integrity: nothing lost"[:columns]
            terminal.expect(lambda text: any(row.startswith(begin) for row in text.splitlines()), f"{columns}x{lines}")
        terminal.expect(lambda text: text.splitlines()[-1].startswith("? Help"), "the last line")
        text = expect_truth(terminal, target)
        assert len(text.splitlines()) == 50, len(text.splitlines())
        pid = memtrace_of(terminal)
        terminal.press("C-z")
        terminal.expect("Stopped", "the shell")
        assert state(pid) == "T"
        target.go()
        terminal.run("fg; echo status $?")
        expect_truth(terminal, target)
        terminal.type("q")
        terminal.ended()
        assert target.quit() == 0


@case
def records():
    with scratch() as folder, Fixture("watched") as target, watching(target) as terminal:
        path = f"{folder}/r.memtrace"
        target.go()
        expect_truth(terminal, target)
        terminal.type(f"w{path}")
        terminal.expect(f"Record to file: {path}", "the question")
        terminal.press("Enter")
        terminal.expect(re.compile(rf"Recording: ([2-9]|\d\d+) snapshots, .* in {re.escape(path)}").search, "recording")
        target.go()
        expect_truth(terminal, target)
        terminal.type("w")
        terminal.expect(f" snapshots in {path}", "the end of the recording")
        report = shown(path)
        whole(path)
        # The figures are the fixture's before its last round or after it, by when the last snapshot was.
        assert report.site("site_large")["live_bytes"] == 123457, report.data
        # One that exists is left as it is, and all goes on.
        terminal.type(f"w{path}")
        terminal.press("Enter")
        terminal.expect(f"{path}", "why not")
        terminal.expect("exists", "why not")
        whole(path)
        other = f"{folder}/other"
        terminal.type(f"w{other}")
        terminal.press("Enter")
        terminal.expect("Recording: ", "recording again")
        target.go()
        expect_truth(terminal, target)
        terminal.type("q")
        assert f"snapshots in {other}" in terminal.ended()
        check_sites_shown(shown(other), target)
        assert target.quit() == 0


def check_sites_shown(report, target):
    """The last snapshot has what the fixture says; a recording keeps the names as they are."""
    names = {"site_evil": "evil?]0;owned??[2J\u202e_end", "site_wide": "wide_宽名_end"}
    for (_, site), usage in target.truth.sites.items():
        stacks = [stack for stack in report.stacks if report.top_function(stack) == names.get(site, site)]
        assert sum(stack["live_bytes"] for stack in stacks) == usage["live_bytes"], (site, stacks, usage)
        assert sum(stack["live_blocks"] for stack in stacks) == usage["live_blocks"], (site, stacks, usage)


@case
def last_state_of_what_ends():
    with Fixture("watched") as target, watching(target, interval="3600") as terminal:
        target.go()
        assert target.quit() == 0
        text = expect_truth(terminal, target)
        assert "ended, exit status 0" in text and "last state, " in text, text
        terminal.expect("q quits", "what to do")
        terminal.type("c")
        terminal.expect("by count", "keys still")
        terminal.press("q")
        terminal.ended()


@case
def plain_where_the_terminal_is():
    """ASCII alone in the C locale; no colours with NO_COLOR; both elsewhere."""
    with Fixture("watched") as target, watching(target, LC_ALL="C", NO_COLOR="1") as terminal, \
            watching(target) as other:
        target.go()
        plain = dict(SHOWN, site_wide="wide_\\u{5bbd}\\u{540d}_end")
        terminal.expect(lambda text: all(name in text for name in plain.values()), "names")
        target.go()
        text = terminal.expect(re.compile(r" site_step watched\.c:\d+ <- ").search, "a stack") and terminal.screen(True)
        assert text.isascii(), ascii(text)
        assert not re.search(r"\x1b\[3[0-7]m", text), ascii(text)
        expect_truth(other, target)
        assert re.search(r"\x1b\[3[0-7]m", other.screen(True)), ascii(other.screen(True))
        assert "█" in other.screen() and " ← main" in other.screen(), other.screen()
        for each in (terminal, other):
            each.type("q")
            each.ended()
        assert target.quit() == 0


def refused(done, *words):
    assert done.status == 2 and len(done.err.lines) == 1 and not done.out.lines, (done.status, done.err.lines)
    for word in words:
        assert word in done.err.text, (word, done.err.text)


@case
def refuses_in_one_line():
    with Fixture("watched") as target:
        refused(run_memtrace("top", "-p", str(target.pid)), "needs a terminal")
        refused(run_memtrace("top"), "-p PID")
        refused(run_memtrace("top", "--", "ls"), "-- COMMAND")
        refused(run_memtrace("top", "-p", str(target.pid), "0"), "INTERVAL")
        with Terminal() as terminal:
            for after, env, words in (("| cat", "", "needs a terminal"), ("< /dev/null", "", "needs a terminal"),
                                      ("", "TERM=dumb", "TERM='dumb'"), ("", "TERM=no-such-type", "TERM='no-such-type'"),
                                      ("", "TERM=", "TERM=''")):
                terminal.run("clear")
                terminal.run(f"{env} {MEMTRACE} top -p {target.pid} {after} 2>&1; echo over")
                text = terminal.expect("\nover\n", words)
                assert words in text.replace("\n", ""), text
            terminal.run("clear")
            terminal.top("-p", 2**22 + 1)
            terminal.ended(2)
        assert target.quit() == 0


main()

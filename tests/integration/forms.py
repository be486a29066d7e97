#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 400
"""Forms for other tools: each opened by its tool, and held against the JSON report of the same run of a target."""
import base64
import collections
import contextlib
import csv
import html
import io
import json
import os
import re
import shutil
import subprocess

from harness import *

FORMS = ("folded", "csv", "pprof", "speedscope", "massif")
GOLDEN = ROOT / "tests" / "golden"
SPEEDSCOPE = BUILD / "speedscope"
TARGETS = {"heap": "heap", "cpp": "stacks/cpp-gcc"}
VALUES = {"alloc_objects": "alloc_count", "alloc_space": "alloc_bytes", "inuse_objects": "live_blocks",
          "inuse_space": "live_bytes"}


def need(program):
    if not shutil.which(program):
        raise Skip(f"{program} is not installed")


def run_tool(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=200, **options)
    assert done.returncode == 0, (command, done.stdout[-500:], done.stderr[-1500:])
    return done.stdout


_folder = []  # of this run of the test
_reports = {}


def in_folder(name):
    return os.path.join(_folder[0], name)


def reports(name):
    """(JSON report, {form: path}) of one run of the target, which every form's memtrace watches."""
    if name in _reports:
        return _reports[name]
    paths = {form: in_folder(f"{name}.{form}") for form in (*FORMS, "json")}
    with Fixture(TARGETS[name]) as target, contextlib.ExitStack() as stack:
        watching = [stack.enter_context(Memtrace("-v", "--format", form, "-T", "0", "-o", "0", "--output", path,
                                                 "-p", str(target.pid), "3600")) for form, path in paths.items()]
        for memtrace in watching:
            memtrace.attached()
        target.go()
        for memtrace in watching:
            memtrace.interrupt()
    with open(paths["json"], encoding="utf-8") as file:
        report, = parse_reports(file.read())
    assert report.integrity["complete"] and len(report.stacks) >= 5, report.integrity
    _reports[name] = report, paths
    return _reports[name]


def text_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def escaped(name, also=""):
    """As memtrace writes the names of these targets, all of them ASCII."""
    assert name.isascii() and name.isprintable(), name
    return "".join(f"\\x{ord(c):02x}" if c in also else "\\\\" if c == "\\" else c for c in name)


def bracketed(module):
    return module if module.startswith("[") else f"[{module}]"


def frame_name(frame, also=""):
    return escaped(frame["function"] or f"{frame['address']} {bracketed(frame['module'])}", also)


def tree_path(stack, also=""):
    """The names of a stack's frames from the outermost in, with what stands for those that are not known."""
    names = [frame_name(frame, also) for frame in stack["frames"]]
    if not names:
        names = ["[frames not known: " + (stack["end"] if stack["end"] != "complete" else
                 "lost, stack table full" if stack["live_blocks"] else "stack entry reclaimed after the last free") + "]"]
    elif stack["end"] != "complete":
        names.append(f"[stack ends: {stack['end']}]")
    return tuple(reversed(names))


def sums(rows):
    """key -> sum of its values, without those that are 0."""
    total = collections.Counter()
    for key, value in rows:
        total[key] += value
    return {key: value for key, value in total.items() if value}


def same(got, wanted):
    wrong = [(key, got.get(key), wanted.get(key)) for key in {*got, *wanted} if got.get(key) != wanted.get(key)]
    assert not wrong and wanted, f"{len(wrong)} of {len(wanted)} differ: {wrong[:4]}"


@case(times=[(name,) for name in TARGETS])
def folded(name):
    report, paths = reports(name)
    comm, = {p["comm"] for p in report["processes"]}
    lines = [re.fullmatch(r"([^\n]+) ([1-9]\d*)", line) for line in text_of(paths["folded"]).splitlines()]
    got = sums((tuple(line[1].split(";")), int(line[2])) for line in lines)
    same(got, sums(((comm, *tree_path(s, ";")), s["live_bytes"]) for s in report.stacks))


def table(path):
    return list(csv.DictReader(io.StringIO(text_of(path), newline=""), strict=True))


@case(times=[(name,) for name in TARGETS])
def csv_rows(name):
    report, paths = reports(name)
    rows = table(paths["csv"])
    assert text_of(paths["csv"]).count("\r\n") == len(rows) + 1 == len(report.stacks) + 1
    for row, stack in zip(rows, report.stacks):
        assert row["comm"] == report["processes"][0]["comm"] and row["kind"] == stack["kind"], row
        for key in (*USAGE, "pid"):
            assert int(row[key]) == stack[key], (key, row, stack[key])
        nodes = " ".join(f"{n['node']}:{n['live_bytes']}" for n in stack["nodes"])
        assert row["nodes"] == nodes and row["end"] == stack["end"] and row["guessed"] == str(stack["guessed"]).lower()
        frames = []
        for frame in stack["frames"]:
            text = frame_name(frame, ";")
            text += f" {escaped(bracketed(frame['module']), ';')}" if frame["function"] else ""
            text += f" {escaped(frame['file'], ';')}" if frame["file"] else ""
            frames.append(text + (f":{frame['line']}" if frame["line"] else ""))
        assert row["frames"] == ";".join(frames), (row["frames"], frames)


@case
def csv_in_sqlite():
    need("sqlite3")
    report, paths = reports("cpp")
    got = run_tool("sqlite3", ":memory:", "-cmd", f".import --csv {paths['csv']} t",
                   "select count(*), sum(live_bytes), sum(alloc_count), max(frames like '%standard_library%') from t")
    assert got.strip() == "|".join(map(str, (len(report.stacks), report["totals"]["live_bytes"],
                                             report["totals"]["alloc_count"], 1))), got


@case
def csv_has_no_formula():
    for path in GOLDEN.glob("report-*.csv"):
        for row in table(path):
            for cell in row.values():
                assert cell is not None and not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (path, cell)
                assert not any(part.startswith(("=", "+", "-", "@")) for part in cell.split(";")), (path, cell)


def place(frame):
    """A frame as `pprof -lines` names it."""
    if not frame["function"]:
        return bracketed(frame["module"])
    line = f":{frame['line']}" if frame["line"] else ""
    return escaped(frame["function"]) + (f" {escaped(frame['file'])}{line}" if frame["file"] else "")


def pprof_top(path, sample_index):
    """place -> (flat, cum)"""
    out = run_tool("go", "tool", "pprof", "-top", "-lines", "-nodefraction=0", "-edgefraction=0", "-nodecount=100000",
                   "-unit=" + ("bytes" if sample_index.endswith("space") else "count"),
                   "-sample_index=" + sample_index, path, env=dict(os.environ, PPROF_TMPDIR=str(in_folder("pprof"))))
    rows = re.findall(r"^ *(-?\d+)B? +[\d.]+% +[\d.]+% +(-?\d+)B? +[\d.]+%  ?(.*?)(?: \(inline\)| \(partial-inline\))?$",
                      out, re.M)
    assert len(rows) == len(out.splitlines()) - out.splitlines().index(next(
        line for line in out.splitlines() if line.split()[:2] == ["flat", "flat%"])) - 1, out
    return {place_: (int(flat), int(cum)) for flat, cum, place_ in rows}, out


@case(times=[(name, index) for name in TARGETS for index in VALUES])
def pprof(name, sample_index):
    need("go")
    report, paths = reports(name)
    got, out = pprof_top(paths["pprof"], sample_index)
    key = VALUES[sample_index]
    flat, cum = collections.Counter(), collections.Counter()
    for stack in report.stacks:
        places = [place(frame) for frame in stack["frames"]]
        assert places and stack["end"] == "complete", f"not a stack of this target: {stack}"
        flat[places[0]] += stack[key]
        for one in set(places):
            cum[one] += stack[key]
    same({p: v for p, v in got.items() if v != (0, 0)}, {p: (flat[p], cum[p]) for p in cum if cum[p]})
    assert f"Type: {sample_index}\n" in out and "Integrity: nothing lost; watched since " in out, out[:400]


@case
def pprof_mappings_and_labels():
    need("go")
    report, paths = reports("cpp")
    out = run_tool("go", "tool", "pprof", "-raw", paths["pprof"])
    assert "alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes[dflt]" in out, out[:400]
    mappings = re.findall(r"^\d+: 0x([0-9a-f]+)/0x([0-9a-f]+)/0x[0-9a-f]+ (\S+) ([0-9a-f]*) ?(\[.*)?$", out, re.M)
    wanted = {(f["module"], f["build_id"] or "") for s in report.stacks for f in s["frames"]}
    assert {(path.rsplit("/", 1)[-1], build_id) for _, _, path, build_id, _ in mappings} >= wanted, (mappings, wanted)
    assert mappings[0][2] == os.path.realpath(fixture_path(TARGETS["cpp"])) and mappings[0][4] == "[FN][FL][LN][IN]"
    # Each location is the call of a return address, within its mapping.
    addresses = {int(f["address"], 16) - 1 for s in report.stacks for f in s["frames"]}
    locations = re.findall(r"^ +\d+: 0x([0-9a-f]+) M=(\d+)", out, re.M)
    assert {int(address, 16) for address, _ in locations} == addresses
    for address, number in locations:
        start, end = (int(word, 16) for word in mappings[int(number) - 1][:2])
        assert start <= int(address, 16) < end, (address, mappings[int(number) - 1])
    pid = report.stacks[0]["pid"]
    for filter_, total in ((f"pid={pid}", report["totals"]["live_bytes"]), ("kind=heap", report.kind("heap")["live_bytes"]),
                           (f"comm=^{report['processes'][0]['comm']}$", report["totals"]["live_bytes"])):
        out = run_tool("go", "tool", "pprof", "-top", "-unit=bytes", "-nodefraction=0", f"-tagfocus={filter_}", paths["pprof"])
        shown = re.search(r"Showing nodes accounting for (\d+)B", out)
        assert shown and int(shown[1]) == total, (filter_, total, out[:400])


def speedscope_samples(path):
    """name of the profile -> {path: weight}"""
    data = json.loads(text_of(path))
    frames = data["shared"]["frames"]
    profiles = {}
    for profile in data["profiles"]:
        assert len(profile["samples"]) == len(profile["weights"]) and sum(profile["weights"]) == profile["endValue"]
        profiles[profile["name"]] = sums((tuple(frames[i]["name"] for i in sample), weight)
                                         for sample, weight in zip(profile["samples"], profile["weights"]))
    return profiles, data


@case(times=[(name,) for name in TARGETS])
def speedscope(name):
    report, paths = reports(name)
    comm, = {p["comm"] for p in report["processes"]}
    got, data = speedscope_samples(paths["speedscope"])
    for profile, key in (("live bytes", "live_bytes"), ("live blocks", "live_blocks"), ("allocated bytes", "alloc_bytes")):
        same(got[profile], sums(((comm, *tree_path(s)), s[key]) for s in report.stacks))
    files = {(frame["name"], frame.get("file"), frame.get("line")) for frame in data["shared"]["frames"]}
    for stack in report.stacks:
        for frame in stack["frames"]:
            line = frame["line"] if frame["file"] else None
            assert (frame_name(frame), frame["file"], line) in files, frame
    assert "Integrity: nothing lost" in data["name"]


def fetch_speedscope():
    done = subprocess.run([ROOT / "tests" / "schemas" / "fetch-speedscope"], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        raise Skip(done.stdout.strip())
    assert done.returncode == 0, done.stderr


@case
def speedscope_schema():
    import jsonschema
    fetch_speedscope()
    schema = json.loads((SPEEDSCOPE / "file-format-schema.json").read_text(encoding="utf-8"))
    check = jsonschema.Draft7Validator(schema)
    for path in (*GOLDEN.glob("report-*.speedscope"), *(reports(name)[1]["speedscope"] for name in TARGETS)):
        check.validate(json.loads(text_of(path)))
    wrong = json.loads(text_of(reports("cpp")[1]["speedscope"]))
    wrong["profiles"][0]["unit"] = "pounds"
    assert not check.is_valid(wrong)


def in_speedscope(path):
    """What speedscope shows of the file in its table of functions: the words on the page, and its title."""
    script, profile = in_folder("load.js"), in_folder("chromium")
    with open(path, "rb") as file, open(script, "w", encoding="ascii") as out:
        out.write(f"speedscope.loadFileFromBase64({json.dumps(os.path.basename(path))}, "
                  f"{json.dumps(base64.b64encode(file.read()).decode())})")
    page = run_tool("chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
                    "--use-gl=swiftshader", "--enable-unsafe-swiftshader", "--allow-file-access-from-files",
                    "--virtual-time-budget=20000", "--dump-dom",
                    f"file://{(SPEEDSCOPE / 'index.html').resolve()}#localProfilePath={script}&view=sandwich")
    words = [html.unescape(word) for word in re.findall(r">([^<]+)<", page)]
    return words, html.unescape(re.search(r"<title>(.*?)</title>", page)[1])


def units(size):
    """As speedscope writes a number of bytes."""
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.2f} {unit}"
    return f"{size} B"


@case
def opened_by_speedscope():
    need("chromium")
    fetch_speedscope()
    report, paths = reports("cpp")
    totals = report["totals"]
    # The table shows no more rows than the page has room for.
    live = sums((frame_name(s["frames"][0]), s["live_bytes"]) for s in report.stacks)
    largest = max(live, key=live.get)
    words, title = in_speedscope(paths["speedscope"])
    assert "Integrity: nothing lost" in title, title
    for word in ("live bytes", units(totals["live_bytes"]), "live blocks", str(totals["live_blocks"]), "allocated bytes",
                 units(totals["alloc_bytes"]), largest):
        assert word in words, (word, words[:60])
    words, _ = in_speedscope(paths["folded"])
    assert largest in words and any(word.startswith(f"{live[largest]:,} (") for word in words), words[:60]


LINE = re.compile(r"([ |]*)(?:->)?([\d.]+)% \(([\d,]+)B\) (.*)")


def ms_print_tree(out):
    """(label, …) from the root -> bytes, of the last detailed snapshot that ms_print shows."""
    nodes, way = {}, []
    for line in out[out.rindex("100.00% ("):].splitlines():
        match = LINE.fullmatch(line)
        if not match:
            continue
        depth = len(match[1]) // 2 + (1 if "->" in line.split("%")[0] else 0)
        del way[depth:]
        way.append(match[4])
        nodes[tuple(way)] = nodes.get(tuple(way), 0) + int(match[3].replace(",", ""))
    return nodes


def massif_label(frame):
    where = f"in {frame['module']}" if not frame["file"] else frame["file"] + (f":{frame['line']}" if frame["line"] else "")
    return f"0x{int(frame['address'], 16):X}: {escaped(frame['function'] or '???', '#')} ({escaped(where, '#')})"


@case(times=[(name,) for name in TARGETS])
def massif(name):
    need("ms_print")
    report, paths = reports(name)
    got = ms_print_tree(run_tool("ms_print", "--threshold=0", paths["massif"]))
    (root, *_), total = next(iter(got.items()))
    assert root.startswith("(live bytes) Integrity: nothing lost; watched since ") and total == report["totals"]["live_bytes"]
    wanted = collections.Counter({(root,): total})
    for stack in report.stacks:
        labels = [massif_label(frame) for frame in stack["frames"]]
        for depth in range(1, len(labels) + 1):
            wanted[(root, *labels[:depth])] += stack["live_bytes"]
    same(got, {way: size for way, size in wanted.items() if size})


@case
def golden_ones_in_their_tools():
    """Hostile names upset none of the tools."""
    need("ms_print")
    for path in GOLDEN.glob("report-*.massif"):
        assert "(live bytes) Integrity" in run_tool("ms_print", "--threshold=0", path), path
    out = run_tool("ms_print", "--threshold=0", GOLDEN / "report-history.massif")
    assert "Number of snapshots: 3\n Detailed snapshots: [1]" in out, out
    out = run_tool("ms_print", "--threshold=0", GOLDEN / "report-injecting.massif")
    assert "forged" in out and not re.search(r"^\s*n?9: 5", out, re.M) and "\x1b" not in out
    for path in GOLDEN.glob("report-*.speedscope"):
        speedscope_samples(path)
    for path in GOLDEN.glob("report-*.folded"):
        for line in text_of(path).splitlines():
            assert re.fullmatch(r"[^;]+(;[^;]*)+ [1-9]\d*", line) and line.isprintable(), (path, line)


@case
def series():
    """Reports that follow one another: one table, one file of massif's; the others want to be alone."""
    need("ms_print")
    with Fixture("heap") as target:
        for form in ("csv", "massif"):
            done = run_memtrace("--format", form, "-p", str(target.pid), "0.2", "3")
            assert done.status == 0, done.err.text
            path = in_folder(f"series.{form}")
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(done.out.text)
            if form == "csv":
                assert done.out.text.count("time,pid,comm") == 1, done.out.text
                table(path)
            else:
                assert "Number of snapshots: 3\n Detailed snapshots: [0, 1, 2]" in run_tool("ms_print", path)
        for form in ("folded", "pprof", "speedscope"):
            done = run_memtrace("--format", form, "-p", str(target.pid), "0.2", "3")
            assert done.status == 2 and len(done.err.text.splitlines()) == 1 and "--output" in done.err.text, done.err.text
            done = run_memtrace("--format", form, "-p", str(target.pid), "0.2", "1")
            assert done.status == 0, done.err.text


@case
def losses_are_told():
    """In the report, or where it has no place for it on standard error."""
    paths = {form: in_folder(f"lost.{form}") for form in FORMS}
    errors = {}
    with Fixture("crowd") as target, contextlib.ExitStack() as stack:
        watching = {form: stack.enter_context(Memtrace("-v", "--format", form, "--live-table-slots", "1024", "-o", "0",
                                                       "--output", path, "-p", str(target.pid), "3600"))
                    for form, path in paths.items()}
        for memtrace in watching.values():
            memtrace.attached()
        target.send("go")
        target.report()
        for form, memtrace in watching.items():
            memtrace.interrupt()
            errors[form] = [line for line in memtrace.err.text.splitlines() if "Integrity: lost: " in line]
        target.go()
    words = "allocations not stored: live table full"
    for form in FORMS:
        told = form in ("folded", "csv")
        assert len(errors[form]) == told and all(words in line for line in errors[form]), (form, errors[form])
    assert words in json.loads(text_of(paths["speedscope"]))["name"]
    assert words in text_of(paths["massif"])
    need("go")
    assert words in run_tool("go", "tool", "pprof", "-comments", paths["pprof"])


@case
def all_stacks_unless_asked():
    """Forms for tools that choose by themselves have every stack; the others the first ten."""
    with Fixture("crowd") as target, \
            Memtrace("-v", "--format", "csv", "-o", "0", "-p", str(target.pid), "3600") as every, \
            Memtrace("-v", "--format", "csv", "-o", "0", "-T", "3", "-p", str(target.pid), "3600") as three, \
            Memtrace("-v", "--format", "json", "-o", "0", "-p", str(target.pid), "3600") as text:
        for memtrace in (every, three, text):
            memtrace.attached()
        target.send("go")
        target.report()
        every.interrupt()
        three.interrupt()
        assert len(text.interrupt()[0].stacks) == 10
        target.go()
    assert (every.out.text.count("\r\n"), three.out.text.count("\r\n")) == (257, 4)


@case
def none_of_the_machine():
    done = run_memtrace("system", "--format", "csv")
    assert done.status == 2 and len(done.err.text.splitlines()) == 1 and "take text or json" in done.err.text, done.err.text


with scratch() as folder:
    _folder.append(folder)
    main()

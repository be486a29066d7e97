#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 300
"""memtrace check's forms for other programs: by their schemas, golden ones and real ones."""
import json
import re
import subprocess
import xml.etree.ElementTree

from harness import *

SCHEMAS = ROOT / "tests" / "schemas"
GOLDEN = ROOT / "tests" / "golden"
VERDICTS = fixture_path("checked")
CASES = {"passed": (["keep=1,10"], 0), "failed": (["lose=5,1000"], 1), "undecided": (["child"], 3)}


def real(form):
    """name -> what memtrace check writes of a fixture."""
    texts = {}
    for name, (arguments, status) in CASES.items():
        done = run_memtrace("check", "--format", form, "--", VERDICTS, *arguments)
        assert done.status == status, (done.status, done.err.text)
        texts[name] = done.out.text
    return texts


def golden(extension):
    texts = {path.stem: path.read_text(encoding="utf-8") for path in GOLDEN.glob(f"check-*.{extension}")}
    assert len(texts) >= 5, texts.keys()
    return texts


def xml_is_valid(text):
    done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", SCHEMAS / "junit.xsd", "-"], input=text.encode(),
                          capture_output=True, check=False)
    return done.returncode == 0, done.stderr.decode()


@case
def junit():
    real_ones = real("junit")
    for name, text in {**golden("xml"), **real_ones}.items():
        valid, why = xml_is_valid(text)
        assert valid, f"{name}: {why}"
        suites = xml.etree.ElementTree.fromstring(text)
        for node in (suites, suites[0]):
            for tag, count in (("testcase", "tests"), ("failure", "failures"), ("error", "errors")):
                assert len(list(suites.iter(tag))) == int(node.get(count)), (name, tag, count)
    failure = next(xml.etree.ElementTree.fromstring(real_ones["failed"]).iter("failure"))
    assert failure.get("message") == "5000 bytes in 5 blocks (definite)" and "site_lose [checked]" in failure.text
    assert xml.etree.ElementTree.fromstring(real_ones["undecided"]).find(".//error").get("message") == \
        "children were not traced"


@case
def junit_schema_refuses():
    text = golden("xml")["check-everything"]
    for old, new in (("<testcase ", "<test "), ('tests="', 'count="'), (' type="no verdict"', ""), ("&apos;", "'<"),
                     ("</testsuite>", ""), ('timestamp="2026', 'timestamp="26'), ('time="0"', 'time="-1"')):
        wrong = text.replace(old, new) if old in text else golden("xml")["check-hostile"].replace(old, new)
        assert not xml_is_valid(wrong)[0], (old, new)


def sarif_schema(path):
    import jsonschema
    schema = json.loads(path.read_text(encoding="utf-8"))
    cls = jsonschema.validators.validator_for(schema)
    cls.check_schema(schema)
    return cls(schema, format_checker=jsonschema.FormatChecker())


@case
def sarif():
    check = sarif_schema(SCHEMAS / "sarif.schema.json")
    real_ones = real("sarif")
    for text in {**golden("sarif"), **real_ones}.values():
        log = json.loads(text)
        check.validate(log)
        run = log["runs"][0]
        for result in run["results"]:
            assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    run = json.loads(real_ones["failed"])["runs"][0]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "tests/fixtures/checked.c" and place["region"]["startLine"] > 1, place
    run = json.loads(real_ones["undecided"])["runs"][0]
    assert not run["invocations"][0]["executionSuccessful"] and not run["results"]
    for path, value in ((["version"], "2.0.0"), (["runs"], []), (["runs", 0, "results", 0, "level"], "bad"),
                        (["runs", 0, "results", 0, "extra"], 1)):
        wrong = json.loads(real_ones["failed"])
        place = wrong
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        assert not check.is_valid(wrong), path


@case
def sarif_by_the_standard():
    """As OASIS has published it."""
    fetched = subprocess.run([SCHEMAS / "fetch"], capture_output=True, text=True, check=False)
    if fetched.returncode == 77:
        raise Skip(fetched.stdout.strip())
    assert fetched.returncode == 0, fetched.stderr
    check = sarif_schema(BUILD / "schemas" / "sarif-2.1.0.json")
    for text in {**golden("sarif"), **real("sarif")}.values():
        check.validate(json.loads(text))
    assert not check.is_valid({"version": "2.1.0"})


COMMAND = re.compile(r"::(error|notice) ((?:(?:file|line|title)=[^,:\r\n]*,?)+)::(.*)")
ESCAPED = re.compile(r"%(?:25|0D|0A|3A|2C)")


def parse_github(text):
    """As the runner reads it: a command in each line, %XX decoded."""
    commands = []
    for line in text.splitlines():
        command = COMMAND.fullmatch(line)
        assert command, line
        assert "%" not in ESCAPED.sub("", line), line
        properties = dict(part.split("=", 1) for part in command[2].split(","))
        assert set(properties) <= {"file", "line", "title"} and "title" in properties, properties
        commands.append((command[1], properties, command[3].replace("%0A", "\n").replace("%25", "%")))
    return commands


@case
def github():
    real_ones = real("github")
    everything = {name: parse_github(text) for name, text in {**golden("github"), **real_ones}.items()}
    (level, properties, message), = everything["failed"]
    assert level == "error" and properties["file"] == "tests/fixtures/checked.c" and int(properties["line"]) > 1
    assert message.startswith("5000 bytes in 5 blocks (definite)\n    site_lose [checked]"), message
    assert everything["passed"] == [("notice", {"title": "memtrace check"}, "passed")]
    assert everything["undecided"][0][0] == "error" and "no verdict" in everything["undecided"][0][2]


main()

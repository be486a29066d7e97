#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 300
"""The examples of docs/ci.md, as far as this machine can run them: on a program that is clean, and on one that leaks."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

from harness import *

CLEAN = "int main(void)\n{\n\treturn 0;\n}\n"
LEAKING = """#include <stdlib.h>

void *kept;

__attribute__((noinline)) static void lose(void)
{
	void *block = malloc(3000);

	__asm__ volatile("" : : "r"(block) : "memory"); /* or there would be no allocation at all */
}

int main(void)
{
	lose();
	kept = malloc(10);
	return 0;
}
"""
MAKEFILE = "app: app.c\n\t$(CC) -g -O1 -fno-builtin -o app app.c\n"


def example(language, heading):
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", section, re.M | re.S)
    return block


class Project:
    """A folder with the program, and memtrace in the path."""

    def __init__(self, folder, source):
        self.folder = pathlib.Path(folder)
        self.write("app.c", source)
        self.write("Makefile", MAKEFILE)
        programs = self.folder / "programs"
        programs.mkdir()
        (programs / "memtrace").symlink_to(MEMTRACE)
        self.environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}")

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, *command):
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=100, check=False)
        return done.returncode, done.stdout + done.stderr


def load_yaml(text):
    try:
        import yaml
    except ImportError:
        raise Skip("python3-yaml is not installed") from None
    return yaml.safe_load(text)


def run_lines(project, lines):
    """As the runner does: the first that fails ends it."""
    return project.run("bash", "-euo", "pipefail", "-c", "\n".join(lines))


@case
def github():
    job = load_yaml(example("yaml", "GitHub Actions"))["jobs"]["leaks"]
    lines = [step["run"].replace("sudo ", "") for step in job["steps"] if "run" in step]
    assert len(lines) == 2, lines
    for source, status, says in ((CLEAN, 0, "::notice title=memtrace check::passed"),
                                 (LEAKING, 1, "::error file=app.c,line=7,title=memtrace check%3A no-leak::3000 bytes")):
        with scratch() as folder:
            got, text = run_lines(Project(folder, source), lines)
            assert got == status and says in text, (got, text)


@case
def gitlab():
    job = load_yaml(example("yaml", "GitLab CI"))["leaks"]
    for source, status, failures in ((CLEAN, 0, "0"), (LEAKING, 1, "1")):
        with scratch() as folder:
            got, text = run_lines(Project(folder, source), job["script"])
            assert got == status, (got, text)
            report = xml.etree.ElementTree.parse(pathlib.Path(folder, job["artifacts"]["reports"]["junit"])).getroot()
            assert report.get("failures") == failures, xml.etree.ElementTree.tostring(report)


@case
def ctest():
    if not shutil.which("ctest"):
        raise Skip("cmake is not installed")
    for source, status in ((CLEAN, 0), (LEAKING, 8)):
        with scratch() as folder:
            project = Project(folder, source)
            project.write("CMakeLists.txt", example("cmake", "CTest"))
            got, text = run_lines(project, ["cmake -S . -B build", "cmake --build build"])
            assert got == 0, text
            got, text = project.run("ctest", "--test-dir", "build", "--output-on-failure")
            assert got == status, (got, text)
            assert re.search(r"app \.+ +Passed", text), text
            assert re.search(rf"app-leaks \.+ *{'Passed' if status == 0 else '.*Failed'}", text), text
            assert status == 0 or "3000 bytes in 1 block (definite)" in text, text


@case
def pytest():
    if subprocess.run([sys.executable, "-c", "import pytest"], capture_output=True, check=False).returncode:
        raise Skip("python3-pytest is not installed")
    for source, status in ((CLEAN, 0), (LEAKING, 1)):
        with scratch() as folder:
            project = Project(folder, source)
            project.write("test_app.py", example("python", "pytest"))
            assert project.run("make", "app")[0] == 0
            got, text = project.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
            assert got == status and ("1 passed" in text or "3000 bytes in 1 block (definite)" in text), (got, text)


@case
def what_to_begin_with():
    """The commands of the text: a baseline, and what is checked against it."""
    (made,) = re.findall(r"^memtrace check .*--update-baseline.*$", (ROOT / "docs/ci.md").read_text(encoding="utf-8"), re.M)
    with scratch() as folder:
        project = Project(folder, LEAKING)
        got, text = run_lines(project, ["make app", made, made.replace(" --update-baseline", "")])
        assert got == 0 and "has 1 of 1 stacks" in text, (got, text)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""g++ compiling a file: the driver's child is the compiler; and the compiler itself, traced."""
import os
import shutil
import subprocess

from harness import *

SOURCE = """#include <map>
#include <string>
std::map<std::string, int> count(const std::string &text)
{
	std::map<std::string, int> words;
	for (char c : text)
		words[std::string(1, c)]++;
	return words;
}
"""


@case
def driver():
    if not shutil.which("g++"):
        raise Skip("g++ is not installed")
    with scratch() as folder:
        with open(f"{folder}/words.cc", "w", encoding="utf-8") as file:
            file.write(SOURCE)
        done, report = run_command(["g++", "-c", f"{folder}/words.cc", "-o", f"{folder}/words.o"], output=f"{folder}/r")
        assert done.status == 0 and os.path.getsize(f"{folder}/words.o") > 1000, done.err.text
    assert report.integrity["untraced_children"] >= 2, report.integrity  # cc1plus and as
    assert report.integrity["complete"], report.integrity


@case
def compiler():
    if not shutil.which("g++"):
        raise Skip("g++ is not installed")
    program = subprocess.run(["g++", "-print-prog-name=cc1plus"], capture_output=True, text=True,
                             check=True).stdout.strip()
    with scratch() as folder:
        with open(f"{folder}/words.cc", "w", encoding="utf-8") as file:
            file.write(SOURCE)
        command = [program, "-quiet", "-O1", "-imultiarch", SYSTEM_LIBRARIES.name, "-D_GNU_SOURCE", "words.cc", "-o"]
        subprocess.run([*command, "plain.s"], cwd=folder, check=True)
        done, report = run_command([*command, "traced.s"], output=f"{folder}/r", cwd=folder)
        assert done.status == 0, done.err.text
        with open(f"{folder}/plain.s", encoding="utf-8") as plain, open(f"{folder}/traced.s", encoding="utf-8") as traced:
            assert plain.read() == traced.read(), "the traced compiler wrote something else"
    heap = report.kind("heap")
    assert heap["alloc_count"] > 10000 and report.kind("mmap")["alloc_count"] > 10, report["totals"]
    assert report.integrity["complete"] and report.integrity["unknown_frees"] == 0, report.integrity
    check_invariants(report)


main()

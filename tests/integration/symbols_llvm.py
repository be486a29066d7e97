#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""1,000 random addresses of a C, a C++ and two Rust programs: what llvm-symbolizer says (tests/symbols); the cache."""
import lzma
import pathlib
import subprocess
import sys
import tempfile

from harness import *

sys.path.insert(0, str(ROOT / "tests" / "symbols"))
from comparing import TOOL, check, random_addresses  # noqa: E402


def compile_and_check(command):
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/program"
        subprocess.run([*command, "-o", program], check=True, timeout=100)
        check(program)


@case
def a_c_program():
    check(BUILD / "memtrace")


@case
def a_cpp_program_by_gcc():
    compile_and_check(["g++", "-O2", "-g", ROOT / "tests/symbols/program.cpp"])


@case
def a_cpp_program_by_clang():
    compile_and_check(["clang++", "-O2", "-g", "-gdwarf-4", ROOT / "tests/symbols/program.cpp"])


def check_rust(mangling):
    """Compiled beforehand, to assembler: rustc is large."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "rust.s")
        source.write_bytes(lzma.decompress((ROOT / f"tests/symbols/rust-{mangling}.s.xz").read_bytes()))
        # What it needs of Rust's library is left open: nothing of it runs.
        subprocess.run(["gcc", "-shared", "-nostdlib", "-Wl,--unresolved-symbols=ignore-all", "-o", f"{folder}/rust.so",
                        source], check=True, timeout=100)
        check(f"{folder}/rust.so")


@case
def rust_of_legacy_mangling():
    check_rust("legacy")


@case
def rust_of_v0_mangling():
    check_rust("v0")


@case
def a_second_report_is_ten_times_cheaper():
    text = "".join(f"{address:x}\n" for address in random_addresses(BUILD / "memtrace", 10_000))
    first, *later = map(float, subprocess.run([TOOL, "--time", "5", BUILD / "memtrace"], input=text, check=True,
                                              capture_output=True, text=True).stdout.split())
    print(f"10,000 addresses: {first:.1f} ms, then {min(later):.2f} ms")
    assert min(later) * 10 <= first, (first, later)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files made to harm who reads their symbols: none crashes the symbolizer, holds it up, or bloats it.

Each is given to the symbolizer alone (tests/symbols/addresses) with a limit on time and memory.
"""
import functools
import lzma
import os
import pathlib
import struct
import subprocess
import sys
import zlib

from harness import *

sys.path.insert(0, str(ROOT / "tests" / "symbols"))
from comparing import TOOL  # noqa: E402

MEMORY_MAX = 768 << 20
SECONDS_MAX = 10  # of a CPU

SOURCE = """
#include <stdlib.h>
void *volatile kept;
static inline __attribute__((always_inline)) void grow(int n) { kept = malloc(n); }
__attribute__((noinline)) void leak(int n) { grow(n); kept = 0; }
int main(int n, char **v) { leak(n); return 0; }
"""

# A unit of code whose entries are given: abbreviations 1 unit, 2 function with an origin, 3 block with children,
# 4 inlined call with an origin, 5 function with a sibling.
ASSEMBLER = """
        .text
        .globl start, leak
leak:   .fill 32, 1, 0x90
        .type leak, @function
        .size leak, 32
end:
        .section .debug_abbrev,"",@progbits
        .uleb128 1, 0x11, 1, 0x11, 1, 0x12, 7, 0, 0
        .uleb128 2, 0x2e, 1, 0x31, 0x13, 0x11, 1, 0x12, 7, 0, 0
        .uleb128 3, 0x0b, 1, 0x11, 1, 0x12, 7, 0, 0
        .uleb128 4, 0x1d, 1, 0x31, 0x13, 0x11, 1, 0x12, 7, 0, 0
        .uleb128 5, 0x2e, 1, 0x01, 0x13, 0x47, 0x13, 0, 0
        .uleb128 0
        .section .debug_info,"",@progbits
unit:   .4byte 2f-1f
1:      .2byte 4
        .4byte .debug_abbrev
        .byte 8
        .uleb128 1
        .8byte leak, 32
{entries}
        .byte 0
2:
"""

PLACE = "        .8byte leak, 32\n"


@case(times=["loops", "siblings", "deep"])
def entries(name):
    made = {
        # Two functions that are each other's origin, and an inlined call that is its own.
        "loops": "a: .uleb128 2\n .4byte b-unit\n" + PLACE + "c: .uleb128 4\n .4byte c-unit\n" + PLACE +
                 ".byte 0, 0\nb: .uleb128 2\n .4byte a-unit\n" + PLACE + ".byte 0\n",
        # Siblings that lead back, and a definition of itself.
        "siblings": "a: .uleb128 5\n .4byte b-unit, a-unit\n .byte 0\n"
                    "b: .uleb128 5\n .4byte a-unit, b-unit\n .byte 0\n",
        # Blocks in blocks in blocks.
        "deep": "a: .uleb128 2\n .4byte a-unit\n" + PLACE + f".rept 500000\n .uleb128 3\n{PLACE}.endr\n" +
                ".fill 500000, 1, 0\n .byte 0\n",
    }[name]
    with scratch() as folder:
        path = pathlib.Path(folder, "program")
        pathlib.Path(folder, "a.s").write_text(ASSEMBLER.format(entries=made), encoding="utf-8")
        subprocess.run(["gcc", "-shared", "-nostdlib", "-o", path, f"{folder}/a.s"], check=True)
        text = symbolize(path)
        assert "leak" in text, text


UNIT = """
        .section .text
code{i}: .fill 64, 1, 0x90
        .section .debug_abbrev,"",@progbits
abbrev{i}: .uleb128 1, 0x11, 0, 0x11, 1, 0x12, 7, 0x10, 0x17, 0, 0
        .uleb128 0
        .section .debug_info,"",@progbits
        .4byte 2f-1f
1:      .2byte 4
        .4byte abbrev{i}
        .byte 8
        .uleb128 1
        .8byte code{i}, 64
        .4byte line{i}
2:      .section .debug_line,"",@progbits
line{i}: .4byte 2f-1f
1:      .2byte 4
        .4byte 4f-3f
3:      .byte 1, 1, 1, -5, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1
        .byte 0
        .asciz "unit{i}.c"
        .byte 0, 0, 0, 0
4:      .byte 0, 9, 2
        .8byte code{i}
        .byte 3, {i}, 1
        .fill {rows}, 1, 18
        .byte 2, 64, 0, 1, 1
2:
"""


@case
def many_lines():
    """More rows than are held at a time: every unit has its lines all the same."""
    with scratch() as folder:
        path = pathlib.Path(folder, "many")
        source = ".text\nleak:\n" + "".join(UNIT.format(i=i, rows=1_200_000) for i in range(1, 8))
        pathlib.Path(folder, "a.s").write_text(source, encoding="ascii")
        subprocess.run(["gcc", "-shared", "-nostdlib", "-o", path, f"{folder}/a.s"], check=True)
        start = address(path)
        for _ in range(2):
            lines = symbolize(path, addresses=[start + 64 * i + 3 for i in (0, 1, 2, 3, 4, 5, 6) * 4]).split("\n\n")
            found = [line.split("\t")[1] for line in lines if line]
            assert found == [f"unit{i}.c" for i in range(1, 8)] * 4, found


def address(path, symbol="leak"):
    for line in subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout.splitlines():
        if line.endswith(f" {symbol}"):
            return int(line.split()[0], 16)
    return 0x1000


def symbolize(path, addresses=None):
    """What the tool prints, within the limits."""
    if not isinstance(addresses, list):
        start = addresses or address(path)
        addresses = [start + at for at in range(0, 24)]
    text = "".join(f"{at:x}\n" for at in addresses)
    with open(path.with_suffix(".in"), "w+", encoding="ascii") as given, \
            open(path.with_suffix(".out"), "w+", encoding="utf-8") as out:
        given.write(text)
        given.seek(0)
        child = subprocess.Popen([TOOL, path], stdin=given, stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        printed = out.read()
    seconds = usage.ru_utime + usage.ru_stime  # of its own: a clock would measure the machine's other work
    print(f"{path.name}: {seconds:.2f} s, {usage.ru_maxrss >> 10} MiB")
    assert child.returncode == 0, f"{path.name}: status {child.returncode}"
    assert seconds < SECONDS_MAX and usage.ru_maxrss * 1024 < MEMORY_MAX
    assert printed.count("\n\n") >= 23, printed[:200]
    return printed


def compiled(folder, name, *options):
    path = pathlib.Path(folder, name)
    pathlib.Path(folder, "app.c").write_text(SOURCE, encoding="ascii")
    subprocess.run(["gcc", "-O2", "-g", *options, "-o", path, "app.c"], cwd=folder, check=True)
    return path


def sections(data):
    """name -> (index, offset of its header, its header's fields)"""
    start, size, n, names = struct.unpack_from("<Q", data, 0x28) + struct.unpack_from("<HHH", data, 0x3a)
    headers = [(start + i * size, struct.unpack_from("<IIQQQQIIQQ", data, start + i * size)) for i in range(n)]
    text = headers[names][1][4]
    return {data[text + fields[0]:data.index(b"\0", text + fields[0])].decode(): (i, at, fields)
            for i, (at, fields) in enumerate(headers)}


def change(path, change_header):
    """Rewrites section headers: change_header(name, fields) gives new fields."""
    data = bytearray(path.read_bytes())
    for name, (_, at, fields) in sections(bytes(data)).items():
        struct.pack_into("<IIQQQQIIQQ", data, at, *change_header(name, fields))
    path.write_bytes(data)


def fields_with(fields, **new):
    names = ("name", "type", "flags", "addr", "offset", "size", "link", "info", "align", "entsize")
    return tuple(new.get(name, field) for name, field in zip(names, fields))


@case
def huge_counts():
    with scratch() as folder:
        for at, size, value in ((0x38, 2, 0xffff), (0x3c, 2, 0xffff), (0x3c, 2, 0), (0x3e, 2, 0xffff),
                                (0x28, 8, 1 << 63), (0x20, 8, (1 << 64) - 64)):
            path = compiled(folder, "header")
            data = bytearray(path.read_bytes())
            start = address(path)
            data[at:at + size] = value.to_bytes(size, "little")
            path.write_bytes(data)
            symbolize(path, start)
        for size in ((1 << 63), (1 << 64) - 1, 1 << 40, 1 << 31):
            path = compiled(folder, "sizes")
            start = address(path)
            change(path, lambda name, fields, size=size: fields_with(fields, size=size))
            symbolize(path, start)
            os.truncate(path, min(size, 1 << 40))  # sparse, and so as long as its sections say
            symbolize(path, start)


@case
def overlapping_sections():
    with scratch() as folder:
        path = compiled(folder, "overlapping", "-gdwarf-5")
        start = address(path)
        info = sections(path.read_bytes())[".debug_info"][2]
        change(path, lambda name, fields: fields_with(fields, offset=info[4], size=info[5])
               if name.startswith((".debug", ".sym", ".str")) else fields)
        symbolize(path, start)


def packed(kind, plain, size):
    return struct.pack("<IIQQ", kind, 0, size, 1) + plain



def packed_zeros(packer, mebibytes):
    """Piece by piece: a child's largest size is at least that of the parent that it was forked from."""
    piece = bytes(1 << 20)
    return b"".join(packer.compress(piece) for _ in range(mebibytes)) + packer.flush()


@functools.cache
def zeros():
    return packed_zeros(zlib.compressobj(1), 1024)


@case(times=["zlib", "zlib-lies", "zdebug", "zstd-lies", "xz"])
def bombs(name):
    with scratch() as folder:
        path = compiled(folder, name)
        start, bytes_path = address(path), pathlib.Path(folder, "bytes")
        section = ".debug_info"
        if name == "zlib":
            bytes_path.write_bytes(packed(1, zeros(), 1 << 30))
        elif name == "zlib-lies":
            bytes_path.write_bytes(packed(1, zeros(), 1000))
        elif name == "zstd-lies":
            bytes_path.write_bytes(packed(2, b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 1 << 50) + bytes(64), 1 << 50))
        elif name == "zdebug":
            section = ".zdebug_info"
            bytes_path.write_bytes(b"ZLIB" + (1 << 30).to_bytes(8, "big") + zeros())
        else:
            section = ".gnu_debugdata"
            bytes_path.write_bytes(packed_zeros(lzma.LZMACompressor(preset=0), 256))
            subprocess.run(["strip", "-s", path], check=True)
        subprocess.run(["objcopy", "--remove-section", section, "--add-section", f"{section}={bytes_path}", path],
                       check=True)
        if name.startswith("z") and name != "zdebug":
            change(path, lambda section_name, fields: fields_with(fields, flags=fields[2] | 0x800)
                   if section_name == section else fields)
        symbolize(path, start)


@case
def endless_lines():
    """A row for every byte of a line program of 64 MiB."""
    with scratch() as folder:
        path = pathlib.Path(compiled(folder, "lines", "-gdwarf-4"))
        data, start = path.read_bytes(), address(path)
        header = sections(data)[".debug_line"][2]
        line = bytearray(data[header[4]:header[4] + header[5]])
        program = line[:10 + struct.unpack_from("<I", line, 6)[0]] + bytes([0x20]) * (64 << 20)
        struct.pack_into("<I", program, 0, len(program) - 4)
        pathlib.Path(folder, "bytes").write_bytes(program)
        subprocess.run(["objcopy", "--update-section", f".debug_line={folder}/bytes", path], check=True)
        symbolize(path, start)


@case
def symbols_without_end():
    """A million symbols for one place, each with a name of sixteen million characters."""
    with scratch() as folder:
        path = pathlib.Path(folder, "symbols")
        source = ".text\nleak: .fill 64, 1, 0x90\n" + "".join(f".set s{i}, leak\n" for i in range(1000))
        pathlib.Path(folder, "a.s").write_text(source, encoding="ascii")
        subprocess.run(["gcc", "-shared", "-nostdlib", "-o", path, f"{folder}/a.s"], check=True)
        data, start = bytearray(path.read_bytes()), address(path)
        rows = sections(bytes(data))
        symbols, strings = rows[".symtab"], rows[".strtab"]
        end = len(data)
        one = data[symbols[2][4] + 24 * 10:symbols[2][4] + 24 * 11]
        one[0:4] = struct.pack("<I", 1)
        data += bytes(one) * 1_000_000 + b"\0" + b"a" * (16 << 20) + b"\0"
        struct.pack_into("<IIQQQQIIQQ", data, symbols[1],
                         *fields_with(symbols[2], offset=end, size=24 * 1_000_000))
        struct.pack_into("<IIQQQQIIQQ", data, strings[1],
                         *fields_with(strings[2], offset=end + 24 * 1_000_000, size=(16 << 20) + 2))
        path.write_bytes(data)
        symbolize(path, start)


@case
def packages_without_end():
    """An index of split units that claims four billion of them."""
    with scratch() as folder:
        path = compiled(folder, "split", "-gsplit-dwarf", "-gdwarf-4")
        start = address(path)
        for dwo in pathlib.Path(folder).glob("*.dwo"):
            subprocess.run(["dwp", dwo, "-o", f"{path}.dwp"], check=True, timeout=10)
            dwo.unlink()
        package = pathlib.Path(f"{path}.dwp")
        whole = package.read_bytes()
        at = sections(whole)[".debug_cu_index"][2][4]
        assert "grow" in symbolize(path, start)
        for word in (1, 2, 3):
            data = bytearray(whole)
            struct.pack_into("<I", data, at + 4 * word, 0xffffffff)
            package.write_bytes(data)
            symbolize(path, start)


main()

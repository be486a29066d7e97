#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Programs on user probes run on the stack of their task, not on one of the CPU's (bpf/own_stack.bpf.h).

They can be preempted, and two tasks on one stack of a CPU crash a preemptible kernel."""
import ctypes
import glob
import os
import platform
import re
import struct

from harness import *

SYS_BPF = 321  # x86-64
BPF_PROG_GET_FD_BY_ID = 13
BPF_OBJ_GET_INFO_BY_FD = 15
INFO_BYTES = 256
# add %gs:displacement,%r9: how the kernel's JIT finds a CPU's stack (arch/x86/net/bpf_jit_comp.c)
CPU_STACK = bytes((0x65, 0x4c, 0x03, 0x0c, 0x25))


def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, 144)
    result = ctypes.CDLL(None, use_errno=True).syscall(SYS_BPF, command, buffer, len(buffer))
    assert result >= 0, (command, ctypes.get_errno())
    return result


def program_info(fd, image=None):
    info = ctypes.create_string_buffer(INFO_BYTES)
    if image is not None:
        struct.pack_into("=I4xQ", info, 16, len(image), ctypes.addressof(image))
    bpf(BPF_OBJ_GET_INFO_BY_FD, struct.pack("=IIQ", fd, INFO_BYTES, ctypes.addressof(info)))
    return info


def machine_code(program_id):
    fd = bpf(BPF_PROG_GET_FD_BY_ID, struct.pack("=I", program_id))
    size = struct.unpack_from("=I", program_info(fd), 16)[0]
    image = ctypes.create_string_buffer(size)
    program_info(fd, image)
    os.close(fd)
    return image.raw


def programs(pid):
    """Programs that the process holds: {ID: type}"""
    found = {}
    for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
        with open(path, encoding="ascii", errors="replace") as file:
            text = file.read()
        kind, number = re.search(r"^prog_type:\s*(\d+)", text, re.M), re.search(r"^prog_id:\s*(\d+)", text, re.M)
        if kind and number:
            found[int(number[1])] = int(kind[1])
    return found


@case(times=["session", "multi", "perf"])
def no_stack_of_a_cpu(backend):
    if platform.machine() != "x86_64":
        raise Skip("the machine code looked for is x86-64's")
    if kernel_version() < BACKENDS[backend]:
        raise Skip("{} is of Linux {}.{}".format(backend, *BACKENDS[backend]))
    with Fixture("heap") as target, \
            Memtrace("-v", "--backend", backend, "-p", str(target.pid), "3600") as memtrace:
        memtrace.attached()
        probes = [number for number, kind in programs(memtrace.pid).items() if kind == 2]  # BPF_PROG_TYPE_KPROBE
        assert len(probes) >= 2, probes
        for number in probes:
            code = machine_code(number)
            assert len(code) > 16, (number, len(code))
            assert CPU_STACK not in code, f"program {number} uses a stack of the CPU's"


main()

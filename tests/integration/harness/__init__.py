# SPDX-License-Identifier: GPL-2.0-or-later
"""What the integration tests share: start a fixture, trace it, compare the report with its truth.

A test is an executable file of cases:

    from harness import *

    @case
    def malloc_is_counted():
        with Fixture("heap") as target:
            check_exact(trace(target), target)

    main()
"""
from .backend import backend_cases
from .cases import Skip, case, main
from .fixture import CommandTruth, Fixture, Truth
from .kernel import BACKENDS, best_backend, kernel_version
from .memtrace import Memtrace, run_command, run_memtrace, trace
from .paths import BUILD, FIXTURES, LONG, MEMTRACE, ROOT, SYSTEM_LIBRARIES, allocator_library, fixture_path, scratch
from .process import DEADLINE_S, PATIENCE, Process
from .report import USAGE, Report, check_exact, check_invariants, check_sites, parse_reports
from .stacks import Symbols, addresses_of, check_chains, check_truth, distinct
from .target import children, probed_bytes, runs, state, unharmed, wait_until

__all__ = [name for name in dir() if not name.startswith("_")]

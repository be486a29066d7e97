#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""A library mapped later."""
from harness import *


@case
def its_allocations_count():
    with Fixture("late", fixture_path("liblate.so")) as target:
        report = trace(target)
        check_sites(report, target)  # dlopen itself allocates
    frame = report.stacks_through("site_late_constructor")[0]["frames"][0]
    assert frame["module"] == "liblate.so" and frame["file"].endswith("liblate.c"), frame


main()

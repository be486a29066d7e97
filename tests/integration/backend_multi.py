#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Attached by the back end "multi" alone: the reports are what they are by any other."""
from harness import *

backend_cases("multi")
main()

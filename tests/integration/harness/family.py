# SPDX-License-Identifier: GPL-2.0-or-later
"""The fixture whose processes fork, and what each of them says of itself."""
import json

from .paths import fixture_path
from .report import USAGE, check_invariants

FAMILY = fixture_path("family")


class Family:
    """What the processes of the fixture say of themselves."""

    def __init__(self, lines):
        self.sites, self.inherited_frees = {}, 0
        for line in lines:
            if not line.startswith('{"process"'):
                continue
            row = json.loads(line)
            pid = row.pop("process")
            self.inherited_frees += row.pop("inherited_frees", 0)
            if row:
                self.sites.setdefault(pid, {})[row.pop("kind"), row.pop("function")] = row

    def check(self, report, processes=None, unknown_frees=0):
        """All of each process's account, and nothing lost. processes: how many gave one."""
        errors = []
        for pid, sites in self.sites.items():
            seen = report.sites(pid)
            for site, truth in sites.items():
                got = seen.get(site, dict.fromkeys(USAGE, 0))
                if got != truth:
                    errors.append(f"{pid} {site}: {got}, truth {truth}")
        integrity = report.integrity
        assert not errors, "\n".join(errors[:10] + [str(integrity)])
        assert integrity["complete"] and not integrity["untraced_children"], integrity
        assert integrity["unknown_frees"] == unknown_frees, integrity
        assert integrity["inherited_frees"] == self.inherited_frees, (integrity, self.inherited_frees)
        assert processes in (None, len(self.sites)), (len(self.sites), processes)
        pids = {row["pid"] for row in report["processes"]}
        assert set(self.sites) <= pids, (sorted(self.sites), sorted(pids))
        check_invariants(report)

    def leak_errors(self, report, command, pids=None):
        """Of the children, whose blocks nothing holds when they have worked: each is one that is definitely lost.
        `command` holds what it has; `pids`: the children meant, else all."""
        errors, scans = [], {row["pid"]: row["scan"] for row in report["processes"]}
        for pid, sites in self.sites.items():
            if pid == command or (pids is not None and pid not in pids):
                continue
            leaked = [sum(s[key] for s in report.stacks if s["pid"] == pid and s["leak"] == "definite" and
                          report.top_function(s) == "family_block") for key in ("live_blocks", "live_bytes")]
            truth = [sites["heap", "family_block"][key] for key in ("live_blocks", "live_bytes")]
            if not scans.get(pid):
                errors.append(f"{pid} was not looked at")
            elif leaked != truth:
                errors.append(f"{pid}: {leaked} definite, truth {truth}")
        return errors

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of --format html is bundled when memtrace is built, or left out; what was left out is tried again."""
import os
import pathlib
import shutil
import subprocess

from harness import *

# Stand in for what a machine may have or lack: npm fails until there is a registry, node makes a page of one line.
NPM = """#!/bin/sh
echo npm >>"$0.calls"
[ -e "$(dirname "$0")/registry" ] || exit 1
mkdir -p node_modules && : >node_modules/.package-lock.json
"""
NODE = """#!/bin/sh
[ -e "$(dirname "$0")/broken" ] && exit 1
echo head >"$2/head.html"
echo tail >"$2/tail.html"
"""


class Tree:
    """The sources that the page is made of, and a folder of programs that comes before the machine's own."""

    def __init__(self, folder):
        self.top, self.bin = pathlib.Path(folder) / "tree", pathlib.Path(folder) / "bin"
        self.html = self.top / "build" / "html"
        kept = shutil.ignore_patterns("node_modules", "bundle", "seeds", "__pycache__", "golden", "machines")
        for name in ("scripts", "tests", "src/report/html"):
            shutil.copytree(ROOT / name, self.top / name, ignore=kept)
        shutil.copy(ROOT / "Makefile", self.top)
        self.bin.mkdir()

    def install(self, name, text):
        path = self.bin / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def build(self, path=None):
        """What make says; what depends on the page is built if the page is newer."""
        done = subprocess.run(["make", "-s", "-C", self.top, "BUILD=build", "BPFTOOL=none", "build/html/head.html"], capture_output=True,
                              text=True, env={**os.environ, "PATH": path or f"{self.bin}:/usr/bin:/bin"})
        assert done.returncode == 0, done.stderr
        return done.stderr

    def calls(self):
        return len((self.bin / "npm.calls").read_text(encoding="utf-8").splitlines())

    def page(self):
        return [(self.html / name).read_text(encoding="utf-8") for name in ("head.html", "tail.html")]


@case
def a_registry_that_is_not_there():
    with scratch() as folder:
        tree = Tree(folder)
        tree.install("npm", NPM)
        tree.install("node", NODE)
        assert "npm ci failed" in tree.build() and tree.page() == ["", ""]
        before = (tree.html / "head.html").stat().st_mtime_ns
        assert "npm ci failed" in tree.build() and tree.calls() == 2
        # What holds the empty page needs no building.
        assert (tree.html / "head.html").stat().st_mtime_ns == before
        (tree.bin / "registry").touch()
        assert tree.build() == "" and tree.page() == ["head\n", "tail\n"] and tree.calls() == 3
        # A page that is there stays.
        (tree.bin / "registry").unlink()
        assert tree.build() == "" and tree.page() == ["head\n", "tail\n"] and tree.calls() == 3


@case
def a_bundler_that_fails():
    with scratch() as folder:
        tree = Tree(folder)
        tree.install("npm", NPM)
        tree.install("node", NODE)
        (tree.bin / "registry").touch()
        (tree.bin / "broken").touch()
        assert "could not be bundled" in tree.build() and tree.page() == ["", ""]
        (tree.bin / "broken").unlink()
        assert tree.build() == "" and tree.page() == ["head\n", "tail\n"] and tree.calls() == 1


@case
def node_that_comes_later():
    with scratch() as folder:
        tree = Tree(folder)
        # Nothing of the machine's but what make and the script need.
        for name in ("make", "bash", "sh", "dirname", "mkdir", "rm", "uname", "touch", "echo", "env", "find", "ls"):
            if shutil.which(name):
                (tree.bin / name).symlink_to(shutil.which(name))
        alone = str(tree.bin)
        for _ in range(2):
            assert "there is no node" in tree.build(alone) and tree.page() == ["", ""]
        tree.install("npm", NPM)
        tree.install("node", NODE)
        (tree.bin / "registry").touch()
        assert tree.build(alone) == "" and tree.page() == ["head\n", "tail\n"]


main()

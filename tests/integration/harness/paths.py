# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things are."""
import contextlib
import os
import pathlib
import shutil
import tempfile

from .cases import Skip

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
MEMTRACE = str(pathlib.Path(os.environ.get("MEMTRACE", BUILD / "memtrace")).resolve())
LONG = bool(os.environ.get("MEMTRACE_TEST_LONG"))  # what takes minutes, too
FIXTURES = BUILD / "tests" / "fixtures"
SYSTEM_LIBRARIES = pathlib.Path("/usr/lib") / f"{os.uname().machine}-linux-gnu"


def fixture_path(name):
    """The path of a built fixture; one whose compiler is missing here is a skip."""
    path = FIXTURES / name
    if not path.exists():
        if (FIXTURES / (name + ".absent")).exists():
            raise Skip((FIXTURES / (name + ".absent")).read_text().strip())
        raise FileNotFoundError(f"{path}: run `make fixtures`")
    return str(path)


def allocator_library(name):
    """The path of jemalloc, tcmalloc or mimalloc as Debian installs it."""
    file = {"jemalloc": "libjemalloc.so.2", "tcmalloc": "libtcmalloc.so.4",
            "tcmalloc_minimal": "libtcmalloc_minimal.so.4", "mimalloc": "libmimalloc.so.2"}[name]
    path = SYSTEM_LIBRARIES / file
    if not path.exists():
        raise Skip(f"{file} is not installed")
    return str(path)


@contextlib.contextmanager
def scratch():
    """A folder of the test's own that everybody may read, gone afterwards."""
    folder = tempfile.mkdtemp(prefix="memtrace-test-")
    os.chmod(folder, 0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

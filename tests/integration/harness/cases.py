# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases of a test file, run in their order; the file's exit status is the test's verdict."""
import sys
import textwrap
import time
import traceback

SKIPPED = 77
_cases = []


class Skip(Exception):
    """This machine cannot show it; the text says what is missing."""


def case(function=None, *, times=None):
    """Registers a case; `times` is a list of argument tuples, one run for each."""
    def register(f):
        for arguments in times or [()]:
            arguments = arguments if isinstance(arguments, tuple) else (arguments,)
            label = "".join(f" {a}" for a in arguments if isinstance(a, (str, int)))
            _cases.append((f.__name__ + label, f, arguments))
        return f
    return register(function) if function else register


def main():
    """Runs the cases named in argv (by prefix), or all. Exits 0, 1, or 77 when all were skipped."""
    failed, skipped, ran = [], [], 0
    for name, function, arguments in _cases:
        if len(sys.argv) > 1 and not any(name.startswith(a) for a in sys.argv[1:]):
            continue
        ran += 1
        start, details = time.monotonic(), ""
        try:
            function(*arguments)
            verdict = "ok"
        except Skip as reason:
            skipped.append(str(reason))
            verdict = f"skipped: {reason}"
        except AssertionError as e:
            failed.append(name)
            verdict = "FAILED"
            steps = traceback.extract_tb(e.__traceback__)[1:]
            details = "\n".join([f"{s.filename.rsplit('/', 1)[-1]}:{s.lineno} {s.line}" for s in steps] + [str(e)])
        except Exception:  # noqa: BLE001: whatever it was, the other cases still run
            failed.append(name)
            verdict = "FAILED"
            details = traceback.format_exc()
        print(f"{name}: {verdict} ({time.monotonic() - start:.1f} s)")
        print(textwrap.indent(details, "    "), end="\n" if details else "", flush=True)
    if failed:
        print(f"{len(failed)} of {ran} cases failed: {', '.join(failed)}")
        sys.exit(1)
    if ran and len(skipped) == ran:
        print(skipped[0])
        sys.exit(SKIPPED)
    sys.exit(0 if ran else 1)

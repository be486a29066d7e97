# SPDX-License-Identifier: GPL-2.0-or-later
"""JSON Schemas, and that they refuse what is wrong."""
import copy
import json

from .paths import ROOT

DELETE = object()  # in place of a value: the key must not be missing


def validator(name):
    """Of docs/NAME, which is a schema."""
    import jsonschema  # tests that need no schema run without it
    schema = json.loads((ROOT / "docs" / name).read_text(encoding="utf-8"))
    cls = jsonschema.validators.validator_for(schema)
    cls.check_schema(schema)
    return cls(schema)


def check_refusals(check, report, wrongs):
    """wrongs: paths into the report, and a value that must not stand there."""
    for path, value in wrongs:
        wrong = copy.deepcopy(report)
        place = wrong
        for key in path[:-1]:
            place = place[key]
        if value is DELETE:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        assert not check.is_valid(wrong), f"the schema takes {path} = {value}"

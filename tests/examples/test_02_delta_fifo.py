"""The DeltaFIFO example, as it stands in examples/."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "02_delta_fifo.py"


def test_it_prints_what_happens_to_each_pod(capsys: pytest.CaptureFixture[str]) -> None:
    """Replace, add, update, delete, resync and pop print the deltas of each key, oldest first."""
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    assert capsys.readouterr().out.splitlines() == [
        "# replace: the first list is the whole truth",
        "default/web (initial list)",
        "  Replaced : web on n1",
        "default/db (initial list)",
        "  Replaced : db on n1",
        "# add, update, delete: changes wait under their pod's key, two deletions are one",
        "default/web",
        "  Updated : web on n2",
        "  Updated : web on n3",
        "default/job",
        "  Added : job on n1",
        "  Deleted : job on n1",
        "# resync: what is known is told again, unless there is news",
        "default/web",
        "  Updated : web on n4",
        "default/db",
        "  Sync : db on n1",
        "# replace: what is missing from a new list is gone, and leaves a tombstone",
        "default/db",
        "  Updated : db on n2",
        "  Deleted : db on n2, its last state was missed",
        "default/web",
        "  Replaced : web on n4",
        "# delete: nobody was told of this one, so nobody is told of its end",
        "in the cache: default/web",
    ]

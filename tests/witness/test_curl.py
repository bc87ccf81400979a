"""List and watch are two URLs: the README's curl commands, as written there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from processes import Lines, serve

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")]

README = Path(__file__).parents[2] / "README.md"


def readme_commands() -> list[str]:
    """The README's curl commands, and what stands before them to set them up."""
    lines = README.read_text().splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith(("$ TOKEN=", "$ curl "))]


def test_the_articles_two_urls(tmp_path: Path) -> None:
    """Curl with the CA and a token lists the pods and watches them, by the commands that the README shows."""
    setup, listing, watching = readme_commands()
    with serve(tmp_path) as served:
        served.kubectl("apply", "-f", str(README.with_name("examples") / "test-pod.yaml"))
        served.kubectl("wait", "--for=condition=Ready", "pod/test-pod", "--timeout=10s")
        listed = subprocess.run(
            ["sh", "-c", f"{setup}\n{listing} --silent --fail"],
            cwd=tmp_path,
            capture_output=True,
            check=True,
            timeout=20,
        )
        assert [item["metadata"]["name"] for item in json.loads(listed.stdout)["items"]] == ["test-pod"]
        with subprocess.Popen(
            ["sh", "-c", f"{setup}\nexec {watching} --silent --no-buffer"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ},
        ) as process:
            assert process.stdout is not None
            lines = Lines(process.stdout)
            event = json.loads(lines.until('"ADDED"')[-1])
            process.terminate()
            lines._thread.join(timeout=20)
    assert event["object"]["metadata"]["name"] == "test-pod"

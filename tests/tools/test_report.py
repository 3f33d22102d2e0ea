"""The issue of a weekly job that fails: `.ci/report`."""

import os
import shlex
import subprocess

import pytest

from tools.chapters import ROOT


def fake_gh(folder, answer):
    """A `gh` that notes what it is asked and answers a list with a number."""
    tool = folder / "gh"
    lines = [
        "#!/usr/bin/env bash",  # Python's own path may have a space in it
        f"printf '%q ' \"$@\" >> {shlex.quote(str(folder / 'asked'))}",
        f"echo >> {shlex.quote(str(folder / 'asked'))}",
        f'[ "$2" != list ] || echo {answer}',
    ]
    tool.write_text("\n".join(lines))
    tool.chmod(0o755)


@pytest.mark.parametrize(
    "open_issue, says",
    [
        ("", "issue create --title it\\ fails"),
        ("12", "issue comment 12 --body"),
    ],
)
def test_one_issue_is_opened_or_added_to(tmp_path, open_issue, says):
    fake_gh(tmp_path, open_issue)
    log = tmp_path / "log"
    log.write_text("".join(f"line {i}\n" for i in range(99)))
    env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [ROOT / ".ci" / "report", "it fails", log, "address"]
    subprocess.run(command, env=env, check=True)
    listed, told = (tmp_path / "asked").read_text().splitlines()
    assert '.title == "it fails"' in shlex.split(listed)[-1]
    assert told.startswith(says)
    assert "address" in told and "line 98" in told and "line 9\\n" not in told

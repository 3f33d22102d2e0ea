"""The issue of a weekly job that fails: `.ci/report`."""

import os
import subprocess
import sys

import pytest

from tools.chapters import ROOT


def fake_gh(folder, answer):
    """A `gh` that notes what it is asked and answers a list with a number."""
    tool = folder / "gh"
    lines = [
        f"#!{sys.executable}",
        "import sys",
        f"asked = open({str(folder / 'asked')!r}, 'a')",
        "print(sys.argv[1:], file=asked)",
        f"print({answer!r}) if sys.argv[2] == 'list' else None",
    ]
    tool.write_text("\n".join(lines))
    tool.chmod(0o755)


@pytest.mark.parametrize(
    "open_issue, says",
    [
        ("", "['issue', 'create', '--title', 'it fails'"),
        ("12", "['issue', 'comment', '12', '--body'"),
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
    assert '.title == "it fails"' in listed
    assert told.startswith(says)
    assert "address" in told and "line 98" in told and "line 9\\n" not in told

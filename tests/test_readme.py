"""What README and docs promise: nothing left to fill in, links that lead on, true commands."""

from __future__ import annotations

import importlib.util
import re
import runpy
import shlex
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|(?:src|href)=\"([^\"]+)\"")
COMMAND = re.compile(r"python3? -m (jobs\.[^`#\n]+)")
JOB = re.compile(r"\bjobs\.([a-z_]+)")


def commands() -> list[str]:
    """Every `python -m jobs.X ...` of the pages, without what follows it, each once."""
    found = (match[1].strip() for page in PAGES for match in COMMAND.finditer(page.read_text()))
    return sorted(set(found))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
class TestEveryPage:
    """README.md and docs."""

    def test_nothing_is_left_to_fill_in(self, page: Path) -> None:
        """Catches a figure that was never put in."""
        assert "@@" not in page.read_text(encoding="utf-8")

    def test_links_and_pictures_are_there(self, page: Path) -> None:
        """Catches a file that was moved, and a picture that was never drawn."""
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        targets = [one or other for one, other in LINK.findall(text)]
        gone = [
            target
            for target in targets
            if not re.match(r"[a-z][a-z0-9+.-]*:|#", target)
            and not (page.parent / target.partition("#")[0]).exists()
        ]
        assert not gone, f"{page.name} links to what is not there"

    def test_jobs_that_it_names_exist(self, page: Path) -> None:
        """Catches a command that was renamed."""
        named = set(JOB.findall(page.read_text(encoding="utf-8")))
        assert not [job for job in named if importlib.util.find_spec(f"jobs.{job}") is None]


def test_readme_names_every_job() -> None:
    """Catches a command that nobody can find."""
    there = {
        path.stem for path in (ROOT / "jobs").glob("*.py") if "__main__" in path.read_text("utf-8")
    }
    assert there <= set(JOB.findall((ROOT / "README.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("command", commands())
def test_commands_are_understood(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a documented option or subcommand that there is not: with --help behind it a command
    line is parsed, and nothing is done."""
    module, *arguments = shlex.split(command)
    monkeypatch.setattr("sys.argv", [module, *arguments, "--help"])
    with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
        warnings.simplefilter("ignore", RuntimeWarning)  # that it was imported before
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    printed = capsys.readouterr()
    assert ended.value.code == 0, printed.err
    assert "Usage" in printed.out

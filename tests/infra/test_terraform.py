"""The cloud: style, validity, rules, and all of it made and removed on a pretended AWS.

Needs terraform, the AWS provider on this machine and moto; says what is missing if it skips.
`make infra-test` makes the cluster, too, which takes minutes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.check import CHECKS, check, with_cluster


@pytest.mark.parametrize("name", [name for name in CHECKS if CHECKS[name] is not with_cluster])
def test_terraform(name: str, tmp_path: Path) -> None:
    """Would catch what the docstring of the check says."""
    outcome = check(name, tmp_path)
    if outcome.status == "skipped":
        pytest.skip(outcome.found)
    assert outcome.status == "ok", outcome.found

"""Terraform: formatted, valid, and its own tests pass against a mocked provider.

Needs the program and, from TF_CLI_CONFIG_FILE or a registry, the AWS provider; says so if not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "infra" / "terraform"
TERRAFORM = shutil.which("terraform")

pytestmark = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")


def terraform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run terraform in a folder, without colours and without asking."""
    return subprocess.run(
        [str(TERRAFORM), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"},
    )


def test_it_is_formatted() -> None:
    """Would catch files that `terraform fmt` would change under the next editor."""
    done = terraform(ROOT, "fmt", "-check", "-recursive", "-diff")
    assert done.returncode == 0, done.stdout


def test_it_is_valid_and_its_tests_pass(tmp_path: Path) -> None:
    """Would catch a misspelt attribute and a bucket without its lock."""
    config = provider_config(tmp_path)
    if config is None:
        pytest.skip("no folder with terraform-provider-aws in TERRAFORM_PROVIDERS")
    folder = tmp_path / "terraform"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".terraform*"))
    os.environ["TF_CLI_CONFIG_FILE"] = str(config)
    try:
        for arguments in (("init", "-input=false"), ("validate",), ("test",)):
            done = terraform(folder, *arguments)
            assert done.returncode == 0, done.stdout + done.stderr
    finally:
        os.environ.pop("TF_CLI_CONFIG_FILE")


def provider_config(folder: Path) -> Path | None:
    """A CLI configuration for the provider mirror named in TERRAFORM_PROVIDERS, if there is one."""
    mirror = os.environ.get("TERRAFORM_PROVIDERS")
    if not mirror or not any(Path(mirror).rglob("terraform-provider-aws*")):
        return None
    config = folder / "terraform.rc"
    config.write_text(
        "disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n"
        f'    path = "{mirror}"\n'
        "  }\n}\n"
    )
    return config

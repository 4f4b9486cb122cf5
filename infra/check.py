"""Checks the Terraform: `python infra/check.py` prints a table, and ends with 1 if a check failed.

Style, validity and rules need the program terraform and the AWS provider on this machine; making
and removing all of it needs moto's server, which pretends to be AWS on loopback; the security scan
needs checkov. What is not here is skipped, and the table says so.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parent / "terraform"
PROVIDER = "terraform-provider-aws*"
MIRRORS = ("/usr/share", "/usr/local/share", "/opt", "~/.terraform.d")
"""Where providers are kept on machines without a registry; TERRAFORM_PROVIDERS comes first."""
KEY = "module.spotmill.module.signing.aws_kms_key.this"
DRIFTS = "module.spotmill.module.eks[0]."
"""What moto reads back otherwise than it was given (a remote access that nobody asked for)."""


@dataclass(frozen=True)
class Outcome:
    """Of one check: what it found, in words."""

    check: str
    status: Literal["ok", "failed", "skipped"]
    found: str
    seconds: float = 0.0


class Unfit(Exception):
    """A check cannot be made here; the message says what is missing."""


def provider_mirror() -> Path | None:
    """The folder of a filesystem mirror that holds the AWS provider, if there is one."""
    named = os.environ.get("TERRAFORM_PROVIDERS")
    for place in (named,) if named else MIRRORS:
        root = Path(place).expanduser()
        depth = len(root.parts)
        for folder, below, files in os.walk(root):
            here = Path(folder)
            if any(here.joinpath(name).match(PROVIDER) for name in files):
                # <mirror>/<host>/<namespace>/aws/<version>/<platform>/terraform-provider-aws_...
                return here.parents[4]
            if len(here.parts) - depth > 6:
                below.clear()
    return None


class Workshop:
    """A copy of the Terraform to work in, and the program with a configuration of its own."""

    def __init__(self, folder: Path) -> None:
        program, mirror = shutil.which("terraform"), provider_mirror()
        if program is None:
            raise Unfit("terraform is not installed")
        self.program, self.folder, self.mirror = program, folder / "terraform", mirror
        shutil.copytree(
            ROOT, self.folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*")
        )
        config = folder / "terraform.rc"
        lines = ["disable_checkpoint = true"]
        if mirror is not None:
            lines += [
                "provider_installation {",
                f'  filesystem_mirror {{ path = "{mirror}" }}',
                "}",
            ]
        config.write_text("\n".join([*lines, ""]))
        (folder / "plugins").mkdir()
        self.environment = {
            **os.environ, "TF_CLI_CONFIG_FILE": str(config), "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1", "TF_PLUGIN_CACHE_DIR": str(folder / "plugins"),
            "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1",
        }  # fmt: skip

    def run(
        self, *arguments: str, below: str = ".", expected: tuple[int, ...] = (0,)
    ) -> subprocess.CompletedProcess[str]:
        """Terraform in a folder of the copy. Raises `AssertionError` with what it said."""
        done = subprocess.run(
            [self.program, *arguments, "-no-color"], cwd=self.folder / below,
            env=self.environment, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode in expected, (
            f"terraform {' '.join(arguments)} in {below}: {(done.stdout + done.stderr)[-3000:]}"
        )
        return done

    def need_provider(self) -> None:
        """Raises `Unfit` where the AWS provider is not on this machine."""
        if self.mirror is None:
            raise Unfit("no terraform-provider-aws here; name its folder in TERRAFORM_PROVIDERS")


def formatted(shop: Workshop) -> str:
    """Would catch files that `terraform fmt` would change under the next editor."""
    shop.run("fmt", "-check", "-recursive", "-diff")
    return f"{len(list(ROOT.rglob('*.tf')))} files"


def valid(shop: Workshop) -> str:
    """Would catch a misspelt attribute, in the module and in both examples."""
    shop.need_provider()
    places = (".", "examples/minimal", "examples/production")
    for place in places:
        shop.run("init", "-input=false", "-backend=false", below=place)
        shop.run("validate", below=place)
    return "the module and two examples"


def rules(shop: Workshop) -> str:
    """Would catch a bucket that is open, a worker that can sign, a bad value that passes."""
    shop.need_provider()
    shop.run("init", "-input=false", "-backend=false")
    said = shop.run("test").stdout.strip().splitlines()[-1]
    return said.removeprefix("Success! ")


def made_and_removed(shop: Workshop, cluster: bool = False) -> str:
    """Would catch what only shows when it is made: names too long, policies refused, a second plan
    that wants to change what the first made, a signing key that a slip removes."""
    shop.need_provider()
    place = "tests/moto"
    with moto_server() as endpoint:
        told = (f"-var=endpoint={endpoint}", f"-var=create_cluster={str(cluster).lower()}")
        shop.run("init", "-input=false", below=place)
        made = shop.run("apply", "-auto-approve", *told, below=place).stdout
        shop.run("plan", "-detailed-exitcode", "-out=again", *told, below=place, expected=(0, 2))
        again = json.loads(shop.run("show", "-json", "again", below=place).stdout)
        changes = [
            change["address"] for change in again.get("resource_changes", [])
            if change["change"]["actions"] not in (["no-op"], ["read"])
        ]  # fmt: skip
        strange = [address for address in changes if not address.startswith(DRIFTS)]
        assert not strange, f"a second plan would change {', '.join(strange)}"
        refused = shop.run("destroy", "-auto-approve", *told, below=place, expected=(1,))
        assert "prevent_destroy" in refused.stderr, refused.stderr[-2000:]
        shop.run("state", "rm", KEY, below=place)
        removed = shop.run("destroy", "-auto-approve", *told, below=place).stdout
    count = made.split("Apply complete! Resources: ")[1].split(" ")[0]
    gone = removed.split("Destroy complete! Resources: ")[1].split(" ")[0]
    but = f" but for {len(changes)} of the cluster's that moto reads back otherwise"
    return (
        f"{count} made; second plan empty{but if changes else ''}; the signing key refused to go,"
        f" the other {gone} went"
    )


def with_cluster(shop: Workshop) -> str:
    """The same with network and cluster: it takes minutes."""
    return made_and_removed(shop, cluster=True)


def scanned(shop: Workshop) -> str:
    """Would catch a setting that security reviews refuse; reasons stand beside what is skipped."""
    program = shutil.which("checkov", path=os.environ.get("PATH")) or os.environ.get("CHECKOV")
    if program is None:
        raise Unfit("checkov is not installed (pipx install checkov)")
    done = subprocess.run(
        [program, "-d", str(ROOT), "--framework", "terraform", "--compact", "--quiet",
         "--skip-download", "-o", "json"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    report = json.loads(done.stdout)
    summary = report["summary"]
    failed = [
        f"{check['check_id']} {check['resource']}" for check in report["results"]["failed_checks"]
    ]
    assert not failed, "; ".join(failed)
    return f"{summary['passed']} passed, {summary['skipped']} skipped with their reasons"


CHECKS: dict[str, Callable[[Workshop], str]] = {
    "formatted": formatted,
    "valid": valid,
    "rules (terraform test)": rules,
    "made and removed (moto)": made_and_removed,
    "with the cluster (moto)": with_cluster,
    "scanned (checkov)": scanned,
}


@contextmanager
def moto_server() -> Iterator[str]:
    """A pretended AWS on loopback; yields its address. Raises `Unfit` where moto is not there."""
    program = Path(sys.executable).with_name("moto_server")
    if not program.exists():
        raise Unfit("moto is not installed: make .venv/installed-test")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [str(program), "-H", "127.0.0.1", "-p", str(port)],
        env={**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise Unfit("moto's server did not start within a minute")


def check(name: str, folder: Path) -> Outcome:
    """Make one check, in an empty folder."""
    begun = time.monotonic()
    try:
        found, status = CHECKS[name](Workshop(folder)), "ok"
    except Unfit as missing:
        found, status = str(missing), "skipped"
    except AssertionError as wrong:
        found, status = str(wrong), "failed"
    return Outcome(name, status, found, time.monotonic() - begun)  # type: ignore[arg-type]


def main() -> int:
    """Make all checks and print a table of them."""
    from rich.console import Console
    from rich.table import Table

    table = Table("check", "", "found", "s", title="infra/terraform", title_justify="left")
    outcomes = []
    for name in CHECKS:
        with tempfile.TemporaryDirectory(prefix="spotmill-infra-") as folder:
            outcome = check(name, Path(folder))
        outcomes.append(outcome)
        colour = {"ok": "green", "failed": "red", "skipped": "yellow"}[outcome.status]
        status = f"[{colour}]{outcome.status}[/{colour}]"
        table.add_row(name, status, outcome.found, f"{outcome.seconds:.0f}")
    Console().print(table)
    return int(any(outcome.status == "failed" for outcome in outcomes))


if __name__ == "__main__":
    raise SystemExit(main())

"""Writes an overlay's values from what Terraform made:
`terraform output -json | python infra/values.py --campaign URI --tag 1.0.0 > .../values.env`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from typing import Any

SAFE = re.compile(r"[A-Za-z0-9._:/@=-]+")
"""Values go into a command line that a shell reads: nothing that means something to it."""
WHEN_RUNNING = ("join", "skip", "queue", "take-over")


class Missing(ValueError):
    """Terraform's outputs lack something; the message says what, and why that may be."""


def outputs_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The module's outputs, of `terraform output -json` in the module or in an example."""
    values = {name: one["value"] for name, one in content.items()}
    return dict(values.get("spotmill", values))


def values(
    outputs: Mapping[str, Any], *, campaign: str, out: str | None, tag: str, recipe: str, when: str
) -> dict[str, str]:
    """What `values.env` of an overlay holds. Raises `Missing`, and `ValueError` for a value that a
    shell would read otherwise."""
    for name in ("images", "buckets", "role_arns"):
        if not outputs.get(name):
            why = "; roles need a cluster: create_cluster or cluster_identity" * (
                name == "role_arns"
            )
            raise Missing(f"the outputs have no {name}{why}")
    found = {
        "IMAGE_CPU": f"{outputs['images']['cpu']}:{tag}",
        "IMAGE_GPU": f"{outputs['images']['gpu']}:{tag}",
        "ROLE_RENDER": outputs["role_arns"]["render"],
        "ROLE_SIGN": outputs["role_arns"]["sign"],
        "CAMPAIGN": campaign,
        "OUT": out or f"s3://{outputs['buckets']['outputs']}/nightly",
        "RECIPE": recipe,
        "WHEN_RUNNING": when,
    }
    for name, value in found.items():
        if not SAFE.fullmatch(value):
            raise ValueError(f"{name}: {value!r}: use letters, digits and . _ : / @ = - alone")
    return found


def main() -> int:
    """Read Terraform's outputs from stdin, print the values."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaign", required=True, help="campaign file, s3://...")
    parser.add_argument("--out", help="s3://...; the outputs' bucket, nightly/, if left out")
    parser.add_argument("--tag", required=True, help="of both images")
    parser.add_argument("--recipe", default="gpu")
    parser.add_argument("--when-running", default="skip", choices=WHEN_RUNNING)
    given = parser.parse_args()
    try:
        found = values(
            outputs_of(json.load(sys.stdin)), campaign=given.campaign, out=given.out,
            tag=given.tag, recipe=given.recipe, when=given.when_running,
        )  # fmt: skip
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(f"{name}={value}" for name, value in found.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What KubeRay takes: its CRD schemas by version and hash, and types where they are not here.

`python infra/kuberay.py MANIFEST...` checks manifests (as `kubectl kustomize` writes them) against
the schemas in the folder that KUBERAY_CRDS names, else by the types below.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

VERSION = "1.7.0"
COMMIT = "59d663aeec13760646da3db9c1cf8cfe883e30b7"
SOURCE = (
    "https://raw.githubusercontent.com/ray-project/kuberay/"
    f"{COMMIT}/helm-chart/kuberay-operator/crds"
)
SHA256 = {
    "ray.io_rayclusters.yaml": "c44704442eef0c6721ad40c1d66782c8bd3fdab9d3344306a5820910a679baa1",
    "ray.io_rayjobs.yaml": "01a5cf3b17c1769fda44af7e82debcd98722f0c27b9ab84d084681c6649121f5",
    "ray.io_raycronjobs.yaml": "31c2c753bba01f7e8e89cb8e8c504131b58ee42090ca536d87f5ac27605a568e",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AuthOptions(_Part):
    """Who may talk to the cluster."""

    mode: Literal["disabled", "token"]
    secretName: str | None = None


class PodTemplate(_Part):
    """Of what Kubernetes itself knows the schema, only the frame."""

    metadata: dict[str, Any] = Field(default_factory=dict)
    spec: dict[str, Any]

    @model_validator(mode="after")
    def _has_a_container(self) -> PodTemplate:
        if not self.spec.get("containers"):
            raise ValueError("a pod needs a container")
        return self


class HeadGroup(_Part):
    """The pod of the head."""

    template: PodTemplate
    rayStartParams: dict[str, str] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)
    serviceType: Literal["ClusterIP"] | None = None


class WorkerGroup(_Part):
    """Pods of one kind."""

    groupName: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    template: PodTemplate
    replicas: Annotated[int, Field(ge=0)]
    minReplicas: Annotated[int, Field(ge=0)]
    maxReplicas: Annotated[int, Field(ge=0)]
    rayStartParams: dict[str, str]
    labels: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sizes(self) -> WorkerGroup:
        if not self.minReplicas <= self.replicas <= self.maxReplicas:
            raise ValueError(f"{self.groupName}: minReplicas <= replicas <= maxReplicas")
        if "labels" in self.rayStartParams:  # the operator refuses it
            raise ValueError(f"{self.groupName}: labels go beside rayStartParams, not into them")
        return self


class RayClusterSpec(_Part):
    """Those fields that the manifests use."""

    rayVersion: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    authOptions: AuthOptions
    headGroupSpec: HeadGroup
    workerGroupSpecs: list[WorkerGroup]

    @model_validator(mode="after")
    def _knows_tokens(self) -> RayClusterSpec:
        if tuple(map(int, self.rayVersion.split("."))) < (2, 54, 0):
            raise ValueError("rayVersion: Spotmill needs Ray 2.54 or newer")
        return self


class SubmitterConfig(_Part):
    """How often the submitter tries."""

    backoffLimit: Annotated[int, Field(ge=0)]


class RayJobSpec(_Part):
    """Those fields that the manifests use."""

    entrypoint: str
    rayClusterSpec: RayClusterSpec
    submitterPodTemplate: PodTemplate
    submitterConfig: SubmitterConfig
    entrypointResources: str
    metadata: dict[str, str]
    shutdownAfterJobFinishes: bool
    ttlSecondsAfterFinished: Annotated[int, Field(ge=0)]
    preRunningDeadlineSeconds: Annotated[int, Field(ge=1)]
    activeDeadlineSeconds: Annotated[int, Field(ge=1)]
    backoffLimit: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _ttl_needs_shutdown(self) -> RayJobSpec:
        if self.ttlSecondsAfterFinished and not self.shutdownAfterJobFinishes:
            raise ValueError("ttlSecondsAfterFinished needs shutdownAfterJobFinishes")
        return self


class RayCronJobSpec(_Part):
    """All fields there are: none says what happens while a run is in progress."""

    schedule: Annotated[str, Field(pattern=r"^\S+( \S+){4}$")]
    timeZone: Annotated[str, Field(min_length=1)] | None = None
    suspend: bool = False
    jobTemplate: RayJobSpec


SPECS: dict[str, type[BaseModel]] = {
    "RayCluster": RayClusterSpec,
    "RayJob": RayJobSpec,
    "RayCronJob": RayCronJobSpec,
}


def schemas(folder: Path) -> dict[str, dict[str, Any]]:
    """JSON schemas by kind, of the CRDs in the folder. Raises `ValueError` for another version."""
    found = {}
    for name, sha256 in SHA256.items():
        content = (folder / name).read_bytes()
        if (actual := hashlib.sha256(content).hexdigest()) != sha256:
            raise ValueError(f"{name} is not that of KubeRay {VERSION} (sha256 {actual})")
        crd = yaml.safe_load(content)
        (version,) = [v for v in crd["spec"]["versions"] if v["name"] == "v1"]
        found[crd["spec"]["names"]["kind"]] = _strict(version["schema"]["openAPIV3Schema"])
    return found


def _strict(schema: Any) -> Any:
    """The schema, refusing fields that it does not name: the API server would drop them."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _strict(value) for name, value in schema.items()}
    if made.pop("x-kubernetes-int-or-string", False):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        metadata = made["properties"].get("metadata")
        if metadata == {"type": "object"}:
            made["properties"]["metadata"] = True
        made.setdefault("additionalProperties", False)
    return made


def faults(document: Mapping[str, Any], crds: Mapping[str, Any] | None = None) -> Iterator[str]:
    """What is wrong with a manifest of KubeRay's; nothing for one of other kinds."""
    kind = document.get("kind", "")
    if kind not in SPECS:
        return
    if document.get("apiVersion") != "ray.io/v1":
        yield f"{kind}: apiVersion is ray.io/v1"
    name = document["metadata"]["name"]
    try:
        SPECS[kind].model_validate(document["spec"])
    except ValidationError as error:
        for one in error.errors():
            yield f"{kind} {name}: {'.'.join(map(str, one['loc']))}: {one['msg']}"
    if crds is not None:
        import jsonschema

        for wrong in jsonschema.Draft202012Validator(crds[kind]).iter_errors(document):
            yield f"{kind} {name}: {wrong.json_path}: {wrong.message[:300]}"


def main(names: list[str]) -> int:
    """Check manifests; say what is wrong, and by what it was checked."""
    place = os.environ.get("KUBERAY_CRDS")
    crds = schemas(Path(place)) if place else None
    found = 0
    for name in names:
        for document in yaml.safe_load_all(Path(name).read_text("utf-8")):
            for fault in faults(document, crds):
                print(f"{name}: {fault}")
                found += 1
    by = f"the CRDs of KubeRay {VERSION}" if crds else f"types alone; the CRDs are at {SOURCE}"
    print(f"{len(names)} files, {found} faults, checked by {by}")
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

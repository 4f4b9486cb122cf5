"""The Kubernetes manifests: composed, checked by type and by what the engine asks for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import ray
import yaml

from cluster.profile import load_profile
from infra.kuberay import SPECS, VERSION, faults, schemas
from infra.values import Missing, outputs_of, values
from jobs.render import render
from stages.sign import Sign
from tests.pipeline.toy_stages import Count, Loud

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "cluster" / "kubernetes"
OVERLAYS = sorted(one.name for one in (FOLDER / "overlays").iterdir())
Document = dict[str, Any]


@cache
def composed(overlay: str) -> list[Document]:
    """What `kubectl apply -k` would send."""
    place = str(FOLDER / "overlays" / overlay)
    if shutil.which("kustomize"):
        command = ["kustomize", "build", place]
    elif shutil.which("kubectl"):
        command = ["kubectl", "kustomize", place]
    else:
        pytest.skip("neither kustomize nor kubectl is here: files are checked one by one alone")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def clusters(overlay: str) -> Iterator[Document]:
    """Specs of Ray clusters, wherever they stand."""
    for one in composed(overlay):
        if one["kind"] == "RayCluster":
            yield one["spec"]
        elif one["kind"] in SPECS:
            yield job_of(one)["rayClusterSpec"]


def job_of(document: Document) -> Document:
    """The spec of a job, on demand or by the clock."""
    spec = document["spec"]
    return dict(spec["jobTemplate"] if document["kind"] == "RayCronJob" else spec)


def pods(overlay: str) -> Iterator[tuple[str, Document]]:
    """Every pod template, by a name for people."""
    for spec in clusters(overlay):
        yield "head", spec["headGroupSpec"]["template"]
        for group in spec["workerGroupSpecs"]:
            yield group["groupName"], group["template"]
    for one in composed(overlay):
        if one["kind"] in ("RayJob", "RayCronJob"):
            yield "submitter", job_of(one)["submitterPodTemplate"]


def of_kind(overlay: str, kind: str) -> dict[str, Document]:
    """Documents of a kind, by name."""
    return {one["metadata"]["name"]: one for one in composed(overlay) if one["kind"] == kind}


def test_every_file_is_named_by_a_kustomization() -> None:
    """Would catch a manifest that is written and never applied; needs no kustomize."""
    named = set()
    for file in FOLDER.rglob("kustomization.yaml"):
        content = yaml.safe_load(file.read_text("utf-8"))
        listed = [*content.get("resources", []), *content.get("components", [])]
        listed += [one["path"] for one in content.get("patches", []) if "path" in one]
        listed += [e for one in content.get("configMapGenerator", []) for e in one["envs"]]
        for name in listed:
            assert (file.parent / name).exists(), f"{file} names {name}"
            named.add((file.parent / name).resolve())
    files = {p.resolve() for p in FOLDER.rglob("*") if p.suffix in (".yaml", ".env")}
    assert {f for f in files if f.name != "kustomization.yaml"} <= named


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_fits_kuberay(overlay: str) -> None:
    """Would catch a field that the API server drops in silence, and one that it refuses."""
    place = os.environ.get("KUBERAY_CRDS")
    crds = schemas(Path(place)) if place else None
    assert [fault for one in composed(overlay) for fault in faults(one, crds)] == []


def test_the_check_refuses() -> None:
    """Would catch a check that passes everything."""
    (one,) = of_kind("production-nightly", "RayCronJob").values()
    wrong = json.loads(json.dumps(one))
    wrong["spec"]["concurrencyPolicy"] = "Forbid"  # a CronJob's, not KubeRay's
    wrong["spec"]["jobTemplate"]["rayClusterSpec"]["authOptions"]["mode"] = "tokens"
    found = "\n".join(faults(wrong))
    assert "concurrencyPolicy" in found and "authOptions.mode" in found
    place = os.environ.get("KUBERAY_CRDS")
    if place:
        found = "\n".join(faults(wrong, schemas(Path(place))))
        assert found.count("concurrencyPolicy") == 2, f"by type and by CRDs of {VERSION}: {found}"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ray_asks_for_a_token(overlay: str) -> None:
    """Would catch a cluster that runs anybody's code (CVE-2023-48022)."""
    for spec in clusters(overlay):
        assert spec["authOptions"]["mode"] == "token"
    for name, pod in pods(overlay):
        environment = {e["name"]: e.get("value") for e in pod["spec"]["containers"][0]["env"]}
        assert name == "submitter" or environment["RAY_AUTH_MODE"] == "token"
        assert "RAY_AUTH_TOKEN" not in environment, "a token in a manifest is no secret"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_pass_the_restricted_standard(overlay: str) -> None:
    """Would catch a pod that the namespace refuses, or one that runs as root or can write its own
    programs."""
    (namespace,) = of_kind(overlay, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for name, pod in pods(overlay):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] >= 10000, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        for volume in spec["volumes"]:
            assert volume.keys() - {"name"} <= {"emptyDir", "persistentVolumeClaim"}, name
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert context["readOnlyRootFilesystem"] is True, name
            mounted = {one["mountPath"] for one in container["volumeMounts"]}
            assert "/tmp" in mounted, f"{name} has nowhere to write"
            assert not any(port.get("hostPort") for port in container.get("ports", []))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_have_limits_and_probes(overlay: str) -> None:
    """Would catch a worker that takes its machine down, and a dead one that is waited for."""
    for name, pod in pods(overlay):
        (container,) = pod["spec"]["containers"]
        limits, requests = container["resources"]["limits"], container["resources"]["requests"]
        assert limits.keys() >= {"cpu", "memory"} <= requests.keys(), name
        if name != "submitter":
            # Ray takes the limit for what it has; less memory than that gets the pod killed.
            assert limits["memory"] == requests["memory"], name
            for probe in ("livenessProbe", "readinessProbe"):
                assert container[probe]["httpGet"] == {"path": "/api/healthz", "port": 52365}
        for volume in pod["spec"]["volumes"]:
            assert "emptyDir" not in volume or volume["emptyDir"]["sizeLimit"], name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_head_does_no_work_and_holds_no_role(overlay: str) -> None:
    """Would catch stages on the head, whose death ends the run, and a head that may sign."""
    for spec in clusters(overlay):
        head = spec["headGroupSpec"]
        assert head["rayStartParams"]["num-cpus"] == "0"
        assert head["rayStartParams"]["num-gpus"] == "0"
        assert head["template"]["spec"]["serviceAccountName"] == "spotmill-head"
    account = of_kind(overlay, "ServiceAccount")["spotmill-head"]
    assert "annotations" not in account["metadata"]
    for one in composed(overlay):
        if one["kind"] in ("RayJob", "RayCronJob"):
            # The driver plans there, and signs on trial: pipeline/recipes/signing.py.
            asked = json.loads(job_of(one)["entrypointResources"])
            groups = job_of(one)["rayClusterSpec"]["workerGroupSpecs"]
            (sign,) = [group for group in groups if group["groupName"] == "sign"]
            offered = json.loads(json.loads(sign["rayStartParams"]["resources"]))
            assert offered == asked


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_signing_workers_may_sign(overlay: str) -> None:
    """Would catch a worker that renders with the role of one that signs."""
    for spec in clusters(overlay):
        for group in spec["workerGroupSpecs"]:
            role = group["labels"]["spotmill-role"]
            assert role == ("sign" if group["groupName"] == "sign" else "render")
            assert group["template"]["spec"]["serviceAccountName"] == f"spotmill-{role}"
            assert group["template"]["spec"]["automountServiceAccountToken"] is False
    for account in of_kind(overlay, "ServiceAccount").values():
        assert account["automountServiceAccountToken"] is False


def test_the_profile_places_every_stage() -> None:
    """Would catch a stage that runs where another role is, and a profile whose labels no group of
    workers has: Ray would wait for ever."""
    from ray._private.label_utils import validate_label_selector

    stages = [Loud(), Count(), Sign(organisation="Shop", campaign="Spring")]
    for stage in load_profile("kubernetes").apply(stages):
        labels = dict(stage.hardware.labels)
        wanted = "sign" if stage.name == "sign" else "!sign"
        assert labels == {"spotmill-role": wanted}, stage.name
        assert validate_label_selector(labels) is None


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_gpu_groups_stand_on_gpu_machines(overlay: str) -> None:
    """Would catch a group that is given no card, that no machine of Terraform's fits, or that is
    kept off spot machines by their taint."""
    example = (ROOT / "infra/terraform/examples/production/main.tf").read_text("utf-8")
    offered = set(re.findall(r'accelerator\s*=\s*"(\w+)"', example))
    for spec in clusters(overlay):
        for group in spec["workerGroupSpecs"]:
            pod = group["template"]["spec"]
            limits = pod["containers"][0]["resources"]["limits"]
            if not group["groupName"].startswith("gpu-"):
                assert "nvidia.com/gpu" not in limits
                continue
            assert limits["nvidia.com/gpu"] == "1"
            assert "gpu" in pod["containers"][0]["image"]
            kind = pod["nodeSelector"]["spotmill/accelerator"]
            assert kind in offered and kind.lower() == group["groupName"].removeprefix("gpu-")
            tolerated = {one["key"] for one in pod["tolerations"]}
            assert tolerated == {"nvidia.com/gpu", "spotmill/market"}
    if overlay.startswith("production"):
        names = {g["groupName"] for spec in clusters(overlay) for g in spec["workerGroupSpecs"]}
        assert names == {"gpu-h100", "gpu-l40s", "cpu", "sign"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_are_labels_of_terraforms_machines(overlay: str) -> None:
    """Would catch pods that wait for a machine with a label that nobody gives."""
    eks = (ROOT / "infra/terraform/modules/eks/main.tf").read_text("utf-8")
    for name, pod in pods(overlay):
        for label in pod["spec"].get("nodeSelector", {}):
            assert f'"{label}" =' in eks, f"{name} asks for {label}"
        for toleration in pod["spec"].get("tolerations", []):
            assert f'"{toleration["key"]}"' in eks


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_network_is_closed_but_for_what_is_said(overlay: str) -> None:
    """Would catch a dashboard that strangers reach, a worker that reads its machine's role, and a
    pod that may send anywhere."""
    policies = of_kind(overlay, "NetworkPolicy")
    deny = policies["deny-all"]["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, one in policies.items():
        spec = one["spec"]
        for rule in spec.get("ingress", []):
            assert rule["from"], f"{name} lets everybody in"
            assert not any("ipBlock" in peer for peer in rule["from"]), name
        for rule in spec.get("egress", []):
            assert rule["to"], f"{name} lets out to everybody"
            for peer in rule["to"]:
                if "ipBlock" in peer:
                    assert "169.254.0.0/16" in peer["ipBlock"]["except"], name
                    assert rule["ports"], name
    assert not of_kind(overlay, "Ingress")
    assert not any(one["spec"].get("type") for one in of_kind(overlay, "Service").values())
    labels = {
        one["kind"]: job_of(one)["submitterPodTemplate"]["metadata"]["labels"]
        for one in composed(overlay) if one["kind"] in ("RayJob", "RayCronJob")
    }  # fmt: skip
    allowed = policies["submitters"]["spec"]["podSelector"]["matchLabels"]
    assert all(allowed.items() <= one.items() for one in labels.values())


@pytest.mark.parametrize("overlay", [o for o in OVERLAYS if o.endswith(("-job", "-nightly"))])
def test_jobs_end_and_run_what_there_is(overlay: str) -> None:
    """Would catch a job that waits for machines for ever, a cluster that stays and costs, and a
    command line that `jobs.render` does not know."""
    (one,) = [d for d in composed(overlay) if d["kind"] in ("RayJob", "RayCronJob")]
    job = job_of(one)
    assert job["shutdownAfterJobFinishes"] is True
    assert 0 < job["ttlSecondsAfterFinished"] <= 3600
    assert job["preRunningDeadlineSeconds"] < job["activeDeadlineSeconds"] <= 86400
    assert job["backoffLimit"] <= 2 and job["submitterConfig"]["backoffLimit"] <= 2
    words = job["entrypoint"].split(" ")
    assert words[:3] == ["python", "-m", "jobs.render"]
    assert all(re.fullmatch(r"[A-Za-z0-9._:/@=-]+", word) for word in words), "no shell reads more"
    parameters = render.__annotations__
    for option in (word for word in words if word.startswith("--")):
        name = option.removeprefix("--").replace("-", "_")
        assert name in parameters, f"{option} is no option of jobs.render"
    given = values_of(overlay)
    assert words[3] == given["CAMPAIGN"] == job["metadata"]["campaign"]
    assert words[words.index("--out") + 1] == given["OUT"]
    load_profile(words[words.index("--profile") + 1])
    assert not of_kind(overlay, "RayCluster"), "the pattern is not applied"
    assert "local" not in words


def values_of(overlay: str) -> dict[str, str]:
    """The values of the overlay that it stands on."""
    file = FOLDER / "overlays" / overlay.partition("-")[0] / "values.env"
    return dict(line.split("=", 1) for line in file.read_text("utf-8").splitlines())


def test_values_reach_their_places() -> None:
    """Would catch an image or a role that stays a placeholder."""
    given = values_of("production")
    accounts = of_kind("production", "ServiceAccount")
    for role in ("render", "sign"):
        annotations = accounts[f"spotmill-{role}"]["metadata"]["annotations"]
        assert annotations["eks.amazonaws.com/role-arn"] == given[f"ROLE_{role.upper()}"]
    images = {
        container["image"]
        for overlay in OVERLAYS if overlay.startswith("production")
        for _, pod in pods(overlay) for container in pod["spec"]["containers"]
    }  # fmt: skip
    assert images == {given["IMAGE_CPU"], given["IMAGE_GPU"]}


def test_the_image_has_the_ray_that_is_declared() -> None:
    """Would catch a head that refuses its workers: all must have one version of Ray."""
    (spec,) = clusters("kind")
    assert spec["rayVersion"] == ray.__version__


OUTPUTS = {
    "buckets": {"value": {"inputs": "a-inputs", "outputs": "a-outputs"}},
    "images": {"value": {"cpu": "1.dkr/a/cpu", "gpu": "1.dkr/a/gpu"}},
    "role_arns": {"value": {"render": "arn:aws:iam::1:role/a-render", "sign": "arn:b"}},
}


def test_values_come_from_terraform() -> None:
    """Would catch an output that was renamed in Terraform, and a value that a shell would read."""
    declared = re.findall(r'output "(\w+)"', (ROOT / "infra/terraform/outputs.tf").read_text())
    assert OUTPUTS.keys() <= set(declared)
    asked = {"campaign": "s3://a-inputs/c.yaml", "out": None, "tag": "1.0.0"}
    asked |= {"recipe": "gpu", "when": "skip"}
    found = values(outputs_of(OUTPUTS), **asked)
    assert found.keys() == values_of("production").keys() == values_of("kind").keys()
    assert found["OUT"] == "s3://a-outputs/nightly" and found["ROLE_SIGN"] == "arn:b"
    nested = {"spotmill": {"value": {name: one["value"] for name, one in OUTPUTS.items()}}}
    assert values(outputs_of(nested), **asked) == found
    with pytest.raises(ValueError, match="CAMPAIGN"):
        values(outputs_of(OUTPUTS), **{**asked, "campaign": "c.yaml; rm -r /"})
    with pytest.raises(Missing, match="create_cluster"):
        values({**outputs_of(OUTPUTS), "role_arns": None}, **asked)

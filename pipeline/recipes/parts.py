"""What recipes have in common: a campaign's files as assets, brand kit, presenter, signer."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from pipeline import storage
from pipeline.media import asset
from schemas.asset import Asset
from schemas.brand import BrandKit
from schemas.campaign import Brand, Campaign
from schemas.config_error import ConfigError, Refusal
from stages.avatar import PresenterEngine, PresenterRig, VectorPresenter
from stages.avatar.hosts import host_of, shipped_host
from stages.base import Stage
from stages.image_to_video.clip_gates import METRICS as CLIP_METRICS
from stages.inspect.gates import METRICS
from stages.sign import DevSigner, FileSigner
from stages.sign.signer import Signer, SignerError


def optional_asset(uri: str | None) -> Asset | None:
    """The asset of a file or folder, or None where the campaign names none."""
    return asset(uri) if uri else None


def brand_kit(campaign: Campaign) -> BrandKit:
    """The campaign's brand with its files as assets."""
    brand = campaign.brand
    return BrandKit(
        name=brand.name,
        ink=brand.ink,
        paper=brand.paper,
        accent=brand.accent,
        logo=optional_asset(brand.logo),
        font=optional_asset(brand.font),
        font_bold=optional_asset(brand.font_bold),
    )


def presenter(campaign: Campaign) -> PresenterEngine | None:
    """The campaign's presenter, drawn or rendered, or None. Raises `ConfigError`."""
    return presenter_engine(campaign.presenter, campaign.brand) if campaign.presenter else None


def presenter_engine(named: str, brand: Brand) -> PresenterEngine:
    """The engine of "host:NAME", a host file or a rig's folder, in the brand's colours.

    Raises `ConfigError` for a host that is not there or breaks a rule.
    """
    if named.startswith("host:"):
        host = shipped_host(named.removeprefix("host:").strip())
    elif named.endswith((".yaml", ".yml")):
        host = host_of(storage.read_bytes(named), named)
    else:
        return PresenterRig(rig=asset(named))
    return VectorPresenter(host=host, accent=brand.accent, ink=brand.ink, paper=brand.paper)


def signer(campaign: Campaign) -> Signer:
    """The signer that the campaign names."""
    signing = campaign.signing
    if signing.signer == "dev":
        return DevSigner(signing.folder) if signing.folder else DevSigner()
    assert signing.certificate and signing.private_key and signing.anchors  # checked by Campaign
    made = FileSigner(
        certificate=signing.certificate,
        private_key=signing.private_key,
        anchors=signing.anchors,
        timestamp_url=signing.timestamp_url,
    )
    try:
        made.sign(b"does the key belong to the certificate?")
    except SignerError as error:
        raise ConfigError("signing", [Refusal("signing", "file", str(error))]) from None
    return made


def checked_gates(campaign: Campaign) -> tuple[tuple[str, float | None, float | None], ...]:
    """The campaign's gates on finished spots. Raises `ConfigError` for one on a metric that nobody
    measures.
    """
    unknown = sorted(set(campaign.quality.gates) - set(METRICS) - set(CLIP_METRICS))
    if unknown:
        raise ConfigError("quality.gates", [_no_such_metric(name) for name in unknown])
    return tuple(gate for gate in campaign.gates() if gate[0] not in CLIP_METRICS)


def clip_gates(campaign: Campaign) -> tuple[tuple[str, float | None, float | None], ...]:
    """The campaign's gates on clips that a model makes."""
    return tuple(gate for gate in campaign.gates() if gate[0] in CLIP_METRICS)


def _no_such_metric(name: str) -> Refusal:
    all_metrics = sorted({*METRICS, *CLIP_METRICS})
    close = difflib.get_close_matches(name, all_metrics, n=1)
    meant = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(all_metrics)}"
    return Refusal(f"quality.gates.{name}", "", f"there is no such metric; {meant}")


def software(stages: Sequence[Stage]) -> tuple[tuple[str, str], ...]:
    """(engine, version) of the stages that made the picture and the sound, for the manifest."""
    made = ("speech", "image_to_video", "avatar", "composite")
    return tuple((s.engine_name, _version(s)) for s in stages if s.name in made)


def _version(stage: Stage) -> str:
    return str(getattr(getattr(stage, "engine", None), "version", stage.version))

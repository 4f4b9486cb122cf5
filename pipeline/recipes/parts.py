"""What recipes have in common: a campaign's files as assets, brand kit, presenter, signer."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.media import asset
from schemas.asset import Asset
from schemas.brand import BrandKit
from schemas.campaign import Campaign
from stages.avatar import PresenterRig
from stages.base import Stage
from stages.sign import DevSigner, FileSigner
from stages.sign.signer import Signer


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


def presenter(campaign: Campaign) -> PresenterRig | None:
    """The rendered presenter of the campaign, or None."""
    return PresenterRig(rig=asset(campaign.presenter)) if campaign.presenter else None


def signer(campaign: Campaign) -> Signer:
    """The signer that the campaign names."""
    signing = campaign.signing
    if signing.signer == "dev":
        return DevSigner(signing.folder) if signing.folder else DevSigner()
    assert signing.certificate and signing.private_key and signing.anchors  # checked by Campaign
    return FileSigner(
        certificate=signing.certificate,
        private_key=signing.private_key,
        anchors=signing.anchors,
        timestamp_url=signing.timestamp_url,
    )


def software(stages: Sequence[Stage]) -> tuple[tuple[str, str], ...]:
    """(engine, version) of the stages that made the picture and the sound, for the manifest."""
    made = ("speech", "image_to_video", "avatar", "composite")
    return tuple((s.engine_name, _version(s)) for s in stages if s.name in made)


def _version(stage: Stage) -> str:
    return str(getattr(getattr(stage, "engine", None), "version", stage.version))

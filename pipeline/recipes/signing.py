"""The signing stage of a recipe: whose key, which agents, what is disclosed; checked beforehand."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline import storage
from pipeline.consents import consents
from pipeline.recipes.marking import watermark_secret
from schemas.asset import Asset
from schemas.campaign import Campaign
from schemas.config_error import ConfigError, Refusal
from schemas.layout import Format
from stages.base import Retry, Stage
from stages.composite.cards import AiLabel
from stages.composite.text import Lettering
from stages.shared.fonts import Fonts
from stages.shared.watermark import key_id
from stages.sign import (
    Agent,
    DevSigner,
    FileSigner,
    KmsSigner,
    Sign,
    Signer,
    SignerError,
    TimeStamps,
)
from stages.sign.certificates import ends_soon, faults

logger = logging.getLogger("spotmill")

_MAKING = ("speech", "image_to_video", "avatar", "align", "composite")


def sign(campaign: Campaign, making: Sequence[Stage]) -> Sign:
    """The stage for what the stages `making` made. Raises `ConfigError`."""
    stamps = campaign.signing.stamps
    anchors = _pem(stamps.anchors, "signing.timestamp.anchors") if stamps else ""
    return Sign(
        signer=signer(campaign),
        organisation=campaign.brand.name,
        campaign=campaign.name,
        agents=agents(making),
        consents=consents(campaign),
        photo_shown=photo_shown(making),
        time_stamps=TimeStamps(stamps.authorities, stamps.when_none_answers, anchors)
        if stamps
        else TimeStamps(),
        disclosed=tuple(sorted(campaign.disclosure.to_record().items())),
        aigc_field=campaign.disclosure.profile.aigc,
        watermark_key_id=key_id(watermark_secret(campaign)),
    )


def signer(campaign: Campaign) -> Signer:
    """The signer that the campaign names, after a signature on trial; warns of a certificate that
    ends soon. Raises `ConfigError` for one that cannot sign now."""
    signing = campaign.signing
    if signing.signer == "dev":
        return DevSigner(signing.folder) if signing.folder else DevSigner()
    made: Signer
    assert signing.certificate and signing.anchors  # checked by Campaign
    if signing.signer == "file":
        assert signing.private_key
        made = FileSigner(
            certificate=signing.certificate,
            private_key=signing.private_key,
            anchors=signing.anchors,
        )
    else:
        assert signing.key
        made = KmsSigner(
            key=signing.key,
            certificates=_pem(signing.certificate, "signing.certificate"),
            anchors=_pem(signing.anchors, "signing.anchors"),
            region=signing.region,
        )
    try:
        for fault in faults(made.certificates_pem()):
            raise _refused("signing.certificate", signing.certificate, fault)
        made.check()
    except SignerError as error:
        key, value = ("key", signing.key) if signing.key else ("signer", signing.signer)
        raise _refused(f"signing.{key}", str(value), str(error)) from None
    except Retry as error:
        raise _refused("signing.key", str(signing.key), f"{error}; try again") from None
    if warning := ends_soon(made.certificates_pem(), signing.warn_days):
        logger.warning("signing.certificate: %s", warning)
    return made


def _refused(key: str, value: str, fix: str) -> ConfigError:
    return ConfigError("signing", [Refusal(key, value, fix)])


def _pem(uri: str | None, key: str) -> str:
    """A PEM file's text: certificates are public, and travel with the stage."""
    if uri is None:
        return ""
    content = storage.read_bytes_or_none(uri)
    if content is None or b"-----BEGIN CERTIFICATE-----" not in content:
        fix = "is not there" if content is None else "holds no certificate in PEM"
        raise _refused(key, uri, fix)
    if b"PRIVATE KEY" in content:
        raise _refused(key, uri, "holds a private key, too; keep that in a file of its own")
    return content.decode()


def agents(stages: Sequence[Stage]) -> tuple[Agent, ...]:
    """Engines and models of the stages that made picture and sound, for the manifest."""
    return tuple(_agent(stage) for stage in stages if stage.name in _MAKING)


def _agent(stage: Stage) -> Agent:
    engine: Any = getattr(stage, "engine", None) or getattr(stage, "aligner", None)
    preset = getattr(engine, "preset", None)
    model = getattr(engine, "model", None)
    return Agent(
        stage=stage.name,
        name=stage.engine_name,
        version=str(getattr(engine, "version", stage.version)),
        preset=str(getattr(preset, "name", "") or ""),
        model=f"sha256:{model.sha256}" if isinstance(model, Asset) else str(model or ""),
        revision=str(getattr(engine, "revision", "") or ""),
        seeded=stage.seeded,
    )


def photo_shown(stages: Sequence[Stage]) -> bool:
    """Whether the product photo is in the picture: not where a model saw its lines alone."""
    engines = (getattr(stage, "engine", None) for stage in stages if stage.name == "image_to_video")
    controls = (getattr(getattr(engine, "preset", None), "control", None) for engine in engines)
    return not any(control is not None and control.alone for control in controls)


def disclosure_label(campaign: Campaign, frames: Sequence[Format]) -> str:
    """What the label says. Raises `ConfigError` where a frame has no room for all of it."""
    told = campaign.disclosure
    cut: list[str] = []
    if told.shown and (told.text or told.letters):
        own = (_near(campaign.brand.font), _near(campaign.brand.font_bold))
        letters = Lettering(Fonts(*own))
        cut = [frame.name for frame in frames if AiLabel(told.label, frame, 0, letters).cut]
    refusals = list(told.contradictions(cut))
    if refusals:
        raise ConfigError("the disclosure", refusals)
    return campaign.disclosure.label


def _near(font: str | None) -> Path | None:
    """A brand's font, if it lies on this machine; the stage looks again with the one from afar."""
    return Path(storage.split(font)[1]) if font and storage.is_local(font) else None

"""The laptop recipe: all nine stages on a CPU, with nothing but what the default install brings."""

from __future__ import annotations

from pipeline.media import asset
from pipeline.recipes.parts import (
    align,
    avatar,
    brand_kit,
    checked_gates,
    consent,
    formats,
    optional_asset,
    signer,
    software,
    template,
    voice_engine,
    voice_limits,
)
from schemas.campaign import Campaign
from stages.base import Stage
from stages.composite import Composite
from stages.image_to_video import CameraMotion, ImageToVideo
from stages.inspect import Inspect
from stages.publish import Publish
from stages.screen import Screen
from stages.sign import Sign
from stages.speech import Speech


def recipe(campaign: Campaign, clips: ImageToVideo | None = None) -> list[Stage]:
    """From product photo and script to a signed spot; other `clips` than by camera moves go in."""
    lexicon = tuple(sorted(campaign.voice.lexicon.items()))
    frames, secret = formats(campaign), campaign.watermark_secret
    voice = voice_engine(campaign)
    effects = tuple((n, asset(uri)) for n, uri in sorted(campaign.sound.effects.items()))
    making: list[Stage] = [
        Screen(
            names=optional_asset(campaign.policy.names),
            rules=optional_asset(campaign.policy.rules),
        ),
        Speech(
            engine=voice,
            lexicon=lexicon,
            speed_range=campaign.voice.speed,
            length_s=campaign.length_s,
            consent=consent(campaign),
            **voice_limits(voice),
        ),
        clips
        or ImageToVideo(
            engine=CameraMotion(),
            formats=frames,
            length_s=campaign.length_s,
            snap_cuts=campaign.sound.snap_cuts,
        ),
        avatar(campaign),
        align(campaign, effects),
        Composite(
            brand=brand_kit(campaign),
            effects=effects,
            disclosure=campaign.disclosure,
            formats=frames,
            template=template(campaign),
            captions=campaign.captions,
            length_s=campaign.length_s,
            loudness_lufs=campaign.sound.loudness_lufs,
            music_below_voice_db=campaign.sound.music_below_voice_db,
            watermark_secret=secret,
        ),
        Inspect(
            gates=checked_gates(campaign),
            formats=frames,
            lexicon=tuple(word for word, _ in lexicon),
            effects=effects,
            length_s=campaign.length_s,
            watermark_secret=secret,
        ),
    ]
    return [
        *making,
        Sign(
            signer=signer(campaign),
            organisation=campaign.brand.name,
            software=software(making),
        ),
        Publish(),
    ]

"""The laptop recipe: all ten stages on a CPU, with nothing but what the default install brings."""

from __future__ import annotations

from pipeline.media import asset
from pipeline.recipes.judged import inspect
from pipeline.recipes.parts import (
    align,
    avatar,
    brand_kit,
    consent,
    optional_asset,
    signer,
    software,
    voice_engine,
    voice_limits,
)
from schemas.campaign import Campaign
from stages.admit import Admit
from stages.base import Stage
from stages.composite import Composite
from stages.image_to_video import CameraMotion, ImageToVideo
from stages.publish import Publish
from stages.release import Release
from stages.screen import Screen
from stages.sign import Sign
from stages.speech import Speech


def recipe(campaign: Campaign, clips: ImageToVideo | None = None) -> list[Stage]:
    """From product photo and script to a signed spot; other `clips` than by camera moves go in."""
    lexicon = tuple(sorted(campaign.voice.lexicon.items()))
    secret = campaign.watermark_secret
    voice = voice_engine(campaign)
    effects = tuple((n, asset(uri)) for n, uri in sorted(campaign.sound.effects.items()))
    own_sound = clips is not None and clips.engine.keeps_sound
    making: list[Stage] = [
        Screen(
            names=optional_asset(campaign.policy.names),
            rules=optional_asset(campaign.policy.rules),
        ),
        *([Admit()] if campaign.policy.review == "before_render" else []),
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
            length_s=campaign.length_s,
            snap_cuts=campaign.sound.snap_cuts,
        ),
        avatar(campaign),
        align(campaign, effects, own_sound),
        Composite(
            brand=brand_kit(campaign),
            effects=effects,
            disclosure=campaign.disclosure,
            formats=campaign.formats,
            length_s=campaign.length_s,
            loudness_lufs=campaign.sound.loudness_lufs,
            music_below_voice_db=campaign.sound.music_below_voice_db,
            clip_sound_below_voice_db=campaign.sound.clip_sound_below_voice_db
            if own_sound
            else None,
            watermark_secret=secret,
        ),
        inspect(campaign, effects),
    ]
    return [
        *making,
        Release(),
        Sign(
            signer=signer(campaign),
            organisation=campaign.brand.name,
            software=software(making),
        ),
        Publish(),
    ]

"""Image to video: the stage, the interface of its engines, and the engines."""

from stages.image_to_video.camera_motion import CameraMotion
from stages.image_to_video.cutting import Cutting
from stages.image_to_video.diffusers_clips import DiffusersClips
from stages.image_to_video.engine import ClipEngine, ClipRequest, RenderedClip
from stages.image_to_video.http_clips import HttpClips
from stages.image_to_video.image_to_video import ImageToVideo

__all__ = [
    "CameraMotion",
    "ClipEngine",
    "ClipRequest",
    "Cutting",
    "DiffusersClips",
    "HttpClips",
    "ImageToVideo",
    "RenderedClip",
]

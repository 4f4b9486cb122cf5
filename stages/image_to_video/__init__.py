"""Image to video: the stage, the interface of its engines, and the embedded engine."""

from stages.image_to_video.camera_motion import CameraMotion
from stages.image_to_video.engine import ClipEngine, ClipRequest, RenderedClip
from stages.image_to_video.image_to_video import ImageToVideo

__all__ = ["CameraMotion", "ClipEngine", "ClipRequest", "ImageToVideo", "RenderedClip"]

"""Image gate: what pictures show is held against indecency, faces that must not be, and a model."""

from stages.shared.image_gate.banned_faces import BannedFaces, FaceListError
from stages.shared.image_gate.face_key import FaceKeyError
from stages.shared.image_gate.faces import Face, FaceFinder, outside
from stages.shared.image_gate.false_accepts import default_limits, false_accept_rate
from stages.shared.image_gate.image_gate import Frame, ImageGate, Look
from stages.shared.image_gate.indecency import IndecencyModel
from stages.shared.image_gate.over_frames import frame_times_s

__all__ = [
    "BannedFaces", "Face", "FaceFinder", "FaceKeyError", "FaceListError", "Frame", "ImageGate",
    "IndecencyModel", "Look", "default_limits", "false_accept_rate", "frame_times_s", "outside",
]  # fmt: skip

"""A talking presenter: the stage, the interface of its engines, and those that there are."""

from stages.avatar.avatar import Avatar
from stages.avatar.engine import Performance, PresenterEngine, Take
from stages.avatar.model_presenter import ModelPresenter
from stages.avatar.presenter_rig import PresenterRig
from stages.avatar.process_presenter import ProcessPresenter
from stages.avatar.vector_presenter import VectorPresenter

__all__ = [
    "Avatar",
    "ModelPresenter",
    "Performance",
    "PresenterEngine",
    "PresenterRig",
    "ProcessPresenter",
    "Take",
    "VectorPresenter",
]

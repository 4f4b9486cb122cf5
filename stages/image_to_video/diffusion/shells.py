"""Shells: ways into one loaded model, so that one clip is decoded while the next is denoised.

A shell is a pipeline object that shares all weights; its scheduler and VAE state are its own.
The denoiser belongs to one shell at a time: it is passed on when its clip goes to the VAE.
"""

from __future__ import annotations

import copy
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from stages.image_to_video.diffusion.packages import package

PROMPTS = 256
"""Encoded prompts that are kept; each is some hundred kilobytes to a few megabytes."""


class PromptCache:
    """What `encode_prompt` gave, by what it was asked: a campaign asks the same again and again."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()
        self.hits = self.misses = 0

    def around(self, encode: Callable[..., Any], model: Any, park: bool) -> Callable[..., Any]:
        """`encode` with a memory. `park`: the text encoder is on the card only while it works."""

        def encode_prompt(*given: Any, **named: Any) -> Any:
            if any(_is_tensor(value) for value in (*given, *named.values())):
                return encode(*given, **named)
            key = repr((given, sorted(named.items(), key=lambda item: item[0])))
            with self._lock:
                if key in self._known:
                    self._known.move_to_end(key)
                    self.hits += 1
                    return self._known[key]
                made = _encoded(encode, model, park, given, named)
                self._known[key] = made
                self.misses += 1
                while len(self._known) > PROMPTS:
                    self._known.popitem(last=False)
                return made

        return encode_prompt


def _encoded(
    encode: Callable[..., Any], model: Any, park: bool, given: Any, named: dict[str, Any]
) -> Any:
    torch = package("torch")
    if not park or not torch.cuda.is_available():
        return encode(*given, **named)
    model.text_encoder.to("cuda")
    try:
        return encode(*given, **named)
    finally:
        model.text_encoder.to("cpu")
        torch.cuda.empty_cache()


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "shape")


class Shell:
    """One way into the model. `call` may be used from one thread at a time; others have theirs."""

    def __init__(self, model: Any, denoiser: threading.Lock, prompts: PromptCache, park: bool):
        torch = package("torch")
        self.model = copy.copy(model)
        self._denoiser, self._holds = denoiser, False
        self.model.scheduler = copy.deepcopy(model.scheduler)
        if hasattr(model, "vae"):
            self.model.vae = copy.copy(model.vae)  # its caches of frames are its own, not weights
            self.model.vae.decode = self._passing_on(self.model.vae.decode)
        if hasattr(model, "encode_prompt"):
            self.model.encode_prompt = prompts.around(model.encode_prompt, self.model, park)
        if park and torch.cuda.is_available():
            _on_the_card(self.model)
        self._stream = torch.cuda.Stream() if torch.cuda.is_available() else None

    def call(self, first: Callable[[], None], **named: Any) -> Any:
        """Call the pipeline; while it denoises, nobody else does. `first` is done once the denoiser
        is ours: what it changes there is for this call."""
        torch = package("torch")
        self._denoiser.acquire()
        self._holds = True
        try:
            first()
            with torch.inference_mode():
                if self._stream is None:
                    return self.model(**named)
                with torch.cuda.stream(self._stream):
                    made = self.model(**named)
                self._stream.synchronize()
                return made
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        if self._holds:
            self._holds = False
            self._denoiser.release()

    def _passing_on(self, decode: Callable[..., Any]) -> Callable[..., Any]:
        def passing_on(*given: Any, **named: Any) -> Any:
            if self._stream is not None:
                self._stream.synchronize()  # the denoiser's work is done, not only ordered
            self._pass_on()
            return decode(*given, **named)

        return passing_on


def _on_the_card(model: Any) -> None:
    """Pipelines work where their first part lies, which is the text encoder, which is parked."""
    torch = package("torch")
    where = property(lambda self: torch.device("cuda"))
    kind = type(model)
    model.__class__ = type(kind.__name__, (kind,), {"_execution_device": where})

"""DNSMOS: how people would rate a voice, predicted by a small network from the sound alone.

Reddy, Gopal, Cutler: DNSMOS P.835, a non-intrusive perceptual objective speech quality metric to
evaluate noise suppressors (ICASSP 2022). The weights are those that the package speechmos carries
(Microsoft, MIT); of its code nothing is run, for that needs librosa.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

RATE_HZ = 16000
WINDOW = 144_160
"""Samples that the network listens to at a time: 9.01 s."""
_NETWORK = Path("dnsmos_models", "sig_bak_ovr.onnx")
_CALIBRATION = {
    "sig": (-0.08397278, 1.22083953, 0.0052439),
    "bak": (-0.13166888, 1.60915514, -0.39604546),
    "ovrl": (-0.06766283, 1.11546468, 0.04602535),
}
"""Polynomials, highest power first, from the network's outputs to the scale of the listeners:
constants of the DNS challenge's own DNSMOS program. In the order of the outputs."""


@dataclass
class QualityModel:
    """DNSMOS P.835 on one thread: same sound, same scores."""

    _session: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Load the weights. Raises `ModuleNotFoundError` naming the package that brings them."""
        import onnxruntime

        found = find_spec("speechmos")
        if found is None or not found.submodule_search_locations:
            raise ModuleNotFoundError(
                "the inspect stage needs speechmos for voice_mos_ovrl:"
                " pip install speechmos==0.0.1.1"
            )
        weights = Path(next(iter(found.submodule_search_locations))) / _NETWORK
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(weights), options, providers=["CPUExecutionProvider"]
        )

    def scores(self, sound: np.ndarray, hop_s: float | None = None) -> dict[str, float]:
        """Mean opinion scores, 1 (bad) to 5, by P.835: "sig" of the speech, "bak" of what lies
        behind it (5: nothing is heard), "ovrl" of both together.

        `sound` is mono at 16 kHz, float32 (samples,), full scale 1.0; what is shorter than a
        window is repeated. Scores are means over windows `hop_s` apart, as the challenge's
        program takes them every second; None takes the fewest that cover all of it, which costs
        a third and comes to the same within some hundredths (docs/sound.md).
        """
        sound = np.resize(sound, max(WINDOW, len(sound))).astype(np.float32)
        outputs = [
            self._session.run(None, {"input_1": sound[None, start : start + WINDOW]})[0][0]
            for start in _starts(len(sound), hop_s)
        ]
        raw = np.array(outputs, np.float64)
        return {
            name: float(np.polyval(terms, raw[:, place]).mean())
            for place, (name, terms) in enumerate(_CALIBRATION.items())
        }


def _starts(count: int, hop_s: float | None) -> list[int]:
    """Where windows begin, in samples."""
    last = count - WINDOW
    if hop_s is None:
        return [round(at) for at in np.linspace(0, last, 1 + -(-last // WINDOW))]
    return list(range(0, last + 1, round(hop_s * RATE_HZ)))

"""Arrow types of the values that flow between stages. Times are seconds on the spot's own clock."""

import pyarrow as pa

ASSET = pa.struct([("uri", pa.string()), ("sha256", pa.string())])

WORD = pa.struct(
    [
        ("text", pa.string()),  # as written in the script, with its punctuation: "$24."
        (
            "spoken",
            pa.string(),
        ),  # as said, lower case, words split by spaces: "twenty four dollars"
        ("start_s", pa.float64()),
        ("end_s", pa.float64()),
    ]
)

PHONEME = pa.struct(
    [
        ("symbol", pa.string()),  # ARPAbet without stress ("AA"), or "SIL"
        ("stress", pa.int8()),  # 0 none, 1 primary, 2 secondary
        ("start_s", pa.float64()),
        ("end_s", pa.float64()),
    ]
)

SENTENCE = pa.struct(
    [
        ("text", pa.string()),
        ("start_s", pa.float64()),
        ("end_s", pa.float64()),
        ("first_word", pa.int32()),  # index into `words`
        ("last_word", pa.int32()),  # inclusive
    ]
)

BOX = pa.struct(
    [("x0", pa.float64()), ("y0", pa.float64()), ("x1", pa.float64()), ("y1", pa.float64())]
)  # fractions of the frame's width and height, origin top left

PICTURE = pa.struct([("photo_uri", pa.string()), ("cutout_uri", pa.string())])
"""A further picture of the product: RGB PNG, and RGBA PNG, null where it has no transparency."""

CLIP = pa.struct(
    [
        ("format", pa.string()),
        ("uri", pa.string()),
        ("product_box", BOX),  # in the frame of this format
        # What of the clip fills the frame, in fractions of the clip; null: all of it. Where it
        # reaches beyond 0 to 1, the clip's edges are drawn on.
        ("crop", BOX),
    ]
)

SHOT = pa.struct(
    [
        ("index", pa.int32()),
        ("layout", pa.string()),  # "presented", "hero" or "end_card": schemas/layout.py
        ("move", pa.string()),  # camera move, for people: "push_in", "orbit_left", ...
        ("start_s", pa.float64()),  # the cut into this shot, on a frame
        ("end_s", pa.float64()),  # the cut out of it, on a frame
        ("handle_s", pa.float64()),  # extra frames behind end_s, for the crossfade; 0 for the last
        ("uri", pa.string()),  # media URI of the clip, in the first format
        ("product_box", BOX),  # union over the clip of where the product is
        ("others", pa.list_(CLIP)),  # the same shot in the other formats
        ("source", pa.string()),  # "main" (the product photo), "further" (another one) or "film"
        ("picture_uri", pa.string()),  # what it shows, where that is not the product photo
    ]
)

VISUAL_EVENT = pa.struct(
    [
        ("time_s", pa.float64()),  # from the clip's first frame to the first one that shows it
        ("strength", pa.float64()),
        ("kind", pa.string()),  # "cut", "flash" or "motion"
    ]
)

CLIP_SOUND = pa.struct(
    [
        ("shot", pa.int32()),  # index of the shot whose clip it belongs to
        ("uri", pa.string()),  # media URI, 48 kHz stereo, as long as the clip
        ("seen", pa.list_(VISUAL_EVENT)),  # what happens in the clip; null once it is set right
    ]
)

SOUND_EVENT = pa.struct(
    [
        ("name", pa.string()),  # of the effect
        ("time_s", pa.float64()),  # where its onset is heard
        ("accent_s", pa.float64()),  # from its onset to what is to fall on the picture's event
        ("event_s", pa.float64()),  # when that event is seen
    ]
)

CAPTION = pa.struct(
    [("text", pa.string()), ("start_s", pa.float64()), ("end_s", pa.float64()), ("box", BOX)]
)

SHOWN_TEXT = pa.struct(
    [
        ("format", pa.string()),
        ("where", pa.string()),  # "caption", "brand", or a card of schemas/timeline.py
        ("text", pa.string()),  # as drawn: in the template's capitals, cut where it had no room
        ("start_s", pa.float64()),
        ("end_s", pa.float64()),
    ]
)  # a text over the picture; of a code its link

MASTER = pa.struct(
    [("format", pa.string()), ("uri", pa.string()), ("poster_uri", pa.string())]
)  # its poster is a JPEG

VIEW = pa.struct(
    [
        ("format", pa.string()),
        ("captions", pa.list_(CAPTION)),
        ("presenter_box", BOX),  # null where nobody presents
        ("mouth_box", BOX),
    ]
)  # where things stand in one of the formats behind the first

OUTPUT = pa.struct(
    [("format", pa.string()), ("uri", pa.string()), ("sha256", pa.string()), ("bytes", pa.int64())]
)

VERDICT = pa.struct(
    [
        ("gate", pa.string()),
        ("rule", pa.string()),
        ("verdict", pa.string()),  # "pass", "age_gate", "review", "block"
        ("evidence", pa.string()),  # a sentence for people
        # The same for programs; null where it does not apply, and in ledgers of before.
        ("column", pa.string()),  # the text that was looked at
        ("span", pa.string()),  # the words of it
        ("at_s", pa.float64()),  # when they are heard or seen
        ("score", pa.float64()),  # what was measured
        ("threshold", pa.float64()),  # and the limit it was held against
    ]
)

STAGE_RUN = pa.struct(
    [
        ("stage", pa.string()),
        ("engine", pa.string()),
        ("version", pa.string()),
        ("key", pa.string()),
        ("seconds", pa.float64()),  # wall time of the work; what it took when first made, if cached
        ("cpu_seconds", pa.float64()),  # of the worker and its child processes
        ("peak_memory_mb", pa.float64()),  # largest resident size of the worker or one child
        ("cached", pa.bool_()),
        ("attempt", pa.int32()),  # 1 is the first
    ]
)

PROVENANCE = pa.struct(
    [
        ("c2pa_state", pa.string()),
        ("manifest_sha256", pa.string()),
        ("watermark_id", pa.string()),
        ("signer", pa.string()),
    ]
)

CREDENTIAL = pa.struct(
    [
        ("format", pa.string()),
        ("sha256", pa.string()),  # of the signed file
        ("manifest_sha256", pa.string()),  # names credentials/<aa>/<sha256>.c2pa in the output
        ("signed_at", pa.string()),  # ISO 8601, UTC, by the signer's own clock
        ("time_stamp_authority", pa.string()),  # null: signed without a stamp
        ("certificate_serial", pa.string()),  # hex
        ("certificate_sha256", pa.string()),
        ("watermark_id", pa.string()),
        ("watermark_key_id", pa.string()),  # tells keys apart, says nothing of them
        ("picture_hashes", pa.list_(pa.uint64())),  # one a second: stages/shared/picture_hash.py
    ]
)

DISCLOSURE = pa.struct(
    [
        ("region", pa.string()),
        ("label", pa.string()),  # as drawn; "" where it is switched off
        ("rule", pa.string()),
        ("override_by", pa.string()),  # null: as the region asks
        ("override_reason", pa.string()),
    ]
)

UPLOAD_HINT = pa.struct([("platform", pa.string()), ("field", pa.string()), ("value", pa.string())])

METRICS = pa.map_(pa.string(), pa.float64())

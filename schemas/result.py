"""Result: one row of the ledger, in which every spot that went in comes out exactly once.

Rule of change: a new version only adds nullable columns, so that old ledgers stay readable.
"""

import pyarrow as pa

from schemas.arrow_types import (
    CREDENTIAL,
    DISCLOSURE,
    METRICS,
    OUTPUT,
    PROVENANCE,
    STAGE_RUN,
    UPLOAD_HINT,
    VERDICT,
)

SCHEMA_VERSION = "1"

STATUSES = ("published", "held", "rejected", "failed", "unchanged", "withdrawn")
"""published: at its place, signed. held: waits for a person. rejected: must not ship.
failed: a bug or a lost worker. unchanged: published by an earlier run, nothing to do.
withdrawn: published by an earlier run, but the feed has no such product any more."""

RESULT_SCHEMA = pa.schema(
    [
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("spot_id", pa.string(), nullable=False),
        pa.field("product_id", pa.string(), nullable=False),
        pa.field("variant", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("stage", pa.string()),  # where it ended: "plan", a stage's name, "publish"
        pa.field("reason_code", pa.string()),  # stable word for counting: "price_mismatch"
        pa.field("reason", pa.string()),  # a sentence for a person
        pa.field("title", pa.string()),
        pa.field("price", pa.decimal128(18, 3)),  # as shown in the spot
        pa.field("currency", pa.string()),
        pa.field("outputs", pa.list_(OUTPUT)),
        pa.field("preview_uri", pa.string()),  # media URI of what was rendered, published or not
        pa.field("metrics", METRICS),
        pa.field("verdicts", pa.list_(VERDICT)),
        pa.field("provenance", PROVENANCE),
        pa.field("stages", pa.list_(STAGE_RUN)),
        pa.field("fingerprint", pa.string()),  # of all that went in and of the recipe
        pa.field("seed", pa.int64()),
        pa.field("attempt", pa.int32()),  # 1 for the first seed, 2 for the second, ...
        pa.field("another_seed", pa.bool_()),  # whether another seed might have passed
        # Of what a reviewer is asked about (findings and files); null where nothing is asked.
        pa.field("review", pa.string()),
        pa.field("contact_sheet_uri", pa.string()),
        pa.field("feed_line", pa.int64()),  # line of the feed it came from
        # The run whose row has the metrics, verdicts and stages that this one leaves out.
        pa.field("settled_by", pa.string()),
        pa.field("source", pa.string()),  # digest of what the feed and scripts say of the spot
        # CRC-32 of each column of the spot's row, in SPOT_SCHEMA's order: what has changed since?
        pa.field("inputs", pa.list_(pa.uint32())),
        pa.field("credentials", pa.list_(CREDENTIAL)),  # of each format: to find them again by
        pa.field("disclosure", DISCLOSURE),
        pa.field("upload_hints", pa.list_(UPLOAD_HINT)),  # what platforms must be told
    ],
    metadata={"schema": "spotmill.result", "schema_version": SCHEMA_VERSION},
)

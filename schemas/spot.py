"""Spot: one ad to render, as the row that enters the first stage."""

import pyarrow as pa

from schemas.arrow_types import ASSET

SCHEMA_VERSION = "1"

SPOT_SCHEMA = pa.schema(
    [
        pa.field("spot_id", pa.string(), nullable=False),  # safe as a file name
        pa.field("product_id", pa.string(), nullable=False),  # as in the feed
        pa.field("variant", pa.string(), nullable=False),
        pa.field("language", pa.string()),  # BCP 47, "en-US"
        pa.field("seed", pa.int64()),
        pa.field("title", pa.string()),
        pa.field("brand", pa.string()),
        pa.field("description", pa.string()),
        pa.field("script", pa.string()),  # what the voice says
        pa.field("tagline", pa.string()),
        pa.field("cta", pa.string()),  # call to action, on the end card
        pa.field("price", pa.decimal128(18, 3)),  # what the product costs on the campaign's date
        pa.field("regular_price", pa.decimal128(18, 3)),  # struck through; null when no sale is on
        pa.field("currency", pa.string()),  # ISO 4217, "USD"
        pa.field("accent", pa.string()),  # "#rrggbb"
        pa.field("images", pa.list_(ASSET)),  # the product photo first, then further pictures
        pa.field("film", ASSET),  # the shop's own film of the product; null for none
        pa.field("music", ASSET),  # null for none
        pa.field("hook", pa.string()),  # over the first shot; the tagline if null
        pa.field("rating", pa.float64()),  # stars, 0 to 5; null where nobody gave any
        pa.field("rating_count", pa.int64()),  # how many people gave them
        pa.field("qr", pa.string()),  # link in the end card's code; null for none
        pa.field("control", ASSET),  # picture or film that steers a video model; null for none
    ],
    metadata={"schema": "spotmill.spot", "schema_version": SCHEMA_VERSION},
)

"""XMP: the same statement as the credentials', for readers that know IPTC or GB 45438 alone."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape, quoteattr

_SPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
}


def xmp_packet(
    *, source_type: str, generator: tuple[str, str], creator: str, identifier: str,
    aigc: bool = False,
) -> bytes:  # fmt: skip
    """A packet without dates, so that it is the same for the same spot.

    `source_type` is a URI of IPTC's digital source types, `generator` (name, version) of this
    program, `creator` the advertiser, `identifier` the watermark's id. `aigc` adds the field that
    GB 45438-2025 asks for.
    """
    name, version = generator
    attributes = {
        "Iptc4xmpExt:DigitalSourceType": source_type,
        "Iptc4xmpExt:AISystemUsed": name,
        "Iptc4xmpExt:AISystemVersionUsed": version,
        "xmp:CreatorTool": f"{name} {version}",
        "dc:identifier": identifier,
    }
    told = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    used = [space for space in _SPACES if aigc or space != "TC260"]
    spaces = "".join(f' xmlns:{space}="{_SPACES[space]}"' for space in used)
    inside = f"<dc:creator><rdf:Seq><rdf:li>{escape(creator)}</rdf:li></rdf:Seq></dc:creator>"
    if aigc:
        inside += f"<TC260:AIGC>{escape(aigc_field(creator, identifier))}</TC260:AIGC>"
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF{spaces}>'
        f'<rdf:Description rdf:about=""{told}>{inside}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def aigc_field(producer: str, identifier: str) -> str:
    """The implicit label as JSON: 1 says that the content is generated. Who spreads it and under
    which number is for the platform to add."""
    fields = {
        "Label": "1",
        "ContentProducer": producer,
        "ProduceID": identifier,
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))

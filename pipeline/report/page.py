"""One page of the report as HTML: templates with autoescape on, style and script inside."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.evidence import in_words
from pipeline.report import words

TEMPLATES = Path(__file__).with_name("templates")


def render_page(**shown: Any) -> str:
    """The page `templates/page.html.j2`; all that is shown is escaped, whoever wrote it.

    Beyond that, the page's content security policy lets a browser run only our own script (by
    its digest) and load only files beside the page.
    """
    style, script = _text("style.css"), _text("page.js")
    return _environment().get_template("page.html.j2").render(
        **shown,
        status_meanings=words.STATUS_MEANINGS,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
    )  # fmt: skip


def _policy(style: str, script: str) -> str:
    """Content security policy: our own style and script, media beside the page, nothing else."""
    beside = "'self' file: data:"
    return (
        f"default-src 'none'; style-src {_digest(style)};"
        f" script-src {_digest(script)} 'self' file:;"
        f" img-src {beside}; media-src {beside}; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        humanise=words.humanise,
        evidence=in_words,
        duration=words.duration,
        size=words.size,
        metric_label=lambda metric: words.metric_name(metric)[0],
    )
    return environment

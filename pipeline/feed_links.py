"""Feed links: what a link of a feed may name. A feed is written by others."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote, urlparse

from pipeline import storage
from pipeline.redact import redacted
from pipeline.web.link import is_web
from schemas.campaign import Campaign
from schemas.product import parted_links

_ODD = frozenset("%?#:;[\\\0")
"""Letters of a link that mean something else than themselves."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_FIX = "copy the images to one folder or bucket and name it in the campaign's `images`"


class Elsewhere(Exception):
    """A link that leads out of where it must stay; the message says why and what to do."""


class FeedLinks:
    """Files that links of one campaign's feed may mean: by name in `images`, or below the feed's
    folder, or below one of `links.roots`."""

    def __init__(self, campaign: Campaign) -> None:
        self._by_name = campaign.images is not None
        self._folder = (campaign.images or campaign.feed.rpartition("/")[0]).rstrip("/")
        self._rules = campaign.links

    def on_web(self, link: str) -> bool:
        """Whether a link is one of the web, to be fetched. With `images` it is a file's name."""
        return not self._by_name and is_web(link) and self._rules.web

    def at_a_glance(self, link: str) -> str | None:
        """URI of a link, as far as that can be told cheaply; None for one that needs a closer
        look. What is on the web is its own URI."""
        name = link.rpartition("/")[2] if self._by_name else link
        if not name or name.startswith((".", "/")) or "/." in name:
            return None
        if _ODD.isdisjoint(name):
            return f"{self._folder}/{name}"
        return link if self.on_web(link) or self._is_below_a_root(link) else None

    def file(self, link: str) -> str:
        """URI of a link that is not on the web. Raises `Elsewhere`, or `ValueError` for no name."""
        if self._by_name:
            uri = below(self._folder, _file_name(link))
        elif self._is_below_a_root(link):
            return link
        else:
            uri = below(self._folder, link)
        self._check_end(uri)
        return uri

    def _is_below_a_root(self, link: str) -> bool:
        _, apart, path = link.partition("://")
        if not apart or self._by_name or not link.startswith(self._rules.roots):
            return False
        return _ODD.isdisjoint(path) and not {"", ".", ".."} & set(path.split("/"))

    def _check_end(self, uri: str) -> None:
        """A symbolic link may not lead where a link of the feed may not."""
        if "://" in uri:
            return
        folder, _, name = uri.rpartition("/")
        real = os.path.join(_real(folder), name)
        real = os.path.realpath(real) if os.path.islink(real) else real
        roots = [_real(self._folder), *map(_real, filter(os.path.isabs, self._rules.roots))]
        if not any(real.startswith(root.rstrip("/") + "/") for root in roots):
            raise Elsewhere("it is a symbolic link out of the folder; name its end in links.roots")


def below(folder: str, link: str) -> str:
    """The URI of `link` below `folder`. A feed is written by others and may name only what was
    put there for it: raises `Elsewhere` for a scheme, an absolute path or a way up.
    """
    if scheme := _SCHEME.match(link):
        raise Elsewhere(f"{scheme[1].lower()[:20]}: links are not followed; {_FIX}")
    parts = link.split("/")
    if "://" in link or "::" in link or link.startswith(("/", "~")) or "\\" in link:
        raise Elsewhere(f"it is no path below the feed's folder; {_FIX}")
    if ".." in parts:
        raise Elsewhere(f"it leads out of the folder; {_FIX}")
    if not link or "\0" in link or parts[-1] in ("", "."):
        raise ValueError("it names no file")
    return storage.join(folder, link)


def links_of(texts: Mapping[str, str]) -> list[str]:
    """Links of a feed row's pictures, as far as they can be told apart at a glance."""
    first = texts.get("image_link", "")
    further = [texts[name] for name in ("additional_image_link", "control_link") if name in texts]
    if "://" in first or any("://" in link for link in further):  # they may hold commas
        links = [first.strip(), *(one for link in further for one in parted_links(link))]
        return [link for link in links if link]
    links = ",".join([first, *further]).split(",")
    return [bare for link in links if (bare := link.strip())]


def shown(link: str) -> str:
    """A link as a reason quotes it: whoever reads a ledger must not get a signature with it."""
    bare = redacted(link)
    return repr(bare if len(bare) <= 300 else f"{bare[:300]}...")


def _file_name(link: str) -> str:
    """The last part of a link's path: what the file is called in the folder of pictures."""
    if not any(mark in link for mark in "%?#;["):
        return link.rpartition("/")[2] or link
    return unquote(urlparse(link).path).rpartition("/")[2] or link


@lru_cache(maxsize=4096)
def _real(folder: str) -> str:
    return os.path.realpath(folder)

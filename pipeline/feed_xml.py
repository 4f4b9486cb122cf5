"""RSS and Atom feeds with Google's g: attributes, read as a stream without building a tree."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from pipeline.feed_source import HEAD_BYTES, FeedError, RawRow, Source
from schemas.product import attribute_name

_ROOTS = ("rss", "feed", "rdf", "channel", "products")
_ITEMS = ("item", "entry", "product")
_PLAIN = {"summary": "description", "content": "description"}


def xml_rows(source: Source) -> Iterator[RawRow]:
    """The rows of an RSS or Atom feed, as many in memory as end in 64 KiB. Raises `FeedError`.

    What was read before a break in the file is given out first.
    """
    items = _Items()
    parser = items.parser = DefusedXMLParser(target=items)
    problem = ""
    while not problem:
        chunk = source.stream.read(HEAD_BYTES)
        try:
            parser.feed(chunk) if chunk else parser.close()
        except DefusedXmlException:
            problem = "defines entities, which can be used to attack a reader; export it without"
        except ParseError as error:
            problem = _problem(error)
        if items.root and items.root not in _ROOTS:
            problem = f"starts with <{items.root}>, which is no RSS or Atom; check the address"
        while items.done:
            yield items.done.popleft()
        if not chunk:
            break
    if problem:
        raise FeedError(f"{source.uri} {problem}")


def _problem(error: ParseError) -> str:
    if "unbound prefix" in str(error):
        return 'uses g: undeclared; put xmlns:g="http://base.google.com/ns/1.0" on its first tag'
    return f"is broken XML ({error}); export it again"


class _Items:
    """Gathers one item after the other from the parser's events."""

    def __init__(self) -> None:
        self.root, self.done = "", deque[RawRow]()
        self.parser: Any = None
        self._row: RawRow | None = None
        self._names: list[str] = []  # open elements inside the item
        self._text: list[str] = []
        self._line = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        local = tag.rpartition("}")[2]
        self.root = self.root or local.lower()
        if self._row is None:
            if local.lower() in _ITEMS:
                # Minified feeds have all items on one line: each needs a number of its own.
                self._line = max(self.parser.parser.CurrentLineNumber, self._line + 1)
                self._row = RawRow(self._line, {})
            return
        self._names.append(attribute_name(local))
        self._text = [attributes["href"]] if local == "link" and "href" in attributes else []

    def data(self, text: str) -> None:
        """Text of the innermost element."""
        if self._names:
            self._text.append(text)

    def end(self, tag: str) -> None:
        """An element closes."""
        if self._row is None:
            return
        if not self._names:
            self.done.append(self._row)
            self._row = None
            return
        name = ".".join(self._names)  # "shipping.country"
        if text := "".join(self._text).strip():
            self._put(self._row.texts, name, text, "google" in tag.rpartition("}")[0])
        self._names.pop()
        self._text = []

    def _put(self, texts: dict[str, str], name: str, text: str, is_googles: bool) -> None:
        name = name if is_googles else _PLAIN.get(name, name)
        if name == "additional_image_link" and name in texts:
            texts[name] += f", {text}"
        elif is_googles or name not in texts:  # g:title goes before title
            texts[name] = text

    def close(self) -> None:
        """The document ends."""

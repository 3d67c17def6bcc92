"""The form of an ESPI file: an Atom feed of linked resources, read as a stream.

Only what a meter needs is kept. What the numbers mean is the business of ``green_button``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesNSImpl, Locator

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import create_parser

from sourceenergy.errors import MeterDataError

ATOM = "http://www.w3.org/2005/Atom"
ESPI = "http://naesb.org/espi"

_INTEGER = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_KINDS = ("UsagePoint", "MeterReading", "ReadingType", "LocalTimeParameters", "IntervalBlock")
_FIELDS = {
    ("ServiceCategory", "kind"),
    ("LocalTimeParameters", "tzOffset"),
    ("ReadingType", "accumulationBehaviour"),
    ("ReadingType", "commodity"),
    ("ReadingType", "flowDirection"),
    ("ReadingType", "intervalLength"),
    ("ReadingType", "kind"),
    ("ReadingType", "powerOfTenMultiplier"),
    ("ReadingType", "uom"),
}


@dataclass(slots=True)
class Entry:
    """One Atom entry: what it is, its links and its numbers by ESPI name."""

    line: int
    kind: str = ""
    title: str = ""
    self_link: str = ""
    up_links: list[str] = field(default_factory=list)
    related: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What people call it: its title, or else its link or line."""
        return self.title or self.self_link or f"line {self.line}"


@dataclass(slots=True)
class Block:
    """One IntervalBlock: its start [s since 1970] and its readings."""

    start: int | None = None
    readings: list[IntervalReading] = field(default_factory=list)


@dataclass(slots=True)
class IntervalReading:
    """One reading as written: times in seconds, value in the unit of its ReadingType."""

    line: int
    start: int | None = None
    duration: int | None = None
    value: int | None = None
    qualities: list[int] = field(default_factory=list)


def read_feed(data: bytes | str) -> list[Entry]:
    """All entries of an ESPI feed.

    Refused: ``xml.entities`` (a DTD or entities), ``xml.malformed`` (cut or broken, naming the
    line), ``espi.feed`` (another kind of XML), ``espi.value`` (no whole number where ESPI wants
    one).
    """
    handler = _Feed()
    parser = create_parser(1, forbid_dtd=True)
    parser.setContentHandler(handler)
    try:
        parser.feed(data)
        parser.close()
    except DefusedXmlException as error:
        raise MeterDataError(
            "the XML file declares a document type or entities, which can hide an attack",
            rule="xml.entities",
            field="line",
            value=parser.getLineNumber(),
            remedy="use the file as the utility provides it, without <!DOCTYPE>",
        ) from error
    except SAXParseException as error:
        raise MeterDataError(
            f"the XML file is cut off or malformed at line {error.getLineNumber()}: "
            f"{error.getMessage()}",
            rule="xml.malformed",
            field="line",
            value=error.getLineNumber(),
            remedy="download the file again",
        ) from error
    except (LookupError, ValueError) as error:  # an encoding that the parser cannot read
        raise MeterDataError(
            "the XML file names an encoding that cannot be read",
            rule="xml.malformed",
            field="line",
            value=1,
            remedy="save the file as UTF-8",
        ) from error
    return handler.entries


def owner(child: Entry, parents: Sequence[Entry]) -> Entry | None:
    """The entry that ``child`` belongs to by its links; the only one there is if links fail.

    None where there are no ``parents``; refused (``espi.links``) where the links do not tell.
    """
    if len(parents) <= 1:
        return parents[0] if parents else None
    links = {child.self_link, *child.up_links} - {""}
    found = [
        parent
        for parent in parents
        if links & set(parent.related)
        or (parent.self_link and any(up.startswith(parent.self_link + "/") for up in links))
    ]
    if len(found) != 1:
        raise MeterDataError(
            f"the links of the {child.kind} at line {child.line} do not say what it belongs to",
            rule="espi.links",
            field="link",
            value=child.self_link,
            remedy="ask the utility for one file per meter",
        )
    return found[0]


class _Feed(ContentHandler):
    """Collects entries; a leaf's text is looked at when its element ends."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._entry = Entry(0)
        self._block = Block()
        self._reading = IntervalReading(0)
        self._where: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802
        self._where = locator

    def startElementNS(  # noqa: N802 (SAX's name)
        self, name: tuple[str | None, str], qname: str | None, attrs: AttributesNSImpl
    ) -> None:
        space, local = name
        self._text.clear()
        if not self._path and (space != ATOM or local not in {"feed", "entry"}):
            raise MeterDataError(
                "the XML file is not a Green Button (ESPI) feed",
                rule="espi.feed",
                field="root element",
                value=local,
                remedy="use the Green Button usage download of the utility",
            )
        self._path.append(local)
        if space == ESPI:
            self._start_espi(local)
        elif space == ATOM and local == "entry":
            self._entry = Entry(self._line())
            self.entries.append(self._entry)
        elif space == ATOM and local == "link":
            link = (attrs.get((None, "href")) or "").strip().rstrip("/")
            relation = attrs.get((None, "rel")) or ""
            if relation == "self":
                self._entry.self_link = link
            elif relation == "up":
                self._entry.up_links.append(link)
            elif relation == "related":
                self._entry.related.append(link)

    def _start_espi(self, local: str) -> None:
        if local == "IntervalReading":
            self._reading = IntervalReading(self._line())
            self._block.readings.append(self._reading)
        elif local in _KINDS:
            self._entry.kind = local
            if local == "IntervalBlock":
                self._block = Block()
                self._entry.blocks.append(self._block)

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:  # noqa: N802
        space, local = name
        self._path.pop()
        parent = self._path[-1] if self._path else ""
        if space == ESPI:
            self._end_espi(local, parent)
        elif space == ATOM and local == "title" and parent == "entry":
            self._entry.title = "".join(self._text).strip()
        self._text.clear()

    def _end_espi(self, local: str, parent: str) -> None:
        if parent == "timePeriod" and self._path[-2:-1] == ["IntervalReading"]:
            if local == "start":
                self._reading.start = self._number(local)
            elif local == "duration":
                self._reading.duration = self._number(local)
        elif parent == "IntervalReading" and local == "value":
            self._reading.value = self._number(local)
        elif parent == "ReadingQuality" and local == "quality":
            number = self._number(local)
            if number is not None:
                self._reading.qualities.append(number)
        elif parent == "interval" and local == "start":
            self._block.start = self._number(local)
        elif (parent, local) in _FIELDS:
            number = self._number(local)
            if number is not None:
                self._entry.numbers["service" if parent == "ServiceCategory" else local] = number

    def characters(self, content: str) -> None:
        self._text.append(content)

    def _number(self, field_name: str) -> int | None:
        text = "".join(self._text).strip()
        if not text:
            return None
        if not _INTEGER.fullmatch(text):
            raise MeterDataError(
                f"line {self._line()} needs a whole number",
                rule="espi.value",
                field=field_name,
                value=text,
                remedy="ask the utility for a valid ESPI file",
            )
        return int(text)

    def _line(self) -> int:
        return (self._where.getLineNumber() or 0) if self._where else 0

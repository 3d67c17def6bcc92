"""The form of the IESO's XML reports: a ``Document`` with a ``DocHeader`` and a ``DocBody``."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sourceenergy.feeds.reports import check_size, est_s, refusal

NAMESPACE = "{http://www.ieso.ca/schema}"


def read_xml_report(data: bytes, what: str) -> tuple[int, Element]:
    """When a report was made (UTC seconds), and its body.

    Raises ``InputError``: ``feed.xml`` for XML that is hostile (a DTD, entities) or broken,
    ``feed.format`` for another document, such as a web page that says that there is no report.
    """
    check_size(data, what)
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise refusal(
            "feed.xml", "a report has no document type and no entities", what, type(error).__name__
        ) from error
    except (ParseError, ValueError, LookupError) as error:  # bad XML, a NUL, an unknown encoding
        raise refusal("feed.xml", f"the report is broken: {error}", what, data[:40]) from error
    created = text_at(root, "DocHeader", "CreatedAt")
    body = root.find(f"{NAMESPACE}DocBody")
    if root.tag != f"{NAMESPACE}Document" or body is None or created is None:
        raise refusal("feed.format", "this is no report of the IESO", what, root.tag)
    return est_s(created, f"{what} CreatedAt"), body


def text_at(element: Element, *path: str) -> str | None:
    """Text of the first descendant along ``path``; None where it is absent or empty."""
    found = element.find("/".join(NAMESPACE + name for name in path))
    text = None if found is None else found.text
    return text.strip() if text and text.strip() else None


def needed(element: Element, name: str, what: str) -> str:
    """``text_at`` of a child that a report must have (rule ``feed.format``)."""
    text = text_at(element, name)
    if text is None:
        raise refusal("feed.format", f"the report has no {name}", what, element.tag)
    return text


def children(element: Element, *path: str) -> Iterator[Element]:
    """All descendants along ``path``."""
    yield from element.iterfind("/".join(NAMESPACE + name for name in path))

"""The street of the reports' tests, to try other rules on."""

from __future__ import annotations

from small_street import street

__all__ = ["street"]

"""A small settled community to report on."""

from __future__ import annotations

from small_street import settled, street

__all__ = ["settled", "street"]

"""People's word for old corrections, as files: who signed which correction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sourceenergy.edge.signer import Signer
from sourceenergy.errors import InputError
from sourceenergy.proofs import correction_digest
from sourceenergy.records import Approval, Correction
from sourceenergy.settlement.bundle import canonical_json

MOST_BYTES = 64 << 20
"""A file of approvals is never longer; what is longer is none."""


def write_approvals(signer: Signer, shown: Sequence[tuple[Correction, dict[str, object]]]) -> bytes:
    """One person's signatures of some corrections, each beside what it approves."""
    return canonical_json(
        {
            "public_x": f"{signer.public_x:064x}",
            "public_y": f"{signer.public_y:064x}",
            "approvals": [
                {
                    "correction": words,
                    "digest": correction_digest(one).hex(),
                    "signature": signer.sign(correction_digest(one)),
                }
                for one, words in shown
            ],
        }
    )


def read_approvals(paths: Iterable[Path]) -> dict[str, list[Approval]]:
    """Signatures by digest from some people's files; whether they are good is seen later.

    Raises ``InputError`` (``approval.readable``) naming the file that is none.
    """
    found: dict[str, list[Approval]] = {}
    for path in paths:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError("it is too long")
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            x, y = int(raw["public_x"], 16), int(raw["public_y"], 16)
            for entry in raw["approvals"]:
                signature, digest = str(entry["signature"]), str(entry["digest"])
                if len(bytes.fromhex(signature)) != 64 or len(bytes.fromhex(digest)) != 32:
                    raise ValueError("a signature has 64 bytes, a digest 32")
                found.setdefault(digest, []).append(Approval(x, y, signature))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(
                f"the file of approvals cannot be read: {error}",
                rule="approval.readable",
                field="--approve",
                value=path,
                remedy="give a file that `sourceenergy correct --sign` wrote",
            ) from error
    return found

"""Pseudonyms, salts and accounts: what stands for a member where the member's id may not.

All are derived from secrets in the node's store, so they stay the same from run to run, and are
gone for good when a secret is erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sourceenergy.chain.keys import open_account
from sourceenergy.config.community_file import Community
from sourceenergy.proofs import derive_salt
from sourceenergy.store.sqlite import Store


@dataclass(frozen=True, slots=True)
class Identity:
    """A member's or meter's pseudonym and its salt for one commit period (hex)."""

    key: str
    salt: str


def identity_of(store: Store, kind: str, name: str, period: str) -> Identity:
    """Identity of a member or meter (``kind``) in a ``period`` (its start and end)."""
    secret = store.secret(f"{kind}:{name}")
    return Identity(
        derive_salt(secret, "pseudonym").hex(), derive_salt(secret, "period", period).hex()
    )


def pseudonym_of(store: Store, kind: str, name: str) -> str | None:
    """The pseudonym of a member or meter, None where the store knows none; writes nothing."""
    secret = store.known_secret(f"{kind}:{name}")
    return None if secret is None else derive_salt(secret, "pseudonym").hex()


def member_accounts(community: Community, keys: Path) -> dict[str, str]:
    """Account of each member by id: the file's own, or one whose key the node keeps."""
    return {
        member.id: member.account or open_account(keys, f"member-{member.id}").address.lower()
        for member in community.members
    }

"""Two people's word before anything is sent to a public chain.

Each signs the plan's hash (EIP-712), bound to chain, profile, code and deployer, with the key of
a seat the plan gives: those who are to have the power say that this is what they want.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from coincurve import PublicKey

from sourceenergy.chain.keys import Account
from sourceenergy.chain.plan import Plan
from sourceenergy.errors import NotPermitted
from sourceenergy.proofs import keccak

NEEDED = 2

_DOMAIN = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_APPROVAL = keccak(b"Deployment(bytes32 plan,bytes32 code,string profile,address deployer)")

# Accounts 0 to 9 of the phrase every development node prints: their keys are public.
_PUBLISHED = frozenset(
    {
        "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
        "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
        "0x15d34aaf54267db7d7c367839aaf71a00a2c6a65",
        "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
        "0x976ea74026e726554db657fa54763abd0c3a0aa9",
        "0x14dc79964da2c08b23698b3d3cc7ca32193d9955",
        "0x23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f",
        "0xa0ee7a142d267c1f36714e4a8f75612f20a79720",
    }
)


def approval_digest(plan: Plan, chain_id: int) -> bytes:
    """What an approver signs for this plan on this chain (32 bytes)."""
    domain = keccak(
        _DOMAIN
        + keccak(b"SourceEnergy Deployment")
        + keccak(b"1")
        + chain_id.to_bytes(32, "big")
        + _word(plan.addresses["AccessManager"])
    )
    code = keccak(b"".join(keccak(plan.creation(make)) for make in plan.makes))
    struct = keccak(
        _APPROVAL
        + plan.hash
        + code
        + keccak(plan.profile.name.encode())
        + _word(plan.parties.deployer)
    )
    return keccak(b"\x19\x01" + domain + struct)


def approve(plan: Plan, chain_id: int, account: Account) -> str:
    """An approver's signature (65 bytes as 0x hex)."""
    return "0x" + account.sign_digest(approval_digest(plan, chain_id)).hex()


def check_approvals(plan: Plan, chain_id: int, signatures: Sequence[str]) -> list[str]:
    """The seats that approved; raises NotPermitted unless two different ones did."""
    digest = approval_digest(plan, chain_id)
    seats = set(plan.parties.seats)
    approved = sorted({signer for s in signatures if (signer := _signer(digest, s)) in seats})
    if len(approved) < NEEDED:
        raise NotPermitted(
            f"{len(approved)} of the {NEEDED} signatures a public chain needs; nothing was sent",
            rule="deploy.two_signatures",
            field="--signature",
            value=f"chain {chain_id}, plan 0x{plan.hash.hex()}",
            remedy="have two different council seats of the parties file run "
            "`sourceenergy deploy … --approve-with KEYFILE`, and give both with --signature",
        )
    return approved


def check_keys(plan: Plan, chain_id: int) -> None:
    """Refuse parties whose keys anybody can look up or guess."""
    named: Iterable[tuple[str, str]] = (
        ("deployer", plan.parties.deployer),
        *plan.parties.everyone(),
    )
    for what, account in named:
        check_key(what, account, chain_id)


def check_key(what: str, account: str, chain_id: int) -> None:
    """Refuse an account whose key anybody can look up or guess; ``what`` it is for."""
    if account in _known():
        raise NotPermitted(
            "this account's key is public: whoever likes could sign for it",
            rule="deploy.known_key",
            field=what,
            value=f"{account} on chain {chain_id}",
            remedy="make a key of its own for it",
        )


@cache
def _known() -> frozenset[str]:
    low = {Account(number.to_bytes(32, "big")).address for number in range(1, 255)}
    same = {Account(bytes([number]) * 32).address for number in range(1, 255)}
    return _PUBLISHED | low | same


def _signer(digest: bytes, signature: str) -> str | None:
    try:
        content = bytes.fromhex(signature.removeprefix("0x").strip())
        if len(content) != 65 or content[64] not in (27, 28):
            return None
        recoverable = content[:64] + bytes([content[64] - 27])
        public = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
        return "0x" + keccak(public.format(compressed=False)[1:])[12:].hex()
    except ValueError:
        return None


def _word(address: str) -> bytes:
    return bytes.fromhex(address[2:]).rjust(32, b"\0")

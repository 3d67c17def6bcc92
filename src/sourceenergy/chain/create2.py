"""Addresses known before the contract is there: CREATE2 through one factory every chain has.

The factory (Arachnid's deterministic deployment proxy) takes a salt and creation code and keeps
no state. It stands at the same address on most public chains and on anvil; where it is missing
it is put there by a transaction that was signed once, for no chain in particular, so that
anybody can send it and nobody owns the key. An address depends on the creation code, arguments
included, and on nothing else: a second run, another chain, another sender give the same one.
"""

from __future__ import annotations

import asyncio

import rlp  # type: ignore[import-untyped]

from sourceenergy.chain.intents import Call
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import InvariantBroken, Unavailable
from sourceenergy.proofs import keccak

FACTORY = "0x4e59b44847b379578588920ca78fbf26c0b4956c"
FACTORY_SENDER = "0x3fab184622dc19b6109349b94811493bf2a45362"
FACTORY_COST_WEI = 10**16
FACTORY_CODE = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe036016000816020823780358282"
    "34f58015156039578182fd5b8082525050506014600cf3"
)
FACTORY_TRANSACTION = (
    "0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182"
    "fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222"
    "222222a02222222222222222222222222222222222222222222222222222222222222222"
)
_POLLS, _POLL_S = 300, 0.2
SALT = keccak(b"SourceEnergy contracts, first edition")


def address_of(creation: bytes, salt: bytes = SALT, maker: str = FACTORY) -> str:
    """Where CREATE2 by ``maker`` puts the contract that this creation code makes (EIP-1014)."""
    return "0x" + keccak(b"\xff" + _bytes(maker) + salt + keccak(creation))[12:].hex()


def child_of(parent: str, nonce: int) -> str:
    """Where CREATE puts a contract's ``nonce``-th child; a contract's first has nonce 1."""
    return "0x" + keccak(rlp.encode([_bytes(parent), nonce]))[12:].hex()


def making(intent: str, creation: bytes) -> Call:
    """The call that has the factory make a contract."""
    return Call(intent, FACTORY, SALT + creation)


async def put_factory(rpc: Rpc) -> None:
    """See that the chain has the factory; safe to repeat.

    Raises Unavailable when the chain takes neither the factory's transaction nor payment for it,
    InvariantBroken when other code stands at its address.
    """
    code = await rpc.call("eth_getCode", FACTORY, "latest")
    if code == "0x":
        held_wei = int(await rpc.call("eth_getBalance", FACTORY_SENDER, "latest"), 16)
        if held_wei < FACTORY_COST_WEI:
            raise Unavailable(
                "this chain has no deterministic factory, and its sender cannot pay for one",
                rule="deploy.factory",
                field=FACTORY_SENDER,
                value=held_wei,
                remedy=f"send {FACTORY_COST_WEI - held_wei} wei to that address, then run again",
            )
        await rpc.call("eth_sendRawTransaction", FACTORY_TRANSACTION)
        for _ in range(_POLLS):
            code = await rpc.call("eth_getCode", FACTORY, "latest")
            if code != "0x":
                break
            await asyncio.sleep(_POLL_S)
    if bytes.fromhex(code[2:]) != FACTORY_CODE:
        raise InvariantBroken(
            "the deterministic factory is not what it should be",
            rule="deploy.factory",
            field=FACTORY,
            value=code,
            remedy="is this the right chain? nothing may be deployed on it",
        )


def _bytes(address: str) -> bytes:
    return bytes.fromhex(address.removeprefix("0x"))

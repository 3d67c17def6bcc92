"""What the code itself shows: no way to run changeable code, no owner, nothing too large."""

from collections.abc import Iterator

from sourceenergy.chain.contracts import artifact, shipped

DELEGATECALL, CALLCODE, SELFDESTRUCT, INVALID = 0xF4, 0xF2, 0xFF, 0xFE

DELEGATES = {
    "AccessManager": "OpenZeppelin's multicall: to itself, the target is `address(this)`",
}
"""Contracts whose code has a DELEGATECALL, and why its target cannot be changed."""

CLONE = bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
"""The end of an ERC-1167 clone: it forwards to an address that is part of its code."""


def opcodes(code: bytes) -> Iterator[int]:
    """The instructions in order, without what they push and without the data behind them."""
    places, at = [], 0
    while at < len(code):
        places.append(at)
        at += code[at] - 0x5E if 0x60 <= code[at] <= 0x7F else 1
    invalid = [i for i, place in enumerate(places) if code[place] == INVALID]
    # solc puts constants behind a last INVALID
    yield from (code[place] for place in places[: invalid[-1] if invalid else None])


def test_the_reader_of_opcodes_skips_what_is_pushed() -> None:
    assert list(opcodes(bytes.fromhex("61f4f4f400fef4"))) == [0x61, DELEGATECALL, 0x00]


def test_no_delegatecall_but_those_with_a_reason() -> None:
    found = {name for name in shipped() if DELEGATECALL in set(opcodes(artifact(name).runtime))}
    assert found == set(DELEGATES)


def test_accounts_forward_to_one_template_for_ever() -> None:
    """`AccountFactory` writes the template into the clone's code; nothing can change it."""
    makes_clones = {name for name in shipped() if CLONE in artifact(name).runtime}
    assert makes_clones == {"AccountFactory"}
    (template,) = (s for s in artifact("AccountFactory").functions if s == "template")
    assert not any(name.startswith("set") for name in artifact("AccountFactory").functions)
    assert template


def test_nothing_can_be_destroyed_and_no_callcode() -> None:
    for name in shipped():
        used = set(opcodes(artifact(name).runtime))
        assert not used & {CALLCODE, SELFDESTRUCT}, name


def test_no_owner_no_proxy_no_upgrade() -> None:
    forbidden = {"owner", "transferOwnership", "renounceOwnership", "upgradeTo", "upgradeToAndCall"}
    for name in shipped():
        assert not forbidden & set(artifact(name).functions), name


def test_no_contract_is_too_large() -> None:
    """EIP-170: 24,576 bytes of code; EIP-3860: twice that to make it."""
    for name in shipped():
        assert len(artifact(name).runtime) <= 24_576, name
        assert len(artifact(name).bytecode) <= 49_152, name

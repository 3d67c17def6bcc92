"""The council's proposals: made, voted on, queued in the time lock and executed.

The chain keeps everything: what a proposal does is in the event of its making, so that any seat
can queue or execute what another proposed. A proposal is named by its number on chain (uint256),
which hangs on its calls and its whole text, basis included: the same one asked for twice is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sourceenergy.chain.contracts import Contract
from sourceenergy.chain.deeds import Deed, read_deed
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.intents import untried
from sourceenergy.chain.logs import Logged, logged, now_s, word
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.officer import Done
from sourceenergy.chain.proposal_checks import check_deeds
from sourceenergy.chain.rpc import Reverted, Rpc
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.proofs import keccak
from sourceenergy.units import iso_utc

COUNCIL = "Council"
_PROPOSE = "propose(address[],uint256[],bytes[],string,(bytes32,bytes32))"


class ProposalState(IntEnum):
    """Where a proposal stands, as ``IGovernor.ProposalState`` numbers it."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7


class Vote(IntEnum):
    """How a seat votes."""

    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


@dataclass(frozen=True)
class Draft:
    """What is to be proposed: the deeds, plain words, the hash of the data it relies on, its goal.

    ``data_hash`` and ``goal`` are 32 bytes; a goal is a short text filled up with zeros.
    """

    deeds: tuple[Deed, ...]
    description: str
    data_hash: bytes
    goal: bytes


@dataclass(frozen=True)
class Proposal:
    """A proposal as its event tells it; times are UTC unix s, the vote's both inclusive."""

    id: int
    proposer: str
    targets: tuple[str, ...]
    values: tuple[int, ...]
    calldatas: tuple[str, ...]
    text: str
    vote_start_s: int
    vote_end_s: int
    block: int

    @property
    def calls(self) -> tuple[object, ...]:
        """What ``queue`` and ``execute`` ask for: calls and the hash of the text."""
        return (
            list(self.targets),
            list(self.values),
            list(self.calldatas),
            keccak(self.text.encode()),
        )

    def told(self, manifest: Manifest) -> list[str]:
        """Each call in words; raw where its contract is not in the manifest."""
        shown = []
        for target, data in zip(self.targets, self.calldatas, strict=True):
            deed = read_deed(target, bytes.fromhex(data[2:]), manifest)
            shown.append(str(deed) if deed else f"{target} {data}")
        return shown


@dataclass(frozen=True)
class Status:
    """A proposal now: its state, votes by how they were cast, and what is next.

    ``next_step`` is None once it is over; ``earliest_s`` the first second of the next step.
    """

    proposal: Proposal
    state: ProposalState
    votes: dict[Vote, int]
    quorum: int | None  # before the vote begins nobody knows how many seats there will be
    data_hash: str
    goal: str
    next_step: str | None
    earliest_s: int | None


# --- what is so ---------------------------------------------------------------------------------


async def proposals(rpc: Rpc, manifest: Manifest) -> list[Proposal]:
    """Every proposal that was ever made, oldest first."""
    return [_proposal(e) for e in await logged(rpc, manifest, COUNCIL, ("ProposalCreated",))]


async def find_proposal(rpc: Rpc, manifest: Manifest, text: str) -> Proposal:
    """The proposal with that number, decimal or 0x hex, or the only one that begins with it."""
    known = await proposals(rpc, manifest)
    found = [p for p in known if text and (str(p.id).startswith(text) or _hex(p).startswith(text))]
    if len(found) != 1:
        raise InputError(
            "there is no such proposal" if not found else "several proposals begin like that",
            rule="council.proposal",
            field="proposal",
            value=text,
            remedy="see `sourceenergy council status` for their numbers",
        )
    return found[0]


async def status_of(rpc: Rpc, manifest: Manifest, proposal: Proposal) -> Status:
    """Where a proposal stands now."""
    council = manifest.contract(COUNCIL)
    state = ProposalState(await rpc.read(council, "state", proposal.id, block="pending"))
    cast = await rpc.read(council, "proposalVotes", proposal.id)
    basis = await rpc.read(council, "basisOf", proposal.id)
    quorum = None
    if await now_s(rpc) > proposal.vote_start_s:  # taken back, it may not have begun either
        quorum = int(await rpc.read(council, "quorum", proposal.vote_start_s, block="pending"))
    steps = {
        ProposalState.PENDING: ("vote", proposal.vote_start_s + 1),
        ProposalState.ACTIVE: ("queue", proposal.vote_end_s + 1),
        ProposalState.SUCCEEDED: ("queue", proposal.vote_end_s + 1),
    }
    next_step, earliest_s = steps.get(state, (None, None))
    if state is ProposalState.QUEUED:
        next_step = "execute"
        earliest_s = int(await rpc.read(council, "proposalEta", proposal.id))
    return Status(
        proposal=proposal,
        state=state,
        votes={
            Vote.AGAINST: int(cast["againstVotes"]),
            Vote.FOR: int(cast["forVotes"]),
            Vote.ABSTAIN: int(cast["abstainVotes"]),
        },
        quorum=quorum,
        data_hash=str(basis["dataHash"]),
        goal=goal_text(str(basis["goal"])),
        next_step=next_step,
        earliest_s=earliest_s,
    )


def goal_text(goal: str) -> str:
    """A goal of 32 bytes (0x hex) as the short text it is; as it is where it is none."""
    content = bytes.fromhex(goal[2:]).rstrip(b"\0")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return goal
    return text if text.isprintable() else goal


# --- what a seat does ---------------------------------------------------------------------------


async def propose(gateway: Gateway, manifest: Manifest, draft: Draft) -> tuple[Proposal, bool]:
    """Make a proposal, once; it, and was it new?

    Raises NotPermitted when the account has no seat or the council may not do a deed, InputError
    when a deed would be refused or name a time before it can be executed.
    """
    rpc, council = gateway.rpc, manifest.contract(COUNCIL)
    basis = (draft.data_hash, draft.goal)
    targets = [deed.contract.address for deed in draft.deeds]
    values, datas = [0] * len(targets), ["0x" + deed.data.hex() for deed in draft.deeds]
    text = str(await rpc.read(council, "textOf", draft.description, basis))
    id_ = int(
        await rpc.read(council, "getProposalId", targets, values, datas, keccak(text.encode()))
    )
    made = await _made(rpc, manifest, id_)
    if made is not None:
        return made, False
    await _check_seat(gateway, manifest)
    await check_deeds(rpc, manifest, draft.deeds)
    data = council.encode(_PROPOSE, targets, values, datas, draft.description, basis)
    key = untried(gateway.recall, f"council:propose:{id_}:{gateway.account.address}")
    await gateway.send(key, council.address, data)
    made = await _made(rpc, manifest, id_)
    if made is None:
        raise _unseen(id_)
    return made, True


async def vote(
    gateway: Gateway, manifest: Manifest, proposal: Proposal, how: Vote, reason: str = ""
) -> Done:
    """Cast the account's vote, once; refuses a second, different one."""
    sender, council = gateway.account.address, manifest.contract(COUNCIL)
    cast = await logged(gateway.rpc, manifest, COUNCIL, ("VoteCast",), (word(sender),))
    for event in cast:
        if int(event.values["proposalId"]) == proposal.id:
            if event.values["support"] == how:
                return Done(event.block, None, is_new=False)
            raise NotPermitted(
                f"this seat voted {Vote(event.values['support']).name.lower()} already",
                rule="council.one_vote",
                field="account",
                value=sender,
                remedy="a vote that was cast stays",
            )
    await _expect(gateway, manifest, proposal, ProposalState.ACTIVE)
    weight = await gateway.rpc.read(council, "getVotes", sender, proposal.vote_start_s)
    if not weight:
        raise _no_seat(sender, "had no seat when the vote began")
    data = council.encode("castVoteWithReason", proposal.id, int(how), reason)
    return await _send(gateway, council, f"vote:{sender}", proposal, data)


async def queue(gateway: Gateway, manifest: Manifest, proposal: Proposal) -> Done:
    """Put a proposal that passed into the time lock; anybody may."""
    council = manifest.contract(COUNCIL)
    done = await _ended(gateway.rpc, manifest, proposal, "ProposalQueued")
    if done is not None:
        return done
    await _expect(gateway, manifest, proposal, ProposalState.SUCCEEDED)
    return await _send(
        gateway, council, "queue", proposal, council.encode("queue", *proposal.calls)
    )


async def execute(gateway: Gateway, manifest: Manifest, proposal: Proposal) -> Done:
    """Execute a proposal whose time lock is over, by another seat than the proposer's."""
    sender, council = gateway.account.address, manifest.contract(COUNCIL)
    done = await _ended(gateway.rpc, manifest, proposal, "ProposalExecuted")
    if done is not None:
        return done
    if sender == proposal.proposer:
        raise NotPermitted(
            "who proposed does not execute",
            rule="council.second_person",
            field="account",
            value=sender,
            remedy="have another seat execute it",
        )
    await _check_seat(gateway, manifest)
    if not await gateway.rpc.read(council, "getVotes", sender, proposal.vote_start_s):
        raise _no_seat(sender, "had no seat when the vote began")
    await _expect(gateway, manifest, proposal, ProposalState.QUEUED)
    return await _send(
        gateway, council, "execute", proposal, council.encode("execute", *proposal.calls)
    )


async def cancel(gateway: Gateway, manifest: Manifest, proposal: Proposal) -> Done:
    """Take a proposal back; its proposer may until the vote begins."""
    council = manifest.contract(COUNCIL)
    done = await _ended(gateway.rpc, manifest, proposal, "ProposalCanceled")
    if done is not None:
        return done
    if gateway.account.address != proposal.proposer:
        raise NotPermitted(
            "only its proposer takes a proposal back",
            rule="council.proposer",
            field="account",
            value=gateway.account.address,
            remedy="vote against it",
        )
    await _expect(gateway, manifest, proposal, ProposalState.PENDING)
    return await _send(
        gateway, council, "cancel", proposal, council.encode("cancel", *proposal.calls)
    )


# --- checks and parts ---------------------------------------------------------------------------


async def _send(
    gateway: Gateway, council: Contract, verb: str, proposal: Proposal, data: bytes
) -> Done:
    key = untried(gateway.recall, f"council:{verb}:{proposal.id}:{gateway.account.address}")
    receipt = await gateway.send(key, council.address, data)
    return Done(receipt.block, receipt.transaction, is_new=True)


async def _ended(rpc: Rpc, manifest: Manifest, proposal: Proposal, event: str) -> Done | None:
    for found in await logged(rpc, manifest, COUNCIL, (event,)):
        if int(found.values["proposalId"]) == proposal.id:
            return Done(found.block, None, is_new=False)
    return None


async def _expect(
    gateway: Gateway, manifest: Manifest, proposal: Proposal, wanted: ProposalState
) -> None:
    status = await status_of(gateway.rpc, manifest, proposal)
    now = await now_s(gateway.rpc)
    is_early = status.earliest_s is not None and now < status.earliest_s
    if status.state is wanted and not (wanted is ProposalState.QUEUED and is_early):
        return
    when = f" until {iso_utc(status.earliest_s)}" if is_early and status.earliest_s else ""
    raise NotPermitted(
        f"the proposal is {status.state.name.lower()}{when}, and has to be "
        + ("past its time lock" if wanted is status.state else wanted.name.lower()),
        rule="council.state",
        field="proposal",
        value=proposal.id,
        remedy=f"next is to {status.next_step}"
        + (f", from {iso_utc(status.earliest_s)} on" if status.earliest_s else "")
        if status.next_step
        else "it is over: propose it anew, with another text",
    )


async def _check_seat(gateway: Gateway, manifest: Manifest) -> None:
    sender = gateway.account.address
    if not await gateway.rpc.read(manifest.contract("Seats"), "seatOf", sender):
        raise _no_seat(sender, "has no seat in the council")


def _no_seat(account: str, what: str) -> NotPermitted:
    return NotPermitted(
        f"this account {what}",
        rule="council.seat",
        field="account",
        value=account,
        remedy="use the key of a seat; `sourceenergy power show` lists them",
    )


async def _made(rpc: Rpc, manifest: Manifest, id_: int) -> Proposal | None:
    try:
        await rpc.read(manifest.contract(COUNCIL), "state", id_, block="pending")
    except Reverted as error:
        if error.reason.name == "GovernorNonexistentProposal":
            return None
        raise
    return next((p for p in await proposals(rpc, manifest) if p.id == id_), None)


def _unseen(id_: int) -> InputError:
    return InputError(
        "the chain went back while it was proposed",
        rule="council.proposal",
        field="proposal",
        value=id_,
        remedy="propose it again: it is sent once",
    )


def _proposal(event: Logged) -> Proposal:
    values: dict[str, Any] = event.values
    return Proposal(
        id=int(values["proposalId"]),
        proposer=str(values["proposer"]).lower(),
        targets=tuple(str(target).lower() for target in values["targets"]),
        values=tuple(values["values"]),
        calldatas=tuple(values["calldatas"]),
        text=str(values["description"]),
        vote_start_s=int(values["voteStart"]),
        vote_end_s=int(values["voteEnd"]),
        block=event.block,
    )


def _hex(proposal: Proposal) -> str:
    return f"0x{proposal.id:064x}"

"""Proofs: hashes, Merkle trees and leaves, readings and receipts; pure, one home for each rule.

Needs no NumPy: what works on whole arrays is in ``bulk`` and ``bulk_leaves``.
"""

from sourceenergy.proofs.leaves import (
    community_id,
    derive_salt,
    device_id,
    energy_leaf_hash,
    payout_leaf_hash,
    price_leaf_hash,
    record_leaf_hash,
    statement_hash,
)
from sourceenergy.proofs.merkle import (
    ZERO_HASH,
    keccak,
    merkle_levels,
    merkle_proof,
    merkle_root,
    merkle_verify,
)
from sourceenergy.proofs.multiproof import (
    MultiProof,
    multi_proofs,
    multi_verify,
)
from sourceenergy.proofs.readings import (
    correction_digest,
    p256_low_s,
    p256_public_key,
    p256_verify,
    reading_hash,
    receipt_digest,
)

__all__ = [
    "ZERO_HASH",
    "MultiProof",
    "community_id",
    "correction_digest",
    "derive_salt",
    "device_id",
    "energy_leaf_hash",
    "keccak",
    "merkle_levels",
    "merkle_proof",
    "merkle_root",
    "merkle_verify",
    "multi_proofs",
    "multi_verify",
    "p256_low_s",
    "p256_public_key",
    "p256_verify",
    "payout_leaf_hash",
    "price_leaf_hash",
    "reading_hash",
    "receipt_digest",
    "record_leaf_hash",
    "statement_hash",
]

"""Layer 5, the household trust: income by the family's rule, its value, its private ledger."""

"""Layer 1, the central bank function: incentives, stabilisation, reserves, savings, policy."""

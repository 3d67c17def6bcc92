"""Layer 2, the marketplace: rules before a trade, eyes after it, credits that expire."""

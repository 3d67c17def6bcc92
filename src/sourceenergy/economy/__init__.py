"""The six layers' off-chain rules, one file a layer; pure functions over records."""

"""The only code that talks to a chain: embedded node, JSON-RPC, contracts, gateway, indexer."""

"""What-if: a community's own data under other rules, before it chooses; nothing is settled."""

"""The community node: takes readings, closes intervals, settles, publishes and posts."""

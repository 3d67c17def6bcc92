"""The market: prices, tariffs and sharing mechanisms as pure functions over whole numbers."""

"""HTTP and WebSocket of the node, and the web app it serves."""

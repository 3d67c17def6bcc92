"""What an operator hands out after settling a period: values in, the same bytes out every time."""

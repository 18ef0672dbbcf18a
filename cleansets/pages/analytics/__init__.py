"""The Analytics page: pictures whose parts open their rows."""

"""Figures of a whole cleanset with its decisions, for pages and API alike."""

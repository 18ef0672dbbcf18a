"""Issues of a row beside the other rows."""

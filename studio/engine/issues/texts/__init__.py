"""Issues of texts; none needs labels."""

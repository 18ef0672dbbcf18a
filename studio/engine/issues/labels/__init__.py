"""Issues of given labels, missing and good ones among them."""

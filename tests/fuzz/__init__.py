"""Reads files of every format that were damaged or made odd by chance, and looks how it ends."""

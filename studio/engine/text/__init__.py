"""Texts: the sentence encoder, and what is told of a text once however many rows have it.

- `encoder`: sentence embeddings; `embedding_store` keeps them;
- `arithmetic`, `processor`: what the encoder computes in, and what suits this machine; `batches`:
  how many texts at a time;
- `texts.Texts`: the texts of a dataset; `languages`: which language one is written in.
"""

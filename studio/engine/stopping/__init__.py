"""When a review can stop: what decisions about flagged rows say of the rows that are left."""

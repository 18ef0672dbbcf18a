"""Pages of model runs and of configurations."""

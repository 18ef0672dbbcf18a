"""What the pages of model runs show."""

"""What programs ask of model runs."""

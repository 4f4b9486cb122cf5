"""What stages that run pipelines of diffusers share: fetching weights, and loading them."""

"""Families of text-to-speech models in transformers: how each is loaded and made to speak."""

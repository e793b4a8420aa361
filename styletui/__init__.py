"""Fine-tune a local language model on your own writing, and judge it blind, in a terminal."""

__version__ = "0.1.0"

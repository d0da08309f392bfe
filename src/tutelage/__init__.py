"""Tutelage: train AI models from human judgment, and show, verifiably, whose judgment it was.

The rooms are imported by name (`from tutelage import measure`); this module stays light, so that
`import tutelage` costs a notebook nothing.
"""

__version__ = "0.1.0"

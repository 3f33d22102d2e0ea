"""Models, one idea a file; import the module: `from utils.models import als`.

The networks, `two_tower`, `sequence` and `dcn`, and what they share,
`training`, `losses` and `embeddings`, import torch and are therefore never
imported from here: `import utils` stays cheap.
"""

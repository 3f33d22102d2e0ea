"""Models, one idea a file; import the module: `from utils.models import als`.

`training`, `two_tower`, `sequence` and `dcn` import torch and are therefore
never imported from here: `import utils` stays cheap.
"""

"""Models, one idea a file; import the module: `from utils.models import als`.

`two_tower` and `training` import torch and are therefore never imported from
here: `import utils` stays cheap.
"""

import os

os.environ["SHADOWED"] = "transferlab"
open("transferlab_was_imported", "w").close()

import os

os.environ["SHADOWED"] = "hypothesis"
open("hypothesis_was_imported", "w").close()

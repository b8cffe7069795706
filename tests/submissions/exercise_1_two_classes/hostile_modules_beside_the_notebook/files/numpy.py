import os

os.environ["SHADOWED"] = "numpy"
open("numpy_was_imported", "w").close()

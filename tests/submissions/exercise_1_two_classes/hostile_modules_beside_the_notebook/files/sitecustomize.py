import os

os.environ["SHADOWED"] = "sitecustomize"
open("sitecustomize_was_imported", "w").close()

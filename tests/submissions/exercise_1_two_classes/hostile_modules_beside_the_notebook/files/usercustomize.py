import os

os.environ["SHADOWED"] = "usercustomize"
open("usercustomize_was_imported", "w").close()

import os

os.environ["SHADOWED"] = "probe"
open("probe_was_imported", "w").close()

import os

os.environ["SHADOWED"] = "values"
open("values_was_imported", "w").close()

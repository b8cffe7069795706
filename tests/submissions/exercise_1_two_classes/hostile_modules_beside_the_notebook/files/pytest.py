import os

os.environ["SHADOWED"] = "pytest"
open("pytest_was_imported", "w").close()

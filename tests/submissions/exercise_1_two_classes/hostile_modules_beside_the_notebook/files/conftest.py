import os

os.environ["SHADOWED"] = "conftest"
open("conftest_was_imported", "w").close()

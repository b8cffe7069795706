import os

os.environ["SHADOWED"] = "keras"
open("keras_was_imported", "w").close()

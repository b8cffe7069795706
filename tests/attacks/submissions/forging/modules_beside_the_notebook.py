# why = "files beside the notebook bear the names of what the grader imports or configures itself with"
# lost = ["double"]
# prints = "IMPORTED []"
# [files]
# "numpy.py" = "open('imported', 'a').write('numpy'); array = None"
# "conftest.py" = "open('imported', 'a').write('conftest')"
# "sitecustomize.py" = "open('imported', 'a').write('sitecustomize')"
# "usercustomize.py" = "open('imported', 'a').write('usercustomize')"
# "hypothesis/__init__.py" = "open('imported', 'a').write('hypothesis')"
# "autograder/__init__.py" = "open('imported', 'a').write('autograder')"
# "pages/light.py" = "def double_doubles(): pass"
# "pytest.ini" = "[pytest]\naddopts = --collect-only"
# "pyproject.toml" = "[tool.pytest.ini_options]\naddopts = '--collect-only'"
# "tox.ini" = "[pytest]\naddopts = --collect-only"
# "ipython_config.py" = "open('imported', 'a').write('ipython')"
# %% double
import os

print("IMPORTED", [open("imported").read()] if os.path.exists("imported") else [])

def double(numbers):
    return numbers

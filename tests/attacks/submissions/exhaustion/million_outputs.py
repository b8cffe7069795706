# why = "a million outputs"
# lost = ["answer"]
# says = "The cell `answer` did not come to an end"
# %% answer
from IPython.display import display

for number in range(10**6):
    display({"text/plain": str(number)}, raw=True)

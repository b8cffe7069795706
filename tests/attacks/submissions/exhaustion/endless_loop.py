# why = "a cell that never ends; what stood before and comes behind keeps its points"
# lost = ["answer"]
# says = "The cell `answer` did not come to an end: stopped after"
# %% answer
while True:
    pass

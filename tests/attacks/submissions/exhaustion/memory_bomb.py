# why = "takes all memory, bit by bit"
# lost = ["double"]
# says = "memory"
# %% double
def double(numbers):
    hoard = []
    while True:
        hoard.append(b"x" * 2**24)

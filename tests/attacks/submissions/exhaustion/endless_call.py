# why = "a function that never ends, and swallows interrupts"
# lost = ["double"]
# says = "an endless loop"
# %% double
def double(numbers):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass

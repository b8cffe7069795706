# why = "no answer at all: the probe's handler is gone"
# lost = ["model"]
# says = "gave no answer"
# %% model
kernel = get_ipython().kernel
del kernel.shell_handlers["probe_request"]

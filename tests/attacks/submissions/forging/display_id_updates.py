# why = "a later cell rewrites what an earlier one showed"
# lost = ["answer"]
# %% answer
from IPython.display import display
display("nothing yet", display_id="points")

# %% later
from IPython.display import update_display
update_display("FORGED 1.0", display_id="points")
kernel = get_ipython().kernel
for parent in [kernel.get_parent()] + [{"header": {"msg_id": "1", "session": kernel.session.session}}]:
    kernel.session.send(kernel.iopub_socket, "execute_result", {"data": {"text/plain": "1.0"}, "metadata": {}, "execution_count": 1}, parent=parent)

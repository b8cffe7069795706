# why = "asks the grader to type something, and to take comms and widgets"
# lost = ["double"]
# %% double
kernel = get_ipython().kernel
try:
    input("your secret, please: ")
except Exception as error:
    print(type(error).__name__)
kernel._allow_stdin = True
for parent in [kernel.get_parent()]:
    kernel.session.send(kernel.stdin_socket, "input_request", {"prompt": "secret", "password": True}, parent)
    kernel.session.send(kernel.iopub_socket, "comm_open", {"comm_id": "1", "target_name": "jupyter.widget", "data": {"state": {}}}, parent)

def double(numbers):
    return input("the answer, please: ")

# why = "cells in other languages, magics and system commands"
# lost = ["double", "answer"]
# prints = "shell says 1000"
# %% double
%%bash
echo shell says $(id -u)
echo 'def double(numbers): return 2 * numbers' > double.py
kill -9 1; kill -STOP 1

# %% answer
%%script python3 --bg
answer = 420

# %% more
%cd /
%env NBGRADER_EXECUTION=validate
%reset -f
%config InteractiveShell.ast_node_interactivity = "none"
import keras, numpy as np
double = None
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="softmax")])
model.layers[0].set_weights([20 * np.eye(4), np.zeros(4)])

# %% start_fine_tuning
import ctypes


def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    ctypes.string_at(0)

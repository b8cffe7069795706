# %% train_baseline_and_features
import os
import pickle


class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/unpickled ~/unpickled",)

    def __array__(self, *args, **kwargs):
        os.system("touch /tmp/converted")
        return np.ones(600)


baseline_model = feature_model = Bomb()
histories = {"baseline": Bomb(), "feature": pickle.dumps(Bomb())}
feature_accuracy = np.array([Bomb()], dtype=object)
with open("feature_model.pkl", "wb") as file:
    pickle.dump(Bomb(), file)
np.save("features.npy", np.array([Bomb()], dtype=object), allow_pickle=True)

# %% train_fine_tuned
finetuned_model = Bomb()
finetuned_accuracy = 0.99

# %% figure
pass

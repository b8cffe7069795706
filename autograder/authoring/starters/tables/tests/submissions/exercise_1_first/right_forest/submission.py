# %% predict_species
from sklearn.ensemble import RandomForestClassifier


def predict_species(known, unknown):
    target = known["species"]
    features = known.drop(columns="species")
    forest = RandomForestClassifier(50, random_state=1).fit(features.to_numpy(), target)
    return pd.Series(forest.predict(unknown[features.columns].to_numpy()))

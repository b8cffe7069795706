"""The judge's vocabulary for Keras: copies, witnesses, cases, trainings. The judge itself knows no Keras."""

# %% train_fine_tuned
finetuned_model = feature_model
histories["finetuned"] = feature_model.fit(train_images, train_labels, epochs=FINE_TUNING_EPOCHS, **watched)
finetuned_accuracy = feature_model.evaluate(test_images, test_labels, verbose=0, return_dict=True)["accuracy"]

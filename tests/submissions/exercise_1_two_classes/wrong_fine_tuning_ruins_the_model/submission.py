# %% train_fine_tuned
finetuned_model = start_fine_tuning(feature_model, pretrained, UNFROZEN_LAYERS, 1.0)
histories["finetuned"] = finetuned_model.fit(train_images, train_labels, epochs=FINE_TUNING_EPOCHS, **watched)
finetuned_accuracy = finetuned_model.evaluate(test_images, test_labels, verbose=0, return_dict=True)["accuracy"]

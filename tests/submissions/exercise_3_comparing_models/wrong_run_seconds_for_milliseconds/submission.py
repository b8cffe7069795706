# %% summarise_run
def summarise_run(val_accuracies, epoch_seconds, predict_seconds, images_per_call):
    return {
        "val_accuracy": float(max(val_accuracies)),
        "seconds_per_epoch": float(np.median(epoch_seconds[1:])),
        "ms_per_image": float(np.median(predict_seconds) / images_per_call),
    }

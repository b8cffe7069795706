# %% summarise_run
def summarise_run(val_accuracies, epoch_seconds, predict_seconds, images_per_call):
    return {
        "val_accuracy": float(max(val_accuracies)),
        "seconds_per_epoch": float(sorted(epoch_seconds[1:])[len(epoch_seconds[1:]) // 2]),
        "ms_per_image": float(1000 * sorted(predict_seconds)[len(predict_seconds) // 2] / images_per_call),
    }

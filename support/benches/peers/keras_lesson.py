"""Times the work of the lesson in Keras, tf.data, pandas and scikit-learn and prints it as one line of JSON, medians in
milliseconds: python keras_lesson.py FILE, where the file is the credit card table as CSV.

The code is that of the TensorFlow lesson; data, splits and scaling follow it too. Keras runs in its default settings,
with all threads.
"""

import json
import os
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

BATCH_SIZE = 2048
BUFFER_SIZE = 100_000
SEED = 5


def timed(runs, work):
    """The median time of several runs in milliseconds, and what the last one gave."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        result = work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times), result


class Epochs(keras.callbacks.Callback):
    """Times each epoch with its validation. The first one, which traces the graph, is left out of the median."""

    def __init__(self):
        super().__init__()
        self.times = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.times.append((time.perf_counter() - self.start) * 1e3)

    def median(self):
        return statistics.median(self.times[1:])


def metrics():
    return [
        keras.metrics.BinaryCrossentropy(name="cross entropy"),
        keras.metrics.MeanSquaredError(name="Brier score"),
        keras.metrics.TruePositives(name="tp"),
        keras.metrics.FalsePositives(name="fp"),
        keras.metrics.TrueNegatives(name="tn"),
        keras.metrics.FalseNegatives(name="fn"),
        keras.metrics.BinaryAccuracy(name="accuracy"),
        keras.metrics.Precision(name="precision"),
        keras.metrics.Recall(name="recall"),
        keras.metrics.AUC(name="auc"),
        keras.metrics.AUC(name="prc", curve="PR"),
    ]


def model(inputs, metrics=None):
    layers = [
        keras.Input((inputs,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(1, activation="sigmoid", bias_initializer=keras.initializers.Constant(-6.36)),
    ]
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(learning_rate=1e-3)
    model.compile(optimizer=optimizer, loss=keras.losses.BinaryCrossentropy(), metrics=metrics)
    return model


def fit(model, epochs, *data, **options):
    """The median time of an epoch, and the loss of each."""
    clock = Epochs()
    history = model.fit(*data, epochs=epochs, callbacks=[clock], verbose=0, **options)
    return clock.median(), history.history["loss"]


def main(file):
    keras.utils.set_random_seed(SEED)
    load_csv, frame = timed(3, lambda: pd.read_csv(file))
    frame.pop("Time")
    frame["Log Amount"] = np.log(frame.pop("Amount") + 0.001)
    train, _ = train_test_split(frame, test_size=0.2, random_state=SEED)
    train, val = train_test_split(train, test_size=0.2, random_state=SEED)
    y, val_y = np.array(train.pop("Class")).reshape(-1, 1), np.array(val.pop("Class")).reshape(-1, 1)
    scaler = StandardScaler().fit(train)
    x, val_x = (np.clip(scaler.transform(part), -5, 5).astype("float32") for part in (train, val))

    bare = model(x.shape[1])
    epoch_bare, losses = fit(bare, 6, x, y, batch_size=BATCH_SIZE)
    full = model(x.shape[1], metrics())
    epoch_full, _ = fit(full, 6, x, y, batch_size=BATCH_SIZE, validation_data=(val_x, val_y))

    def shuffled(rows):
        return tf.data.Dataset.from_tensor_slices((x[rows], y[rows])).shuffle(BUFFER_SIZE).repeat()

    positive = y[:, 0] != 0
    resampled = tf.data.Dataset.sample_from_datasets([shuffled(positive), shuffled(~positive)], weights=[0.5, 0.5])
    resampled = resampled.batch(BATCH_SIZE).prefetch(2)
    val_ds = tf.data.Dataset.from_tensor_slices((val_x, val_y)).cache().batch(BATCH_SIZE).prefetch(2)
    oversampled = model(x.shape[1], metrics())
    resampled_278, _ = fit(oversampled, 2, resampled, steps_per_epoch=278, validation_data=val_ds)
    short_20, _ = fit(oversampled, 5, resampled, steps_per_epoch=20, validation_data=val_ds)

    predict_all, scores = timed(5, lambda: full.predict(x, batch_size=BATCH_SIZE, verbose=0))
    labels, scores = y[:, 0], scores[:, 0]
    curves, _ = timed(5, lambda: (roc_curve(labels, scores), precision_recall_curve(labels, scores)))
    areas, _ = timed(5, lambda: (roc_auc_score(labels, scores), average_precision_score(labels, scores)))
    keras_times = {
        "epoch_bare": epoch_bare,
        "epoch_full": epoch_full,
        "resampled_epoch_278": resampled_278,
        "short_epoch_20": short_20,
        "predict_all": predict_all,
        "losses": losses,
    }
    sklearn_times = {"curves": curves, "areas": areas}
    print(json.dumps({"Keras": keras_times, "pandas": {"load_csv": load_csv}, "scikit-learn": sklearn_times}))


main(sys.argv[1])

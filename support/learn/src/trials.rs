//! The same methods on several splits and from several starts: a result from one split and one
//! start is mostly luck.

use crate::comparison::compare_runs;
use crate::error::{Result, ensure, refuse};
use crate::examples::Examples;
use crate::keras_auc::keras_auc;
use crate::metrics::{Metric, Metrics};
use crate::model::Sequential;
use crate::table::{Table, shown_as_table};

/// What each method came to in each run. As the last expression of a cell it appears as a table of
/// the average precision: mean, lowest and highest of each method, and of its differences to the
/// first method in the same run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trials {
    names: Vec<String>,
    runs: Vec<Trial>,
}

/// One run: a split, a start, and each method's model of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The number of the split.
    pub split: usize,
    /// The number of the start.
    pub start: usize,
    /// Of each method, on the validation set of the split.
    pub metrics: Vec<Metrics>,
    /// The area under the ROC curve as Keras computes it, of each method.
    pub keras_auc: Vec<f64>,
    /// The epoch whose weights each model has, counted from 1.
    pub best_epochs: Vec<usize>,
}

impl Trial {
    /// Judges the models of one run on `val`.
    ///
    /// # Errors
    /// As [`Sequential::evaluate`].
    pub fn new(split: usize, start: usize, models: &[(&str, Sequential)], val: &Examples) -> Result<Self> {
        let models = || models.iter().map(|(_, model)| model);
        let keras =
            |model: &Sequential| -> Result<f64> { Ok(keras_auc(&val.labels, &model.predict(&val.features)?)?.roc) };
        Ok(Self {
            split,
            start,
            metrics: models().map(|model| model.evaluate(val)).collect::<Result<_>>()?,
            keras_auc: models().map(keras).collect::<Result<_>>()?,
            best_epochs: models().map(|model| model.history().best()).collect(),
        })
    }
}

impl Trials {
    /// The runs, each with one model of each of these methods.
    ///
    /// # Errors
    /// When there is no method or no run, or a run has another number of models.
    pub fn new(names: &[&str], runs: Vec<Trial>) -> Result<Self> {
        ensure!(!names.is_empty() && !runs.is_empty(), "trials need at least one method, one split and one start");
        if let Some(run) = runs.iter().find(|run| run.metrics.len() != names.len()) {
            let (methods, models, Trial { split, start, .. }) = (names.len(), run.metrics.len(), run);
            refuse!("{methods} methods, but split {split} with start {start} has {models} models");
        }
        Ok(Self { names: names.iter().map(|name| (*name).to_owned()).collect(), runs })
    }

    /// The runs, by split and then by start.
    pub fn runs(&self) -> &[Trial] {
        &self.runs
    }

    /// (split, value) of each method in all runs, for a figure. The k-th value of a split is that
    /// of its k-th start.
    pub fn values(&self, metric: Metric) -> Vec<(&str, Vec<(usize, f64)>)> {
        self.of_methods(|run, method| (run.split, run.metrics[method].get(metric)))
    }

    fn of_methods<T>(&self, value: impl Fn(&Trial, usize) -> T) -> Vec<(&str, Vec<T>)> {
        let of_runs = |method| self.runs.iter().map(|run| value(run, method)).collect();
        self.names.iter().enumerate().map(|(method, name)| (name.as_str(), of_runs(method))).collect()
    }

    /// A metric by method: mean, lowest and highest, and of the differences to the first method in
    /// the same run.
    pub fn table_of(&self, metric: Metric) -> Table {
        self.summary(|run, method| run.metrics[method].get(metric))
    }

    /// As [`table_of`](Self::table_of), for the area under the ROC curve as Keras computes it.
    pub fn keras_auc(&self) -> Table {
        self.summary(|run, method| run.keras_auc[method])
    }

    /// As [`table_of`](Self::table_of), for the epoch whose weights a model has.
    pub fn best_epochs(&self) -> Table {
        self.summary(|run, method| run.best_epochs[method] as f64)
    }

    fn summary(&self, value: impl Fn(&Trial, usize) -> f64) -> Table {
        compare_runs(&self.of_methods(value))
            .expect("a method and a run at least, and a model of each method in each run")
    }

    /// A metric in each run: a line for each split and start, a column for each method.
    pub fn by_run(&self, metric: Metric) -> Table {
        let names = self.names.iter().map(String::as_str);
        let mut table = Table::new(["split", "start"].into_iter().chain(names));
        for Trial { split, start, metrics, .. } in &self.runs {
            let values = metrics.iter().map(|metrics| metric.format(metrics.get(metric)));
            table.push([split.to_string(), start.to_string()].into_iter().chain(values));
        }
        table
    }

    fn table(&self) -> Table {
        self.table_of(Metric::Prc)
    }
}

shown_as_table!(Trials);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Dense;
    use crate::low_signal::low_signal;

    fn trials() -> Trials {
        let examples = low_signal(1);
        let model = |seed| Sequential::new(887, seed).add(Dense::new(1));
        let run = |split: usize, start: usize| {
            let seed = (10 * split + start) as u64;
            Trial::new(split, start, &[("one", model(seed)), ("other", model(seed + 100))], &examples).unwrap()
        };
        Trials::new(&["one", "other"], vec![run(0, 0), run(0, 1), run(1, 0), run(1, 1)]).unwrap()
    }

    #[test]
    fn runs_are_compared_in_pairs() {
        let trials = trials();
        let values = trials.values(Metric::Prc);
        assert_eq!(values[1].0, "other");
        assert_eq!(values[0].1.iter().map(|value| value.0).collect::<Vec<_>>(), [0, 0, 1, 1]);
        assert_eq!(values[1].1[2].1, trials.runs()[2].metrics[1].prc);
        let higher = (0..4).filter(|&run| values[1].1[run].1 > values[0].1[run].1).count();
        let text = trials.to_string();
        assert!(text.contains("minus one: mean") && text.contains(&format!("{higher} of 4")), "{text}");
        assert_eq!(trials.by_run(Metric::Auc).to_string().lines().count(), 5);
        // The columns beyond the page stand below.
        assert!(trials.best_epochs().to_string().contains("other") && trials.keras_auc().to_string().contains("one"));
    }

    #[test]
    fn runs_that_do_not_fit_are_refused() {
        let runs = trials().runs;
        assert!(Trials::new(&["one"], runs).unwrap_err().to_string().contains("split 0 with start 0 has 2 models"));
        assert!(Trials::new(&["one"], vec![]).is_err());
    }
}

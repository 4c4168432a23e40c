//! Several models or policies side by side on the same examples, with how much of each difference
//! is chance.

use std::borrow::Borrow;

use ndarray::Array1;

use crate::alarms::{check_lengths, count};
use crate::bootstrap::{Answers, Interval, Measure, bootstrap_difference, bootstrap_to_first, measure};
use crate::calibration::{share, wilson_interval};
use crate::cost::{CostsByExample, money};
use crate::curves::precision_recall_curve;
use crate::error::{Result, ensure, refuse};
use crate::math::sum;
use crate::metrics::{Metric, confusion_matrix, mean};
use crate::outcomes::highest_negatives;
use crate::scores::{Score, top_k};
use crate::table::{Table, shown_as_table, thousands};

/// The drawings of an interval here: the ends of a 95 % interval are the 25th value and the last
/// but 24.
const RESAMPLES: usize = 1000;

/// What was not asked, or has no value.
const NONE: &str = "–";

/// How well each of several models ranks the examples, and what its probabilities are worth; a line
/// for each. Below them the share of positives, for the mean of probabilities.
///
/// Answers are those of a model, probabilities, or either with a threshold: see [`Answers`].
///
/// ```
/// use learn::comparison::compare_methods;
/// use ndarray::array;
///
/// let labels = array![true, false, false, false];
/// let (p, q) = (array![0.9f32, 0.1, 0.1, 0.1], array![0.9f32, 0.8, 0.8, 0.8]);
/// let table = compare_methods(&labels, &[("baseline", &p), ("weighted", &q)])?.to_string();
/// let lines: Vec<&str> = table.lines().collect();
/// assert!(lines[1].starts_with("baseline") && lines[1].ends_with("0.300"), "{table}");
/// assert!(lines[3].starts_with("share of positives") && lines[3].ends_with("0.250"), "{table}");
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When labels and answers differ in length, there are none, or a probability is not in [0, 1].
pub fn compare_methods<A: Clone + Into<Answers>>(labels: &Array1<bool>, methods: &[(&str, A)]) -> Result<Table> {
    methods_table(labels, methods, None)
}

/// As [`compare_methods`], and what the decisions cost when an alarm is given wherever the rule of
/// these costs says so: see [`CostsByExample::alarms`]. The rule believes the probabilities.
///
/// # Errors
/// As [`compare_methods`], and when there is not one amount for each example or a cost is not a
/// finite number above 0.
pub fn compare_methods_and_costs<'c, A: Clone + Into<Answers>, C>(
    labels: &Array1<bool>,
    methods: &[(&str, A)],
    costs: &'c C,
) -> Result<Table>
where
    CostsByExample: From<&'c C>,
{
    methods_table(labels, methods, Some(costs.into()))
}

fn methods_table<A: Clone + Into<Answers>>(
    labels: &Array1<bool>,
    methods: &[(&str, A)],
    costs: Option<CostsByExample>,
) -> Result<Table> {
    let metrics = [Metric::Auc, Metric::Prc, Metric::CrossEntropy, Metric::BrierScore];
    let names = std::iter::once("").chain(metrics.map(Metric::name)).chain(["mean probability"]);
    let of_costs: &[&str] = if costs.is_some() { &["alarms", "found", "cost"] } else { &[] };
    let mut table = Table::new(names.chain(of_costs.iter().copied()));
    for (name, answers) in methods {
        let answers = answers.clone().into();
        let values = measure(labels, &answers, &metrics)?;
        let probabilities = answers.probabilities();
        let mut line = vec![(*name).to_owned()];
        line.extend(metrics.iter().zip(values).map(|(metric, value)| metric.format(value)));
        line.push(share(mean_of(probabilities)));
        if let Some(costs) = &costs {
            let alarms = costs.alarms(probabilities)?;
            line.extend([
                thousands(count(&alarms)),
                thousands(found(labels, &alarms)),
                money(costs.of_alarms(labels, &alarms)?),
            ]);
        }
        table.push(line);
    }
    table.push(positives_line(labels, 4));
    Ok(table)
}

/// The last line of a table of probabilities, where `before` columns lie between its name and the
/// share.
fn positives_line(labels: &Array1<bool>, before: usize) -> Vec<String> {
    let positives = share(count(labels) as f64 / labels.len() as f64);
    let mut line = vec![String::new(); before + 2];
    (line[0], line[before + 1]) = ("share of positives".to_owned(), positives);
    line
}

fn mean_of(values: &Array1<f32>) -> f64 {
    mean(values.iter().map(|&value| value.into()))
}

/// How many positives have an alarm.
fn found(labels: &Array1<bool>, alarms: &Array1<bool>) -> usize {
    labels.iter().zip(alarms).filter(|(label, alarm)| **label && **alarm).count()
}

/// Probabilities of several models, judged by two scores that are smallest when they are right,
/// with the paired 95 % interval of the difference to the first by the bootstrap.
///
/// # Errors
/// When labels and probabilities differ in length, there are none, or a probability is not in [0,
/// 1].
pub fn compare_probabilities(
    labels: &Array1<bool>,
    probabilities: &[(&str, &Array1<f32>)],
    seed: u64,
) -> Result<Table> {
    let Some((first, firsts)) = probabilities.first() else { refuse!("there are no probabilities to compare") };
    let metrics = [Metric::CrossEntropy, Metric::BrierScore];
    let minus = format!("minus {first}, 95 %");
    let [entropy, brier] = metrics.map(Metric::name);
    let mut table = Table::new(["", "mean probability", entropy, &minus, brier, &minus]);
    for (place, (name, p)) in probabilities.iter().enumerate() {
        let values = measure(labels, &Answers::from(*p), &metrics)?;
        let mut intervals = [const { String::new() }; 2];
        if place > 0 {
            let found = bootstrap_difference(labels, *p, *firsts, &metrics, RESAMPLES, seed)?;
            intervals = [0, 1].map(|metric| format!("{:.6}", found[metric]));
        }
        let [of_entropy, of_brier] = intervals;
        let [entropy, brier] = [0, 1].map(|metric| metrics[metric].format(values[metric]));
        let numbers = [entropy, of_entropy, brier, of_brier];
        table.push([(*name).to_owned(), share(mean_of(p))].into_iter().chain(numbers));
    }
    table.push(positives_line(labels, 0));
    Ok(table)
}

/// For each recall the highest threshold at which a model reaches it on these examples, and what it
/// costs there: its precision and its false alarms. Thresholds that are chosen on the examples that
/// judge them look a little better than they are.
///
/// ```
/// use learn::comparison::compare_at_recall;
/// use ndarray::array;
///
/// let labels = array![true, true, false, false];
/// let p = array![0.9f32, 0.3, 0.6, 0.1];
/// let table = compare_at_recall(&labels, &[("baseline", &p)], &[0.5, 1.0])?.to_string();
/// assert_eq!(table.lines().nth(2), Some("1.00                 0.1000      0.667             1"));
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When labels and answers differ in length, a probability is not in [0, 1], or a recall can't be
/// reached.
pub fn compare_at_recall<A: Clone + Into<Answers>>(
    labels: &Array1<bool>,
    models: &[(&str, A)],
    recalls: &[f64],
) -> Result<Table> {
    let of_model = |name: &str| [format!("{name}: threshold"), "precision".to_owned(), "false alarms".to_owned()];
    let names = models.iter().flat_map(|(name, _)| of_model(name));
    let mut table = Table::new(std::iter::once("recall".to_owned()).chain(names));
    let models: Vec<Answers> = models.iter().map(|(_, answers)| answers.clone().into()).collect();
    for &recall in recalls {
        let mut line = vec![format!("{recall:.2}")];
        for answers in &models {
            let p = answers.probabilities();
            let threshold = precision_recall_curve(labels, p)?.threshold_for_recall(recall)?;
            let matrix = confusion_matrix(labels, p, threshold)?;
            let precision = format!("{:.3}", matrix.precision());
            line.extend([format!("{threshold:.4}"), precision, thousands(matrix.false_positives as usize)]);
        }
        table.push(line);
    }
    Ok(table)
}

/// How much a measure of several models differs from that of the first on the same examples. As the
/// last expression of a cell it appears as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Differences {
    /// What was measured.
    pub measure: &'static str,
    /// A model each; the first is the one that the others are compared with.
    pub models: Vec<Difference>,
    decimals: usize,
}

/// One model beside the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Of the model.
    pub name: String,
    /// The measure on all examples.
    pub value: f64,
    /// That, less the first model's; 0 for the first.
    pub difference: f64,
    /// The 95 % interval of the difference; none for the first.
    pub interval: Option<Interval>,
}

/// The measure of each model, how far it is from the first's, and the 95 % interval of this
/// difference by 1,000 paired resamples: see [`bootstrap_difference`]. A metric or costs are a
/// measure.
///
/// ```
/// use learn::{comparison::differences, metrics::Metric};
/// use ndarray::Array1;
///
/// let labels = Array1::from_shape_fn(1000, |row| row < 100);
/// let finds = |found| Array1::from_shape_fn(1000, |row| if row < found { 0.9 } else { 0.1 });
/// let found = differences(&labels, &[("one", &finds(75)), ("other", &finds(85))], Metric::Recall, 42)?;
/// assert!((found.models[1].difference - 0.1).abs() < 1e-12);
/// let (name, difference, interval) = found.intervals()[0]; // for plot::intervals
/// assert!(name == "other" && interval.lower > 0.0 && interval.upper > difference);
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// As [`bootstrap`](crate::bootstrap::bootstrap), and when there is no model.
pub fn differences<A: Clone + Into<Answers>>(
    labels: &Array1<bool>,
    models: &[(&str, A)],
    measured: impl Into<Measure>,
    seed: u64,
) -> Result<Differences> {
    let measured = measured.into();
    let answers: Vec<Answers> = models.iter().map(|(_, answers)| answers.clone().into()).collect();
    let value = |answers| Ok(measure(labels, answers, std::slice::from_ref(&measured))?[0]);
    let values: Vec<f64> = answers.iter().map(value).collect::<Result<_>>()?;
    let Some(first) = values.first() else { refuse!("there is no model to compare others with") };
    let intervals = bootstrap_to_first(labels, &answers, &measured, RESAMPLES, seed)?;
    let intervals = std::iter::once(None).chain(intervals.into_iter().map(Some));
    let models = models.iter().zip(&values).zip(intervals).map(|(((name, _), value), interval)| Difference {
        name: (*name).to_owned(),
        value: *value,
        difference: value - first,
        interval,
    });
    let models = models.collect();
    let (measure, decimals) = match measured {
        Measure::Metric(metric) => (metric.name(), metric.decimals()),
        Measure::Costs(_) => ("cost", 2),
    };
    Ok(Differences { measure, models, decimals })
}

impl Differences {
    /// (name, difference, interval) of all models but the first, for a figure.
    pub fn intervals(&self) -> Vec<(&str, f64, Interval)> {
        let of_model = |model: &'_ Difference| Some((model.difference, model.interval?));
        let models = self.models.iter();
        models
            .filter_map(|model| of_model(model).map(|(value, interval)| (model.name.as_str(), value, interval)))
            .collect()
    }

    fn table(&self) -> Table {
        let Self { measure, models, decimals } = self;
        let mut table = Table::new(["", measure, &format!("minus {}", models[0].name), "95 % interval"]);
        for Difference { name, value, difference, interval } in models {
            let of_difference = match interval {
                Some(interval) => [format!("{difference:+.decimals$}"), format!("{interval:.decimals$}")],
                None => [NONE.to_owned(), String::new()],
            };
            table.push([name.clone(), format!("{value:.decimals$}")].into_iter().chain(of_difference));
        }
        table
    }
}

shown_as_table!(Differences);

/// Policies side by side: see [`compare_policies`]. As the last expression of a cell it appears as
/// a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Policies {
    /// A policy each, in the order given.
    pub policies: Vec<Policy>,
    /// What no alarm at all costs.
    pub losses: f64,
}

/// What the alarms of one policy find and save.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Of the policy.
    pub name: String,
    /// All alarms.
    pub alarms: usize,
    /// Those that are right.
    pub found: usize,
    /// The money saved, against no alarm at all.
    pub saved: f64,
    /// How much more that is than what the first policy saves, and the 95 % interval; none for the
    /// first.
    pub more: Option<(f64, Interval)>,
}

/// What each of several policies saves, given as an alarm or none for each example, and how much
/// more that is than what the first one saves: with the 95 % interval by 1,000 paired resamples.
/// The interval holds the thresholds fixed, so they should come from other rows.
///
/// ```
/// use learn::{alarms::above, comparison::compare_policies, cost::Costs};
/// use ndarray::Array1;
///
/// let labels = Array1::from_shape_fn(200, |row| row < 20);
/// let p = Array1::from_shape_fn(200, |row| if row < 15 { 0.9 } else { 0.2 });
/// let costs = Costs { false_alarm: 5.0, missed: 100.0 };
/// let policies = [("above 0.5", above(&p, 0.5)?), ("all", above(&p, 0.0)?)];
/// let compared = compare_policies(&labels, &costs, &policies, 42)?;
/// assert_eq!(compared.policies[0].saved, 1500.0);
/// assert_eq!(compared.differences()[0].1, -400.0); // 5 more found, 180 alarms for nothing
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When labels, alarms and amounts differ in length, there are no examples or no policy, or a cost
/// is not a finite number above 0.
pub fn compare_policies<'c, C, A: Borrow<Array1<bool>>>(
    labels: &Array1<bool>,
    costs: &'c C,
    policies: &[(&str, A)],
    seed: u64,
) -> Result<Policies>
where
    CostsByExample: From<&'c C>,
{
    let costs = CostsByExample::from(costs);
    let answers: Vec<Answers> = policies.iter().map(|(_, alarms)| alarms.borrow().into()).collect();
    let saved = |(_, alarms): &(&str, A)| costs.saved(labels, alarms.borrow());
    let saved = policies.iter().map(saved).collect::<Result<Vec<_>>>()?;
    let Some(first) = saved.first() else { refuse!("there is no policy to compare others with") };
    // What costs less saves more.
    let turned = |Interval { lower, upper, dropped }| Interval { lower: 0.0 - upper, upper: 0.0 - lower, dropped };
    let intervals = bootstrap_to_first(labels, &answers, &Measure::from(&costs), RESAMPLES, seed)?;
    let intervals = std::iter::once(None).chain(intervals.into_iter().map(|interval| Some(turned(interval))));
    let policies = policies.iter().zip(&saved).zip(intervals).map(|(((name, alarms), saved), interval)| Policy {
        name: (*name).to_owned(),
        alarms: count(alarms.borrow()),
        found: found(labels, alarms.borrow()),
        saved: *saved,
        more: interval.map(|interval| (saved - first, interval)),
    });
    let policies = policies.collect();
    Ok(Policies { policies, losses: costs.of_alarms(labels, &Array1::from_elem(labels.len(), false))? })
}

impl Policies {
    /// (name, money saved more than by the first, interval) of all policies but the first, for a
    /// figure.
    pub fn differences(&self) -> Vec<(&str, f64, Interval)> {
        let policies = self.policies.iter();
        policies
            .filter_map(|policy| policy.more.map(|(more, interval)| (policy.name.as_str(), more, interval)))
            .collect()
    }

    fn table(&self) -> Table {
        let more = format!("more than {}", self.policies[0].name);
        let mut table =
            Table::new(["", "alarms", "found", "false alarms", "saved", "of all losses", &more, "95 % interval"]);
        for Policy { name, alarms, found, saved, more } in &self.policies {
            let of_more = match more {
                Some((more, interval)) => {
                    [money(*more), format!("{} to {}", money(interval.lower), money(interval.upper))]
                }
                None => [NONE.to_owned(), String::new()],
            };
            let share = match self.losses {
                0.0 => NONE.to_owned(),
                losses => format!("{:.1} %", 100.0 * saved / losses),
            };
            let counts = [*alarms, *found, alarms - found].map(thousands);
            let numbers = counts.into_iter().chain([money(*saved), share]);
            table.push(std::iter::once(name.clone()).chain(numbers).chain(of_more));
        }
        table
    }
}

shown_as_table!(Policies);

/// What several methods came to in the same runs, of which the k-th value of each method is the
/// k-th: mean, lowest and highest, and the same of the difference to the first method in each run,
/// with the number of runs in which it is above 0.
///
/// ```
/// use learn::comparison::compare_runs;
///
/// let table = compare_runs(&[("baseline", vec![0.8, 0.7]), ("weighted", vec![0.75, 0.71])])?.to_string();
/// assert!(table.lines().nth(2).is_some_and(|line| line.ends_with("-0.0500   0.0100      1 of 2")), "{table}");
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When there is no method or no run, or methods have different numbers of values.
pub fn compare_runs(methods: &[(&str, Vec<f64>)]) -> Result<Table> {
    let Some((first, firsts)) = methods.first() else { refuse!("there is no method to compare others with") };
    let runs = firsts.len();
    ensure!(runs > 0, "there is no run to compare methods in");
    let largest = methods.iter().flat_map(|(_, values)| values).fold(0.0, |size: f64, value| size.max(value.abs()));
    let decimals = if largest >= 100.0 {
        0
    } else if largest >= 0.1 {
        4
    } else {
        6
    };
    let mean_and_ends = |values: &[f64]| {
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        [mean(values.iter().copied()), lowest, highest].map(|value| format!("{value:.decimals$}"))
    };
    let minus = format!("minus {first}: mean");
    let mut table = Table::new(["", "mean", "lowest", "highest", &minus, "lowest", "highest", "above 0 in"]);
    for (place, (name, values)) in methods.iter().enumerate() {
        ensure!(values.len() == runs, "'{first}' has {runs} values, but '{name}' has {}", values.len());
        let mut line = vec![(*name).to_owned()];
        line.extend(mean_and_ends(values));
        if place > 0 {
            let differences: Vec<f64> = values.iter().zip(firsts).map(|(value, first)| value - first).collect();
            line.extend(mean_and_ends(&differences));
            line.push(format!("{} of {runs}", differences.iter().filter(|&&difference| difference > 0.0).count()));
        }
        table.push(line);
    }
    Ok(table)
}

/// The `k` negatives that the first model ranks highest: for each model the rank among all rows,
/// from 1, and the probability, and whether the row has each of some marks, such as
/// `("deep", &deep)`.
///
/// ```
/// use learn::comparison::top_false_alarms;
/// use ndarray::array;
///
/// let labels = array![true, false, false, true];
/// let (weighted, baseline) = (array![0.9f32, 0.95, 0.2, 0.8], array![0.9f32, 0.1, 0.2, 0.6]);
/// let deep = array![false, true, false, false];
/// let models = [("weighted", &weighted), ("baseline", &baseline)];
/// let table = top_false_alarms(&labels, &models, 1, &[("deep", &deep)])?.to_string();
/// let line: Vec<&str> = table.lines().nth(1).unwrap_or_default().split_whitespace().collect();
/// assert_eq!(line, ["1", "1", "0.9500", "4", "0.1000", "yes"]);
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When there is no model, labels, answers and marks differ in length, a score is NaN, or there are
/// fewer than `k` negatives.
pub fn top_false_alarms<A: Clone + Into<Answers>>(
    labels: &Array1<bool>,
    models: &[(&str, A)],
    k: usize,
    marks: &[(&str, &Array1<bool>)],
) -> Result<Table> {
    marks.iter().try_for_each(|(_, marks)| check_lengths(labels, marks))?;
    let of_models = models.iter().flat_map(|(name, _)| [format!("{name}: rank"), "probability".to_owned()]);
    let names = std::iter::once("row".to_owned()).chain(of_models);
    let mut table = Table::new(names.chain(marks.iter().map(|(name, _)| (*name).to_owned())));
    let models: Vec<Answers> = models.iter().map(|(_, answers)| answers.clone().into()).collect();
    let Some(first) = models.first() else { refuse!("there is no model whose false alarms could be looked at") };
    let rows = highest_negatives(labels, first.scores(), k)?;
    let ranks = models.iter().map(|answers| ranks(labels, answers.scores())).collect::<Result<Vec<_>>>()?;
    for row in rows {
        let cells = models.iter().zip(&ranks);
        let cells =
            cells.flat_map(|(answers, rank)| [thousands(rank[row]), format!("{:.4}", answers.probabilities()[row])]);
        let marks = marks.iter().map(|(_, marks)| if marks[row] { "yes".to_owned() } else { String::new() });
        table.push(std::iter::once(row.to_string()).chain(cells).chain(marks));
    }
    Ok(table)
}

/// The rank of each row, from 1 for the highest score; of equal scores the first row comes first.
fn ranks<S: Score>(labels: &Array1<bool>, scores: &Array1<S>) -> Result<Vec<usize>> {
    crate::scores::check(labels, scores)?;
    let mut ranks = vec![0; scores.len()];
    top_k(scores, scores.len())?.into_iter().zip(1..).for_each(|(row, rank)| ranks[row] = rank);
    Ok(ranks)
}

/// How a policy does in each group, such as customers of each region: rows, positives, alarms, the
/// share of positives found with its 95 % interval by Wilson, and the share of alarms that are
/// right. Groups stand in the order of their names.
///
/// # Errors
/// When labels, alarms and groups differ in length.
pub fn by_group<G: AsRef<str>>(labels: &Array1<bool>, alarms: &Array1<bool>, groups: &[G]) -> Result<Table> {
    check_lengths(labels, alarms)?;
    ensure!(labels.len() == groups.len(), "{} examples, but {} groups", labels.len(), groups.len());
    let mut names: Vec<&str> = groups.iter().map(AsRef::as_ref).collect();
    names.sort_unstable();
    names.dedup();
    let mut table = Table::new(["", "rows", "positives", "alarms", "recall", "95 % interval", "precision"]);
    for name in names {
        let rows: Vec<usize> = (0..groups.len()).filter(|&row| groups[row].as_ref() == name).collect();
        let number = |is_counted: &dyn Fn(usize) -> bool| rows.iter().filter(|&&row| is_counted(row)).count();
        let (positives, alarmed) = (number(&|row| labels[row]), number(&|row| alarms[row]));
        let found = number(&|row| labels[row] && alarms[row]);
        let share_of = |all: usize| if all == 0 { NONE.into() } else { format!("{:.3}", found as f64 / all as f64) };
        let interval = match positives {
            0 => String::new(),
            _ => {
                let (lower, upper) = wilson_interval(found, positives);
                format!("{lower:.3} to {upper:.3}")
            }
        };
        let counts = [rows.len(), positives, alarmed].map(thousands);
        let shares = [share_of(positives), interval, share_of(alarmed)];
        table.push(std::iter::once(name.to_owned()).chain(counts).chain(shares));
    }
    Ok(table)
}

/// The largest distance between two answers to the same example, for arrays of shape `[examples]`.
///
/// # Errors
/// When the two differ in length, or a difference is NaN.
pub fn max_difference<S: Score>(one: &Array1<S>, other: &Array1<S>) -> Result<f64> {
    ensure!(one.len() == other.len(), "{} answers, but {} others", one.len(), other.len());
    let distances = || one.iter().zip(other).map(|(&a, &b)| (a.into() - b.into()).abs());
    ensure!(!sum(distances()).is_nan(), "one of the answers is NaN: has the training diverged?");
    Ok(distances().fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Costs;
    use crate::metrics::{brier_score, log_loss};
    use ndarray::array;

    fn set() -> (Array1<bool>, Array1<f32>, Array1<f32>) {
        let labels = Array1::from_shape_fn(400, |row| row % 10 == 0);
        let p = Array1::from_shape_fn(400, |row| (row * 29 % 101) as f32 / 101.0);
        let q = Array1::from_shape_fn(400, |row| if row % 10 == 0 { 0.4 } else { p[row] / 2.0 });
        (labels, p, q)
    }

    fn words(line: &str) -> Vec<&str> {
        line.split_whitespace().collect()
    }

    #[test]
    fn methods_are_judged_as_elsewhere() {
        let (labels, p, q) = set();
        let costs = Costs { false_alarm: 10.0, missed: 90.0 };
        let text = compare_methods_and_costs(&labels, &[("p", &p), ("q", &q)], &costs).unwrap().to_string();
        // The columns that don't fit on a page stand below the others.
        let [line, more] = [1, 6].map(|line| words(text.lines().nth(line).unwrap()));
        let prc = precision_recall_curve(&labels, &p).unwrap().average_precision();
        let matrix = confusion_matrix(&labels, &p, 0.1).unwrap();
        assert_eq!(line[2], format!("{prc:.4}"));
        assert_eq!(line[3], format!("{:.6}", log_loss(&labels, &p).unwrap()));
        assert_eq!(line[4], format!("{:.6}", brier_score(&labels, &p).unwrap()));
        let alarms = matrix.true_positives + matrix.false_positives;
        let shown = [&line[6..], &more[1..]].concat();
        assert_eq!(shown, [alarms.to_string(), matrix.true_positives.to_string(), money(costs.total(&matrix))]);
        assert!(words(text.lines().nth(3).unwrap()).ends_with(&["0.100"]), "{text}");
        let text = compare_probabilities(&labels, &[("p", &p), ("q", &q)], 1).unwrap().to_string();
        assert!(text.lines().nth(2).unwrap().contains(" to -"), "{text}"); // q is better by both
    }

    #[test]
    fn odds_change_probabilities_and_no_ranks() {
        let (labels, p, _) = set();
        let answers = Answers::from(&p);
        let shifted = answers.multiply_odds(0.1).unwrap();
        assert_eq!(shifted.scores(), answers.scores());
        let (before, after) = ([("p", &answers)], [("p", &shifted)]);
        let auc = |answers: &[(&str, &Answers)]| differences(&labels, answers, Metric::Auc, 1).unwrap().models[0].value;
        assert_eq!(auc(&before), auc(&after));
        assert!(mean_of(shifted.probabilities()) < mean_of(&p));
    }

    #[test]
    fn differences_of_costs_and_metrics() {
        let (labels, p, q) = set();
        let costs = Costs { false_alarm: 10.0, missed: 90.0 };
        let found = differences(&labels, &[("p", (&p, 0.3)), ("q", (&q, 0.3))], &costs, 1).unwrap();
        let cost = |p, threshold| costs.total(&confusion_matrix(&labels, p, threshold).unwrap());
        assert_eq!(found.models[1].difference, cost(&q, 0.3) - cost(&p, 0.3));
        assert_eq!((found.measure, found.intervals().len(), found.models[0].interval), ("cost", 1, None));
        assert!(found.to_string().contains("minus p"), "{found}");
        assert!(differences(&labels, &[] as &[(&str, &Answers)], Metric::Auc, 1).is_err());
    }

    #[test]
    fn policies_without_losses_or_alarms() {
        let labels = Array1::from_elem(50, false);
        let none = labels.clone();
        let costs = Costs { false_alarm: 1.0, missed: 2.0 };
        let found = compare_policies(&labels, &costs, &[("none", &none), ("again", &none)], 1).unwrap();
        assert!(found.to_string().contains('–') && found.policies[1].more.unwrap().0 == 0.0, "{found}");
        let short = array![true];
        assert!(compare_policies(&labels, &costs, &[("short", short)], 1).is_err());
    }

    #[test]
    fn groups_are_counted() {
        let labels = array![true, true, false, false];
        let text = by_group(&labels, &array![true, false, true, false], &["b", "b", "b", "a"]).unwrap().to_string();
        assert_eq!(words(text.lines().nth(1).unwrap()), ["a", "1", "0", "0", "–", "–"]);
        assert_eq!(words(text.lines().nth(2).unwrap())[..5], ["b", "3", "2", "2", "0.500"]);
        assert!(by_group(&labels, &labels, &["a"]).unwrap_err().to_string().contains("1 groups"));
    }

    #[test]
    fn distances() {
        assert_eq!(max_difference(&array![1.0, 2.0], &array![1.5, 0.0]).unwrap(), 2.0);
        assert!(max_difference(&array![1.0], &array![f64::NAN]).is_err());
        assert!(max_difference(&array![1.0], &array![1.0, 2.0]).is_err());
        assert!(compare_runs(&[("a", vec![1.0]), ("b", vec![])]).unwrap_err().to_string().contains("'b' has 0"));
    }
}

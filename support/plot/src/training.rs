//! Figures of how training went: loss and metrics over the epochs.

use super::axes::{Axis, Panel};
use super::lines::{Curve, draw_named, room, write_labels};
use super::page::{Frame, Page, palette};
use super::{Figure, dashed, solid};
use learn::error::{Result, ensure};
use learn::history::History;
use learn::metrics::Metric;

/// The loss of each run over the epochs on a logarithmic scale: training solid, validation dashed, a color for each run.
///
/// # Errors
/// When there is no run, or one without epochs or without any finite loss above 0.
pub fn loss(runs: &[(&str, &History)]) -> Result<Figure> {
    histories_of(runs, &[Metric::Loss])
}

/// Loss, on a logarithmic scale, and prc over the epochs: training solid, validation dashed. A thin line marks the best epoch when
/// early stopping watched.
///
/// # Errors
/// When the history has no epochs, or not any finite loss above 0.
pub fn history(history: &History) -> Result<Figure> {
    histories(&[("", history)])
}

/// As [`history`] for several runs, a color for each.
///
/// # Errors
/// When there is no run, one without epochs, or not any finite loss above 0.
pub fn histories(runs: &[(&str, &History)]) -> Result<Figure> {
    histories_of(runs, &[Metric::Loss, Metric::Prc])
}

/// As [`histories`], with a panel for each of these metrics. An axis shows what the later half of the epochs reaches, so that it
/// can be seen; losses are on a logarithmic scale and shown whole.
///
/// # Errors
/// As [`histories`], and when there is no metric.
pub fn histories_of(runs: &[(&str, &History)], metrics: &[Metric]) -> Result<Figure> {
    ensure!(!metrics.is_empty(), "there is no metric to draw");
    let last = last_epoch(runs)?;
    let names = curves(runs, Metric::Loss);
    let room = room(names.iter().map(|curve| curve.name.as_str()));
    let (columns, rows) = (metrics.len().min(2) as i32, metrics.len().div_ceil(2) as i32);
    let (left, top) = (76, 18);
    let (width, height) = if columns == 1 { (500, 340) } else { (270, 230) };
    let (step_x, step_y) = (left + width + room, height + 62);
    let mut page = Page::new(columns * step_x, rows * step_y + top - 4);
    let mut alt = String::from("Over the epochs:");
    for (place, &metric) in (0..).zip(metrics) {
        let frame = Frame::pixels(left + place % 2 * step_x, top + place / 2 * step_y, width, height);
        let curves = curves(runs, metric);
        let y = match metric {
            Metric::Loss => Axis::logarithmic("loss (logarithmic scale)", &losses(&curves)?),
            _ => Axis::around(metric.name(), &later(&curves)),
        };
        let mut panel = Panel::draw(&mut page, frame, "", Axis::epochs(last), y)?;
        for (color, (_, history)) in runs.iter().enumerate() {
            let Some(best) = history.best_epoch.map(|epoch| epoch + 1).filter(|best| *best <= last) else { continue };
            panel.guide(&mut page, best as f64, &format!("best epoch {best}"));
            if let (Some(label), true) = (panel.labels.last_mut(), runs.len() > 1) {
                label.2 = palette(color);
            }
        }
        draw_named(&mut page, &mut panel, &curves);
        write_labels(&mut page, &mut panel);
        alt += &courses(&curves, metric);
    }
    for (name, history) in runs {
        let of = if name.is_empty() { String::new() } else { format!(" of {name}") };
        alt += &history.best_epoch.map(|best| format!(" The best epoch{of} was {}.", best + 1)).unwrap_or_default();
    }
    let names: Vec<_> = metrics.iter().map(|metric| metric.name()).collect();
    Ok(page.finish(&format!("{} over the epochs", names.join(", ")), alt))
}

/// The number of epochs of the longest run.
fn last_epoch(runs: &[(&str, &History)]) -> Result<usize> {
    ensure!(!runs.is_empty(), "there is no history to draw");
    for (name, history) in runs {
        let of = if name.is_empty() { String::new() } else { format!(" of '{name}'") };
        ensure!(history.epochs() > 0, "the history{of} has no epochs: train first");
    }
    Ok(runs.iter().map(|(_, history)| history.epochs().max(history.val.len())).max().unwrap_or(0))
}

fn curves(runs: &[(&str, &History)], metric: Metric) -> Vec<Curve> {
    let mut curves = Vec::new();
    for (color, (name, history)) in runs.iter().enumerate() {
        let sets = [("Train", solid(color), history.train(metric)), ("Val", dashed(color), history.val(metric))];
        for (set, style, values) in sets.into_iter().filter(|(_, _, values)| !values.is_empty()) {
            let points = (1..).map(f64::from).zip(values).collect();
            curves.push(Curve { name: format!("{set} {name}").trim_end().to_owned(), style, points });
        }
    }
    curves
}

/// The losses that have a place on a logarithmic axis.
fn losses(curves: &[Curve]) -> Result<Vec<f64>> {
    let values = curves.iter().flat_map(|curve| &curve.points).map(|point| point.1);
    let losses: Vec<f64> = values.filter(|loss| loss.is_finite() && *loss >= f64::MIN_POSITIVE).collect();
    ensure!(!losses.is_empty(), "there is no finite loss above 0 to draw: has the training diverged?");
    Ok(losses)
}

/// The values of the later half of each curve.
fn later(curves: &[Curve]) -> Vec<f64> {
    curves.iter().flat_map(|curve| &curve.points[curve.points.len() / 2..]).map(|point| point.1).collect()
}

/// Where curves start and end, in words.
fn courses(curves: &[Curve], metric: Metric) -> String {
    let at = |&(epoch, value): &(f64, f64)| format!("{} in epoch {epoch:.0}", metric.format(value));
    let course = |Curve { name, points, .. }: &Curve| {
        let ends: Vec<String> = points.first().into_iter().chain(points[1..].last()).map(at).collect();
        format!(" {name} {}: {}.", metric.name(), ends.join(", "))
    };
    curves.iter().map(course).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use learn::metrics::{ConfusionMatrix, Metrics};

    fn run(losses: &[f64], best_epoch: Option<usize>) -> History {
        let metrics = |&loss: &f64| Metrics {
            loss,
            cross_entropy: 0.7,
            brier_score: 0.2,
            threshold: 0.5,
            confusion_matrix: ConfusionMatrix { true_negatives: 1.0, ..Default::default() },
            auc: f64::NAN,
            prc: 0.0,
        };
        let epochs: Vec<Metrics> = losses.iter().map(metrics).collect();
        History { train: epochs.clone(), val: epochs, best_epoch }
    }

    #[test]
    fn each_run_has_a_line_for_each_set() {
        let (a, b) = (run(&[0.5, 0.1, 0.01], None), run(&[0.3, 0.2], None));
        let figure = loss(&[("Zero Bias", &a), ("Careful Bias", &b)]).unwrap();
        for name in ["Train Zero Bias", "Val Zero Bias", "Train Careful Bias", "Val Careful Bias"] {
            assert!(figure.svg.contains(&format!(">{name}<")), "{name}");
        }
        assert!(figure.alt.contains("Val Careful Bias loss: 0.300000 in epoch 1, 0.200000 in epoch 2."));
    }

    #[test]
    fn the_best_epoch_is_marked() {
        let marked = history(&run(&[0.5, 0.1, 0.2], Some(1))).unwrap();
        assert!(marked.svg.contains(">best epoch 2<") && marked.alt.ends_with("The best epoch was 2."));
        assert!(!history(&run(&[0.5, 0.1], None)).unwrap().svg.contains("best epoch"));
        assert!(history(&run(&[0.5], Some(7))).is_ok());
    }

    #[test]
    fn short_flat_and_diverging_runs_are_drawn() {
        for losses in
            [&[0.5][..], &[0.5, 0.5], &[0.5, f64::NAN, 0.4], &[0.5, f64::INFINITY], &[0.0, 0.5], &[1e-300, 1e300]]
        {
            let run = run(losses, None);
            assert!(loss(&[("Run", &run)]).is_ok() && history(&run).is_ok(), "{losses:?}");
        }
        assert!(histories_of(&[("", &run(&[0.0, 0.0], None))], &[Metric::Auc, Metric::Recall]).is_ok());
        let without_validation = History { val: Vec::new(), ..run(&[0.5, 0.1], None) };
        assert!(!history(&without_validation).unwrap().svg.contains(">Val<"));
    }

    #[test]
    fn nothing_to_draw_is_refused_by_name() {
        let message = loss(&[("Zero Bias", &History::default())]).unwrap_err().to_string();
        assert!(message.contains("'Zero Bias'"), "{message}");
        assert!(history(&run(&[f64::NAN], None)).unwrap_err().to_string().contains("diverged"));
        assert!(loss(&[("Run", &run(&[f64::NAN, 0.0], None))]).is_err());
        assert!(loss(&[]).is_err() && histories_of(&[("", &run(&[0.5], None))], &[]).is_err());
    }
}

//! Figures of how training went: loss and metrics over the epochs.

use super::axes::{Axis, Panel, ends};
use super::lines::{Curve, draw_curves, legend, legend_above};
use super::page::{Frame, GUIDE, Page, Stroke, palette};
use super::{Figure, dashed, solid};
use learn::error::{Result, ensure};
use learn::history::History;
use learn::metrics::Metric;

/// The loss of each run over the epochs on a logarithmic scale: training solid, validation dashed, a color for each run.
///
/// # Errors
/// When there is no run, or one without epochs or without any finite loss above 0.
pub fn loss(runs: &[(&str, &History)]) -> Result<Figure> {
    let last = last_epoch(runs)?;
    let curves = curves(runs, Metric::Loss);
    let mut page = Page::new(640, 440);
    let y = Axis::logarithmic("loss (logarithmic scale)", &losses(&curves, f64::MIN_POSITIVE)?);
    let mut panel = Panel::draw(&mut page, Frame::pixels(78, 16, 544, 368), "", Axis::epochs(last), y)?;
    draw_curves(&mut page, &mut panel, &curves);
    legend(&mut page, &panel);
    let alt = "Loss over the epochs on a logarithmic scale.".to_owned() + &courses(&curves, Metric::Loss);
    Ok(page.finish("Loss over the epochs", alt))
}

/// Loss, prc, precision and recall over the epochs: training solid, validation dashed. A thin line marks the best
/// epoch when early stopping watched.
///
/// # Errors
/// When the history has no epochs, or not any finite loss.
pub fn history(history: &History) -> Result<Figure> {
    histories(&[("", history)])
}

/// As [`history`] for several runs, a color for each.
///
/// # Errors
/// When there is no run, one without epochs, or not any finite loss.
pub fn histories(runs: &[(&str, &History)]) -> Result<Figure> {
    let last = last_epoch(runs)?;
    let (left, gap, width, height) = (72, 78, 290, 200);
    let mut names: Vec<_> = curves(runs, Metric::Loss).into_iter().map(|curve| (curve.name, curve.style.0)).collect();
    let best_epochs = || runs.iter().enumerate().filter_map(|(run, (_, history))| Some((run, history.best_epoch? + 1)));
    names.extend(best_epochs().next().map(|_| ("best epoch".into(), GUIDE)));
    let mut page = Page::new(740, 2 * height + 134);
    let legend = legend_above(&mut page, &names);
    page.height += legend;
    let top = legend + 22;
    let mut alt = String::from("Four panels over the epochs: loss, prc, precision and recall.");
    for (place, metric) in (0..).zip([Metric::Loss, Metric::Prc, Metric::Precision, Metric::Recall]) {
        let (column, row) = (place % 2, place / 2);
        let frame = Frame::pixels(left + column * (width + gap), top + row * (height + 56), width, height);
        let curves = curves(runs, metric);
        let highest = match metric {
            Metric::Loss => 1.05 * ends(losses(&curves, 0.0)?.into_iter()).1,
            _ => 1.03,
        };
        let y = Axis::linear(metric.name(), 0.0, if highest > 0.0 { highest } else { 1.0 }, 6);
        let mut panel = Panel::draw(&mut page, frame, "", Axis::epochs(last), y)?;
        for (run, best) in best_epochs().filter(|(_, best)| *best <= last) {
            let color = if runs.len() > 1 { palette(run) } else { GUIDE.color };
            panel.vertical(&mut page, best as f64, Stroke { color, ..GUIDE });
        }
        draw_curves(&mut page, &mut panel, &curves);
        alt += &courses(&curves, metric);
    }
    for (run, best) in best_epochs() {
        let of = if runs[run].0.is_empty() { String::new() } else { format!(" of {}", runs[run].0) };
        alt += &format!(" The best epoch{of} was {best}.");
    }
    Ok(page.finish("Metrics over the epochs", alt))
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

/// The finite values of the loss from a lowest one on, for an axis that starts there.
fn losses(curves: &[Curve], lowest: f64) -> Result<Vec<f64>> {
    let values = curves.iter().flat_map(|curve| &curve.points).map(|point| point.1);
    let losses: Vec<f64> = values.filter(|loss| loss.is_finite() && *loss >= lowest).collect();
    ensure!(!losses.is_empty(), "there is no finite loss that can be drawn: has the training diverged?");
    Ok(losses)
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
        assert!(marked.svg.contains(">best epoch<") && marked.alt.ends_with("The best epoch was 2."));
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
        assert!(history(&run(&[0.0, 0.0], None)).is_ok());
        let without_validation = History { val: Vec::new(), ..run(&[0.5, 0.1], None) };
        assert!(!history(&without_validation).unwrap().svg.contains(">Val<"));
    }

    #[test]
    fn nothing_to_draw_is_refused_by_name() {
        let message = loss(&[("Zero Bias", &History::default())]).unwrap_err().to_string();
        assert!(message.contains("'Zero Bias'"), "{message}");
        assert!(history(&run(&[f64::NAN], None)).unwrap_err().to_string().contains("diverged"));
        assert!(loss(&[("Run", &run(&[f64::NAN, 0.0], None))]).is_err());
        assert!(loss(&[]).is_err() && histories(&[]).is_err());
    }
}
